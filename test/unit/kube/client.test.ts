import { afterEach, describe, expect, test } from 'vitest';
import type { KubeClient, KubeError } from '../../../src/kube/client.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { type Dialect, type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';
import { aClient, aStatus, aWidget, until, widgets } from './settings.ts';

let api: FakeApiServer;
let client: KubeClient;
let clock: FakeClock;

async function begin(dialect: Dialect = 'h2') {
  api = await startFakeApiServer(dialect);
  clock = createFakeClock();
  client = aClient(api, clock);
}

afterEach(async () => {
  const closed = client.close();
  api.cut();
  await closed;
  await api.close();
});

const failure = (promise: Promise<unknown>): Promise<KubeError> =>
  promise.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: KubeError) => error,
  );

describe.each<Dialect>(['h2', 'http/1.1 over TLS', 'plain http/1.1'])('over %s', (dialect) => {
  test('an object is read, and one that is not there is undefined', async () => {
    await begin(dialect);
    const there = client.get(widgets, 'default', 'a');
    const first = await api.next();
    expect(first.path).toBe('/apis/example.dev/v1/namespaces/default/widgets/a');
    expect(first.headers).toMatchObject({ authorization: 'Bearer first', 'user-agent': 'square-operator' });
    first.json(200, aWidget('a', 1, 'red'));
    expect(await there).toMatchObject({ spec: { color: 'red' } });

    const missing = client.get(widgets, 'default', 'b');
    (await api.next()).json(404, aStatus(404, 'NotFound', { details: { name: 'b' } }));
    expect(await missing).toBeUndefined();
  });

  test('writes carry body, content type and field manager', async () => {
    await begin(dialect);
    const writes = Promise.all([
      client.create(widgets, aWidget('a', 0, 'red'), { dryRun: true }),
      client.update(widgets, aWidget('a', 1, 'blue')),
      client.mergePatch(widgets, 'default', 'a', { status: { done: true } }, { subresource: 'status' }),
    ]);
    const arrived = [await api.next(), await api.next(), await api.next()].sort((a, b) =>
      a.method < b.method ? 1 : -1,
    );
    expect(arrived.map((r) => `${r.method} ${r.path}?${r.query.toString()} ${r.headers['content-type']}`)).toEqual([
      'PUT /apis/example.dev/v1/namespaces/default/widgets/a?fieldManager=tests application/json',
      'POST /apis/example.dev/v1/namespaces/default/widgets?fieldManager=tests&dryRun=All application/json',
      'PATCH /apis/example.dev/v1/namespaces/default/widgets/a/status?fieldManager=tests application/merge-patch+json',
    ]);
    expect(JSON.parse(arrived[2]?.body ?? '')).toEqual({ status: { done: true } });
    for (const request of arrived) request.json(200, aWidget('a', 2, 'red'));
    await writes;
  });

  test('a stream hands over whole lines and ends when the server ends it', async () => {
    await begin(dialect);
    const lines: string[] = [];
    let opened = 0;
    const ended = client.stream('/watch', {
      signal: new AbortController().signal,
      onOpen: () => opened++,
      onLine: (line) => lines.push(line),
    });
    const watch = await api.next();
    watch.open();
    await until(() => opened === 1);
    watch.raw('one\ntw');
    await until(() => lines.length === 1);
    watch.raw('o ümlaut\nthree\ncut off');
    watch.end();
    await ended;
    expect(lines).toEqual(['one', 'two ümlaut', 'three']);
  });

  test('a stream is ended by its signal', async () => {
    await begin(dialect);
    const controller = new AbortController();
    const ended = client.stream('/watch', { signal: controller.signal, onLine: () => {} });
    const watch = await api.next();
    watch.open();
    controller.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    await until(() => watch.closed);
  });

  test('a connection that breaks under a write: it may have acted', async () => {
    await begin(dialect);
    const write = failure(client.create(widgets, aWidget('a', 0, 'red')));
    await api.next();
    api.cut();
    expect(await write).toMatchObject({ status: 0, reason: 'Unreachable', mayHaveActed: true });
    expect(api.seen).toHaveLength(1);
  });

  test('nobody listens: it has not acted', async () => {
    await begin(dialect);
    await api.deafen();
    const error = await failure(client.create(widgets, aWidget('a', 0, 'red')));
    expect(error).toMatchObject({ status: 0, reason: 'Unreachable', mayHaveActed: false });
    await api.listen();
  });

  test('a 401 is tried once more with fresh credentials', async () => {
    await begin(dialect);
    const reading = failure(client.get(widgets, 'default', 'a'));
    (await api.next()).json(401, aStatus(401, 'Unauthorized'));
    const second = await api.next();
    expect(second.headers['authorization']).toBe('Bearer fresh');
    second.json(401, aStatus(401, 'Unauthorized'));
    expect(await reading).toMatchObject({ status: 401, reason: 'Unauthorized' });
    expect(api.access.refreshed).toBe(1);
  });
});

test('a list is read page by page', async () => {
  await begin();
  const listing = client.list(widgets, { namespace: 'default', labelSelector: 'a=b', limit: 2 });
  const first = await api.next();
  expect(first.query.toString()).toBe('limit=2&labelSelector=a%3Db');
  first.json(200, { metadata: { resourceVersion: '9', continue: 'more' }, items: [aWidget('a', 1, 'red')] });
  const second = await api.next();
  expect(second.query.get('continue')).toBe('more');
  second.json(200, { metadata: { resourceVersion: '9' }, items: [aWidget('b', 2, 'red')] });
  const { items, resourceVersion } = await listing;
  expect([items.map((item) => item.metadata.name), resourceVersion]).toEqual([['a', 'b'], '9']);
});

