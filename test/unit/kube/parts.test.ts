import { array, assert, boolean, constantFrom, nat, property, record, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoff } from '../../../src/kube/backoff.ts';
import { createDueTimes } from '../../../src/kube/due-times.ts';
import { createLineReader } from '../../../src/kube/lines.ts';
import { apiVersionOf, keyFrom, keyOf, nameOf, pathOf, secrets, splitKey } from '../../../src/kube/resource.ts';
import { isOlder } from '../../../src/kube/versions.ts';
import { createWaitingLine } from '../../../src/kube/waiting-line.ts';
import { widgets } from './settings.ts';

test('however a stream is cut into chunks, its lines are the same', () => {
  const text = string({ unit: constantFrom('a', 'ü', '😀', '\n') });
  assert(
    property(text, array(nat(20)), (whole, cuts) => {
      const bytes = Buffer.from(whole);
      const lines: string[] = [];
      const read = createLineReader((line) => lines.push(line));
      let from = 0;
      for (const cut of cuts) {
        // A view of bytes that are overwritten afterwards, as a socket's buffer may be.
        const chunk = Buffer.from(bytes.subarray(from, from + cut));
        read(chunk);
        from += cut;
      }
      read(bytes.subarray(Math.min(from, bytes.length)));
      expect(lines).toEqual(whole.split('\n').slice(0, -1));
    }),
  );
});

test('due times come out as from a sorted list, whatever was set, replaced and deleted', () => {
  const step = record({ key: constantFrom('a', 'b', 'c', 'd', 'e'), at: nat(50), take: boolean(), drop: boolean() });
  assert(
    property(array(step, { maxLength: 200 }), (steps) => {
      const due = createDueTimes();
      const model = new Map<string, number>();
      const earliest = () => Math.min(...model.values());
      for (const { key, at, take, drop } of steps) {
        if (take) {
          const taken = due.take(at);
          if (taken === undefined) expect(earliest()).toBeGreaterThan(at);
          else {
            expect(model.get(taken)).toBe(earliest());
            model.delete(taken);
          }
        } else if (drop) {
          due.delete(key);
          model.delete(key);
        } else {
          due.set(key, at);
          model.set(key, at);
        }
        expect([due.size, due.next()]).toEqual([model.size, model.size === 0 ? undefined : earliest()]);
      }
    }),
  );
});

test('a waiting line gives out the most urgent first, then who came first, whatever joined and left', () => {
  const step = record({
    key: constantFrom('a', 'b', 'c', 'd', 'e'),
    urgency: nat(3),
    act: constantFrom('join', 'leave', 'next'),
  });
  assert(
    property(array(step, { maxLength: 200 }), (steps) => {
      const line = createWaitingLine();
      const model: { key: string; urgency: number; since: number }[] = [];
      const foremost = () =>
        model.toSorted((a, b) => (a.urgency === b.urgency ? a.since - b.since : a.urgency - b.urgency))[0];
      for (const [now, { key, urgency, act }] of steps.entries()) {
        const known = model.find((one) => one.key === key);
        if (act === 'join') {
          expect(line.join(key, now, urgency)).toBe(known === undefined);
          if (known === undefined) model.push({ key, urgency, since: now });
          else known.urgency = Math.min(known.urgency, urgency);
        } else if (act === 'leave') {
          line.leave(key);
          if (known !== undefined) model.splice(model.indexOf(known), 1);
        } else {
          const first = foremost();
          expect(line.next()).toEqual(first && { key: first.key, since: first.since });
          if (first !== undefined) model.splice(model.indexOf(first), 1);
        }
        expect([line.length, line.first(), line.has(key)]).toEqual([
          model.length,
          foremost()?.key,
          model.some((one) => one.key === key),
        ]);
      }
    }),
  );
});

test('the wait doubles from half a second to 15 s, less up to a half', () => {
  expect([1, 2, 3, 6, 7, 500].map((attempt) => backoff(attempt, () => 1))).toEqual([500, 1e3, 2e3, 15e3, 15e3, 15e3]);
  expect(backoff(3, () => 0)).toBe(1_000);
});

test.each([
  ['9', '10', true],
  ['10', '9', false],
  ['10', '10', false],
  ['184467440737095516150', '184467440737095516151', true],
  ['', '10', false],
  ['a', 'b', false],
])('version %j is older than %j: %j', (a, b, older) => expect(isOlder(a, b)).toBe(older));

describe('names of resources', () => {
  test('paths', () => {
    expect([
      pathOf(secrets),
      pathOf(secrets, 'ns', 'a/b'),
      pathOf(widgets, 'ns', 'a', 'status'),
      pathOf({ ...widgets, namespaced: false }, 'ns', 'a'),
    ]).toEqual([
      '/api/v1/secrets',
      '/api/v1/namespaces/ns/secrets/a%2Fb',
      '/apis/example.dev/v1/namespaces/ns/widgets/a/status',
      '/apis/example.dev/v1/widgets/a',
    ]);
    expect([apiVersionOf(secrets), apiVersionOf(widgets), nameOf(secrets), nameOf(widgets)]).toEqual([
      'v1',
      'example.dev/v1',
      'secrets',
      'widgets.example.dev',
    ]);
  });

  test('keys', () => {
    expect([keyOf({ metadata: { name: 'a', namespace: 'ns' } }), keyOf({ metadata: { name: 'a' } })]).toEqual([
      'ns/a',
      'a',
    ]);
    expect([splitKey('ns/a'), splitKey('a'), keyFrom('ns', 'a')]).toEqual([
      { namespace: 'ns', name: 'a' },
      { name: 'a' },
      'ns/a',
    ]);
  });
});
