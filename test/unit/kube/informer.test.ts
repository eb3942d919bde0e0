import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, minutes, seconds } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createInformer, type Informer, type InformerState } from '../../../src/kube/informer.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { type FakeApiServer, type Incoming, startFakeApiServer } from './fake-api-server.ts';
import { aBookmark, aClient, aStatus, aWidget, until, widgets } from './settings.ts';

let api: FakeApiServer;
let client: KubeClient;
let clock: FakeClock;
let informer: Informer<string>;
let controller: AbortController;
let stopped: Promise<void>;
let changes: string[];
let states: string[];
let logged: string[];
/** The waits before attempts, as against the time limits of connections, requests and streams. */
let waits: number[];

const line =
  (level: string) =>
  (fields: object, message: string): void => {
    const { remedy } = fields as { remedy?: string };
    logged.push(`${level}: ${message}${remedy ? `: ${remedy}` : ''}`);
  };

function watchedClock(): Clock {
  const limits = [seconds(10), seconds(15)];
  return {
    ...clock,
    after(delay, callback) {
      if (delay < seconds(20) && !limits.includes(delay)) waits.push(delay);
      return clock.after(delay, callback);
    },
  };
}

function follow(keepalive?: { interval: number; timeout: number }) {
  client = aClient(api, clock, keepalive);
  informer = createInformer<string>({
    client,
    resource: widgets,
    labelSelector: 'a=b',
    project: (object) => {
      const color = (object as { spec?: { color?: string } }).spec?.color;
      if (color === undefined) throw new Error('it has no color');
      return color;
    },
    clock: watchedClock(),
    random: () => 0.999,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    onState: ({ healthy, synced }: InformerState) =>
      states.push(`${synced ? 'synced' : ''} ${healthy ? 'healthy' : ''}`),
  });
  informer.onChange(({ key, before, now }) => changes.push(`${key}: ${before ?? '-'} > ${now ?? '-'}`));
  stopped = informer.start(controller.signal);
}

beforeEach(async () => {
  api = await startFakeApiServer();
  clock = createFakeClock();
  controller = new AbortController();
  changes = [];
  states = [];
  logged = [];
  waits = [];
  follow();
});

afterEach(async () => {
  controller.abort();
  await stopped;
  await client.close();
  await api.close();
});

const held = () =>
  Object.fromEntries([...informer.entries()].map(([key, value]) => [key.replace('default/', ''), value]));

/** Answers a streaming list. */
async function listed(version: number, ...objects: object[]): Promise<Incoming> {
  const watch = await api.next();
  expect(Object.fromEntries(watch.query)).toMatchObject({ watch: '1', sendInitialEvents: 'true' });
  watch.open();
  for (const object of objects) watch.event('ADDED', object);
  watch.event('BOOKMARK', aBookmark(version, true));
  return watch;
}

/** The next request must resume the watch from this version. */
async function resumed(version: number): Promise<Incoming> {
  const watch = await api.next();
  expect(Object.fromEntries(watch.query)).toMatchObject({ watch: '1', resourceVersion: String(version) });
  return watch;
}

/** Answers the question for the server's present version, which comes after a failure. */
async function asked(version: number) {
  const probe = await api.next();
  expect(Object.fromEntries(probe.query)).toEqual({ limit: '1', labelSelector: 'a=b' });
  probe.json(200, { kind: 'WidgetList', metadata: { resourceVersion: String(version) }, items: [] });
}

/** Lets the wait before the next attempt pass, once it has begun; returns how long it was. */
async function afterBackoff(): Promise<number> {
  await until(() => waits.length > 0);
  const wait = waits.shift() ?? 0;
  await clock.advance(wait);
  return wait;
}

const bookmarkTaken = async (watch: Incoming, version: number) => {
  const before = informer.lastEvent();
  await clock.advance(1);
  watch.event('BOOKMARK', aBookmark(version));
  await until(() => informer.lastEvent() > before);
};

