import { afterEach, beforeEach, expect, test } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createEventRecorder, type EventNote, type EventRecorder } from '../../../src/kube/events.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';
import { aClient, aStatus, aWidget, widgets } from './settings.ts';

let api: FakeApiServer;
let clock: FakeClock;
let client: KubeClient;
let recorder: EventRecorder;

beforeEach(async () => {
  api = await startFakeApiServer();
  clock = createFakeClock();
  client = aClient(api, clock);
  recorder = createEventRecorder({ client, clock, controller: 'example.dev/operator', instance: 'pod-1' });
});

afterEach(async () => {
  api.cut();
  await client.close();
  await api.close();
});

const aNote = (fields: Partial<EventNote> = {}): EventNote => ({
  about: { resource: widgets, namespace: 'default', name: 'a', uid: 'uid-a' },
  type: 'Warning',
  reason: 'Broken',
  action: 'Mend',
  note: 'it is broken',
  ...fields,
});

/** The next request's body, having stored it. */
async function stored(method: string): Promise<Record<string, unknown>> {
  const request = await api.next();
  expect(`${request.method} ${request.path}`).toMatch(new RegExp(`^${method} /apis/events.k8s.io/v1/namespaces/`));
  request.json(200, aWidget('event', 1, 'red'));
  await recorder.flush();
  return JSON.parse(request.body) as Record<string, unknown>;
}

test('an event is one events.k8s.io/v1 object', async () => {
  recorder.record(aNote());
  const event = await stored('POST');
  expect(event).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'default', name: expect.stringMatching(/^a\.[0-9a-f]{20}$/) },
    eventTime: '2026-01-01T00:00:00.000000Z',
    type: 'Warning',
    reason: 'Broken',
    action: 'Mend',
    note: 'it is broken',
    reportingController: 'example.dev/operator',
    reportingInstance: 'pod-1',
    regarding: { apiVersion: 'example.dev/v1', kind: 'Widget', namespace: 'default', name: 'a', uid: 'uid-a' },
  });
  expect(event).not.toHaveProperty('series');
});

test('names are in the order of the events, also of those of one moment', async () => {
  const names: string[] = [];
  for (const note of ['first', 'second', 'third']) {
    if (note === 'third') await clock.advance(minutes(10));
    recorder.record(aNote({ note }));
    const { metadata } = (await stored('POST')) as { metadata: { name: string } };
    names.push(metadata.name);
  }
  expect(names).toEqual(names.toSorted());
  expect(new Set(names).size).toBe(3);
});

test('repeats are counted on the first one, at most once a minute', async () => {
  recorder.record(aNote());
  await stored('POST');
  for (let i = 0; i < 9; i++) recorder.record(aNote());
  await clock.advance(minutes(1));
  // When it happened last, not when that was sent.
  expect(await stored('PATCH')).toEqual({ series: { count: 10, lastObservedTime: '2026-01-01T00:00:00.000000Z' } });
  await clock.advance(minutes(1));
  recorder.record(aNote());
  expect(await stored('PATCH')).toEqual({ series: { count: 11, lastObservedTime: '2026-01-01T00:02:00.000000Z' } });
  expect(api.seen).toHaveLength(3);
});

test('the last count of quick repeats reaches the API server at a stop, too', async () => {
  recorder.record(aNote());
  await stored('POST');
  recorder.record(aNote());
  const flushed = recorder.flush();
  const request = await api.next();
  expect([request.method, JSON.parse(request.body)]).toMatchObject(['PATCH', { series: { count: 2 } }]);
  request.json(200, aWidget('event', 1, 'red'));
  await flushed;
  await clock.advance(minutes(5));
  await recorder.flush();
  expect(api.seen).toHaveLength(2);
});

test('repeats while the first one is being sent are no events of their own', async () => {
  recorder.record(aNote());
  const first = await api.next();
  for (let i = 0; i < 2; i++) recorder.record(aNote());
  first.json(200, aWidget('event', 1, 'red'));
  const counted = recorder.flush();
  const second = await api.next();
  expect([second.method, JSON.parse(second.body)]).toMatchObject(['PATCH', { series: { count: 3 } }]);
  second.json(200, aWidget('event', 1, 'red'));
  await counted;
  expect(api.seen).toHaveLength(2);
});

test('after 6 quiet minutes it is a new event', async () => {
  recorder.record(aNote());
  await stored('POST');
  await clock.advance(minutes(6));
  recorder.record(aNote());
  expect(await stored('POST')).not.toHaveProperty('series');
});

test('a counted event that is gone is made anew', async () => {
  recorder.record(aNote());
  await stored('POST');
  await clock.advance(minutes(2));
  recorder.record(aNote());
  (await api.next()).json(404, aStatus(404, 'NotFound'));
  await recorder.flush();
  recorder.record(aNote());
  await stored('POST');
  expect(recorder.dropped).toBe(1);
});

test('what has no namespace has its events in default; a long note is cut to what the API server takes', async () => {
  recorder.record(
    aNote({ about: { resource: { ...widgets, namespaced: false }, name: 'a' }, note: 'ü'.repeat(2_000) }),
  );
  const event = await stored('POST');
  expect(event).toMatchObject({ metadata: { namespace: 'default' } });
  const note = String(event['note']);
  expect([Buffer.byteLength(note) <= 1_024, note.endsWith('ü…')]).toEqual([true, true]);
});

test('an API server that is away costs nothing but the events', async () => {
  await api.deafen();
  for (let i = 0; i < 2_000; i++) recorder.record(aNote({ note: `n${i}` }));
  await recorder.flush();
  expect(recorder.dropped).toBe(2_000);
  await api.listen();
  recorder.record(aNote());
  await stored('POST');
});