test('deleting what is gone is fine, deleting another than the one meant is a conflict', async () => {
  await begin();
  const gone = client.delete(widgets, 'default', 'a', { uid: 'u' });
  const request = await api.next();
  expect(JSON.parse(request.body)).toMatchObject({ kind: 'DeleteOptions', preconditions: { uid: 'u' } });
  request.json(404, aStatus(404, 'NotFound', { details: { name: 'a' } }));
  await gone;
  const other = failure(client.delete(widgets, 'default', 'a', { uid: 'u' }));
  (await api.next()).json(409, aStatus(409, 'Conflict'));
  expect(await other).toMatchObject({ status: 409, reason: 'Conflict', mayHaveActed: false });
});

test('a missing resource type is not a missing object', async () => {
  await begin();
  const reading = failure(client.get(widgets, 'default', 'a'));
  (await api.next()).text(404, '404 page not found');
  expect(await reading).toMatchObject({ status: 404, reason: 'NotFound' });
});

test('429 is waited for as long as the server asks, a bounded number of times', async () => {
  await begin();
  const waits: number[] = [];
  const watched = {
    ...clock,
    after: (delay: number, then: () => void) => (waits.push(delay), clock.after(delay, then)),
  };
  await client.close();
  client = aClient(api, watched);
  const writing = failure(client.create(widgets, aWidget('a', 0, 'red')));
  for (let attempt = 1; attempt <= 4; attempt++) {
    (await api.next()).json(429, aStatus(429, 'TooManyRequests'), { 'retry-after': '2' });
    if (attempt === 4) break;
    await until(() => waits.filter((wait) => wait === 2_000).length === attempt);
    await clock.advance(1_999);
    expect(api.seen).toHaveLength(attempt);
    await clock.advance(1);
  }
  expect(await writing).toMatchObject({ status: 429, retryAfter: 2_000, mayHaveActed: false });
});

test('a write is not repeated after 503 or 504: the server may have acted', async () => {
  await begin();
  const writing = failure(client.update(widgets, aWidget('a', 1, 'red')));
  (await api.next()).json(504, aStatus(504, 'Timeout'), { 'retry-after': '1' });
  expect(await writing).toMatchObject({ status: 504, reason: 'Timeout', mayHaveActed: true });
  expect(api.seen).toHaveLength(1);
});

test('no answer in time: it may have acted', async () => {
  await begin();
  const writing = failure(client.create(widgets, aWidget('a', 0, 'red')));
  await api.next();
  await clock.advance(30_000);
  expect(await writing).toMatchObject({ status: 0, reason: 'Unreachable', mayHaveActed: true });
});

test('a stream that the server refused is offered again', async () => {
  await begin();
  const writing = client.create(widgets, aWidget('a', 0, 'red'));
  (await api.next()).reset(7);
  (await api.next()).json(201, aWidget('a', 1, 'red'));
  expect((await writing).metadata.resourceVersion).toBe('1');
});

test('after GOAWAY requests in flight end well and the next one uses a new connection', async () => {
  await begin();
  const first = client.get(widgets, 'default', 'a');
  const request = await api.next();
  api.goaway();
  const second = client.get(widgets, 'default', 'b');
  request.json(200, aWidget('a', 1, 'red'));
  await first;
  (await api.next()).json(200, aWidget('b', 1, 'red'));
  await second;
  const third = client.get(widgets, 'default', 'c');
  (await api.next()).json(200, aWidget('c', 1, 'red'));
  await third;
  expect(api.connections()).toBe(2);
});

test('a thousand requests share one connection, at most a hundred at a time', async () => {
  await begin();
  const all = Promise.all(Array.from({ length: 1_000 }, (_, i) => client.get(widgets, 'default', `w${i}`)));
  let waiting = [];
  for (let i = 0; i < 100; i++) waiting.push(await api.next());
  expect(api.seen).toHaveLength(100);
  for (let i = 100; i < 1_000; i++) {
    waiting.shift()?.json(200, aWidget('a', 1, 'red'));
    waiting.push(await api.next());
  }
  for (const request of waiting) request.json(200, aWidget('a', 1, 'red'));
  waiting = [];
  expect(await all).toHaveLength(1_000);
  expect(api.connections()).toBe(1);
});

test('a connection that no longer answers PING is given up', async () => {
  await begin();
  client = aClient(api, clock, { interval: 15_000, timeout: 10_000 });
  const writing = failure(client.create(widgets, aWidget('a', 0, 'red')));
  await api.next();
  api.freeze();
  await clock.advance(15_000);
  await clock.advance(10_000);
  expect((await writing).message).toContain('PING');
});

test('what the server says about a Secret is not passed on', async () => {
  await begin();
  const canary = 'bXktc2VjcmV0';
  const message = `Secret in version "v1" cannot be handled: found in "...${canary}..."`;
  const secret = { metadata: { name: 's', namespace: 'default' }, data: { a: canary } };
  const cases = [
    [400, { message }],
    [422, { message, details: { causes: [{ field: 'data[a b]', message }] } }],
    [403, { message: `admission webhook "x" denied the request: ${canary}` }],
  ] as const;
  const errors: KubeError[] = [];
  for (const [status, more] of cases) {
    const writing = failure(client.create(secrets, secret));
    (await api.next()).json(status, aStatus(status, 'Whatever', more));
    errors.push(await writing);
  }
  expect(errors.map((error) => error.message)).toEqual([
    'POST /api/v1/namespaces/default/secrets: 400 Whatever',
    'POST /api/v1/namespaces/default/secrets: 422 Whatever: wrong: data[a b]',
    'POST /api/v1/namespaces/default/secrets: 403 Whatever: admission webhook "x" denied the request',
  ]);
});