describe('following', () => {
  test('streaming list, then events, each told once', async () => {
    const watch = await api.next();
    expect(Object.fromEntries(watch.query)).toEqual({
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '599',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      labelSelector: 'a=b',
    });
    watch.open();
    watch.event('ADDED', aWidget('a', 3, 'red'));
    await until(() => informer.size === 1);
    expect([informer.synced(), informer.healthy(), informer.lastEvent()]).toEqual([false, false, clock.wall()]);
    watch.event('BOOKMARK', aBookmark(5, true));
    await informer.whenSynced();
    expect([informer.synced(), informer.healthy()]).toEqual([true, true]);
    watch.event('MODIFIED', aWidget('a', 6, 'blue'));
    watch.event('ADDED', aWidget('b', 7, 'red'));
    watch.event('DELETED', aWidget('a', 8, 'blue'));
    await until(() => changes.length === 4);
    expect(changes).toEqual([
      'default/a: - > red',
      'default/a: red > blue',
      'default/b: - > red',
      'default/a: blue > -',
    ]);
    expect([held(), informer.get('default/b')]).toEqual([{ b: 'red' }, 'red']);
  });

  test('a stream that the server ends is resumed at once from the last bookmark', async () => {
    const watch = await listed(5);
    await bookmarkTaken(watch, 9);
    watch.end();
    await resumed(9);
    expect([informer.healthy(), clock.timers() > 0]).toEqual([true, true]);
  });

  test('a stream that ends again and again is resumed ever more slowly', async () => {
    (await listed(5)).end();
    (await resumed(5)).end();
    const took: number[] = [];
    for (let i = 0; i < 7; i++) {
      took.push(Math.round(await afterBackoff()));
      (await resumed(5)).end();
    }
    expect(took).toEqual([500, 1_000, 1_999, 3_998, 7_996, 14_993, 14_993]);
  });

  test('410 on the stream: a new list tells what was deleted and what was recreated while away', async () => {
    const first = await listed(5, aWidget('a', 1, 'red'), aWidget('b', 2, 'red'), aWidget('c', 3, 'red'));
    await informer.whenSynced();
    changes.length = 0;
    first.event('ERROR', aStatus(410, 'Expired'));
    await listed(50, aWidget('b', 40, 'red', 'another-uid'), aWidget('c', 3, 'red'));
    await until(() => changes.length === 3);
    expect(changes).toEqual(['default/b: red > -', 'default/b: - > red', 'default/a: red > -']);
    expect(informer.healthy()).toBe(true);
  });

  test('410 as the answer to a watch: a new list', async () => {
    (await listed(5)).end();
    (await resumed(5)).json(410, aStatus(410, 'Expired'));
    await afterBackoff();
    await listed(50, aWidget('a', 40, 'red'));
    await until(() => informer.size === 1);
  });

  test('another ERROR event: resumed after a while', async () => {
    (await listed(5)).event('ERROR', aStatus(500, 'InternalError'));
    await until(() => !informer.healthy() && informer.synced());
    await afterBackoff();
    await asked(5);
    (await resumed(5)).open();
    await until(() => informer.healthy());
  });

  test('a line cut off in the middle is not taken in', async () => {
    const watch = await listed(5);
    const event = JSON.stringify({ type: 'ADDED', object: aWidget('a', 6, 'red') });
    watch.raw(event.slice(0, -9));
    watch.end();
    const second = await resumed(5);
    second.open();
    second.raw(`${event}\n`);
    await until(() => informer.size === 1);
    expect(changes).toEqual(['default/a: - > red']);
  });

  test('a line that is no JSON: resumed after a while', async () => {
    (await listed(5)).raw('<html>\n');
    await until(() => informer.synced() && !informer.healthy());
    await afterBackoff();
    await asked(5);
    await resumed(5);
  });
});

describe('trouble', () => {
  test('a connection that breaks, and a server that is away: resumed when it is back', async () => {
    await listed(5, aWidget('a', 1, 'red'));
    await informer.whenSynced();
    await api.deafen();
    await until(() => !informer.healthy());
    for (let i = 0; i < 5; i++) await afterBackoff();
    expect(logged.filter((entry) => entry.startsWith('warn'))).toHaveLength(1);
    await api.listen();
    await afterBackoff();
    await asked(7);
    (await resumed(5)).open();
    await until(() => informer.healthy());
    expect([held(), states]).toEqual([{ a: 'red' }, ['synced healthy', 'synced ', 'synced healthy']]);
  });

  test('a dead connection is noticed within a minute', async () => {
    controller.abort();
    await stopped;
    await client.close();
    const stray = await api.next();
    await until(() => stray.closed);
    controller = new AbortController();
    follow({ interval: seconds(15), timeout: seconds(10) });
    await listed(5);
    await informer.whenSynced();
    api.freeze();
    const frozen = clock.monotonic();
    await clock.advance(seconds(15));
    await clock.advance(seconds(10));
    await until(() => !informer.healthy());
    expect(clock.monotonic() - frozen).toBeLessThanOrEqual(minutes(1));
    await afterBackoff();
    await asked(5);
    await resumed(5);
  });

  test('a silent stream is cut after 150 s and everything listed anew', async () => {
    const watch = await listed(5, aWidget('a', 1, 'red'));
    await bookmarkTaken(watch, 6);
    await clock.advance(seconds(149));
    expect(watch.closed).toBe(false);
    await clock.advance(seconds(1));
    await listed(5, aWidget('a', 1, 'red'));
    await until(() => watch.closed && informer.healthy());
    expect(changes).toEqual(['default/a: - > red']);
  });

  test('a store that was restored, found after a failure: all that is held is replaced', async () => {
    await listed(500, aWidget('a', 400, 'new'), aWidget('b', 450, 'red'));
    await informer.whenSynced();
    changes.length = 0;
    api.cut();
    await until(() => !informer.healthy());
    await afterBackoff();
    await asked(120);
    await listed(120, aWidget('a', 100, 'old'));
    await until(() => changes.length === 2);
    expect([changes, held()]).toEqual([['default/a: new > old', 'default/b: red > -'], { a: 'old' }]);
  });

  test('a store that was restored, found by an event: all that is held is replaced', async () => {
    const watch = await listed(500, aWidget('a', 400, 'new'));
    await informer.whenSynced();
    watch.event('MODIFIED', aWidget('b', 101, 'red'));
    await listed(102, aWidget('a', 100, 'old'), aWidget('b', 101, 'red'));
    await until(() => informer.size === 2);
    expect(held()).toEqual({ a: 'old', b: 'red' });
  });

  test.each([
    [403, 'Forbidden', "allow the operator's service account to list and watch widgets.example.dev in all namespaces"],
    [404, 'NotFound', 'install the CustomResourceDefinition widgets.example.dev, version v1'],
  ])('%i is said with what to do, shows in health, and is tried until it works', async (status, reason, remedy) => {
    for (let i = 0; i < 5; i++) {
      (await api.next()).json(status, aStatus(status, reason));
      await afterBackoff();
    }
    expect(logged).toEqual([`warn: cannot watch: ${remedy}`]);
    expect(informer.healthy()).toBe(false);
    await listed(5, aWidget('a', 1, 'red'));
    await informer.whenSynced();
    expect([informer.healthy(), states]).toEqual([true, [' ', ' ', 'synced healthy']]);
  });

  test('an object that cannot be read is logged and skipped, and not taken for deleted', async () => {
    const watch = await listed(5, { ...aWidget('a', 1, 'x'), spec: {} }, aWidget('b', 2, 'red'));
    watch.event('MODIFIED', { ...aWidget('b', 6, 'x'), spec: {} });
    watch.event('ADDED', aWidget('c', 7, 'red'));
    await until(() => informer.size === 2);
    watch.event('ERROR', aStatus(410, 'Expired'));
    const again = await listed(9, { ...aWidget('b', 6, 'x'), spec: {} }, aWidget('c', 7, 'red'));
    await bookmarkTaken(again, 10);
    expect([held(), logged.filter((entry) => entry.startsWith('error'))]).toEqual([
      { b: 'red', c: 'red' },
      Array.from({ length: 3 }, () => 'error: an object could not be read and is skipped'),
    ]);
  });

  test('a listener that throws stops nothing', async () => {
    informer.onChange(() => {
      throw new Error('broken');
    });
    await listed(5, aWidget('a', 1, 'red'), aWidget('b', 2, 'red'));
    await informer.whenSynced();
    expect(informer.size).toBe(2);
  });

  test('the signal ends it, also in the middle of a wait', async () => {
    (await api.next()).json(500, aStatus(500, 'InternalError'));
    await until(() => states.length === 1);
    controller.abort();
    await stopped;
    expect(api.seen).toHaveLength(1);
  });
});

describe('servers without the streaming list', () => {
  const page = (version: number, more: string | undefined, ...items: object[]) => ({
    metadata: { resourceVersion: String(version), ...(more ? { continue: more } : {}) },
    items,
  });

  test.each([400, 422])('answered with %i: list by pages, then watch', async (status) => {
    (await api.next()).json(status, aStatus(status, 'Invalid'));
    const first = await api.next();
    expect(Object.fromEntries(first.query)).toEqual({ limit: '500', labelSelector: 'a=b' });
    first.json(200, page(5, 'more', aWidget('a', 1, 'red')));
    (await api.next()).json(200, page(5, undefined, aWidget('b', 2, 'red')));
    (await resumed(5)).open();
    await informer.whenSynced();
    expect([held(), informer.healthy()]).toEqual([{ a: 'red', b: 'red' }, true]);
  });

  test('ignored by the server: a plain bookmark, or nothing at all, shows it', async () => {
    const ignorant = await api.next();
    ignorant.open();
    ignorant.event('ADDED', aWidget('a', 1, 'red'));
    ignorant.event('BOOKMARK', aBookmark(4));
    (await api.next()).json(200, page(5, undefined, aWidget('a', 1, 'red')));
    await resumed(5);
    expect(informer.synced()).toBe(true);
  });

  test('ignored by the server, which says nothing more', async () => {
    const ignorant = await api.next();
    ignorant.open();
    ignorant.event('ADDED', aWidget('a', 1, 'red'));
    await until(() => informer.size === 1);
    await clock.advance(seconds(30));
    (await api.next()).json(200, page(5, undefined, aWidget('a', 1, 'red')));
    await resumed(5);
  });

  test('a list that expires between two pages begins anew', async () => {
    (await api.next()).json(422, aStatus(422, 'Invalid'));
    (await api.next()).json(200, page(5, 'more', aWidget('a', 1, 'red')));
    (await api.next()).json(410, aStatus(410, 'Expired'));
    await afterBackoff();
    (await api.next()).json(200, page(9, undefined, aWidget('b', 2, 'red')));
    await resumed(9);
    expect(held()).toEqual({ b: 'red' });
  });
});
