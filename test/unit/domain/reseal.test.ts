import { describe, expect, test } from 'vitest';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Observation, RetiredKey } from '../../../src/domain/observation.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { untilReseal } from '../../../src/domain/reseal.ts';
import { resealSpacing } from '../../../src/domain/schedule.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import { aConnection, aGrant, aHistory, anObservation, at, held, noon, uid } from '../../support/builders.ts';

const longAgo: RetiredKey = { keyID: 'old', retiredFor: hours(1), records: 100 };
const justNow: RetiredKey = { keyID: 'old', retiredFor: 0, records: 100 };
const resealing = { kind: 'Reseal', because: 'KeyRetired', keyID: 'old' };

describe('a record under a retired key', () => {
  const states: readonly (readonly [string, Partial<Observation>])[] = [
    ['is healthy', {}],
    ['is suspended', { connection: aConnection({}, { suspend: true }) }],
    ['is being deleted', { connection: aConnection({ deleting: true }) }],
    ['has a spec that nobody understands', { connection: aConnection({ spec: { ok: false, problem: 'x.' } }) }],
    ['waits for a sign', { grant: { kind: 'Retained', grant: aGrant(), keyID: 'old' } }],
    ['was put back', { grant: { kind: 'Outdated', grant: aGrant(), keyID: 'old', seen: 9 } }],
    ['has lost its application', { grant: { kind: 'Closed' }, application: { kind: 'Missing', ref: 'shop/pos' } }],
    ['is of another application', { grant: { kind: 'OfAnotherApplication', clientID: 'other' } }],
  ];
  test.each(states)('is sealed anew when its connection %s', (_, fields) => {
    expect(decide(anObservation({ ...fields, retiredKey: longAgo }), at(noon))).toEqual(resealing);
  });

  test('waits for its slot, and for whatever else comes first', () => {
    const before = decide(anObservation(), at(noon));
    const step = decide(anObservation({ retiredKey: justNow }), at(noon));
    const slot = noon + untilReseal(uid, justNow);
    expect(slot).toBeGreaterThan(noon);
    expect(step).toEqual({ ...before, until: slot });
    const verifyFirst = decide(anObservation({ retiredKey: { ...justNow, records: 1e6 } }), at(noon));
    expect(verifyFirst).toEqual(before);
  });

  test.each([
    ['a refresh', { history: aHistory({ proof: { kind: 'Revoked' } }) }, 'Refresh'],
    ['a publication', { tokenSecret: { kind: 'Absent', name: 'bakery' } as const }, 'Publish'],
    ['a verification', { history: aHistory({ proof: { kind: 'None' } }) }, 'Verify'],
  ])('gives way to %s', (_, fields, kind) => {
    expect(decide(anObservation({ ...fields, retiredKey: longAgo }), at(noon)).kind).toBe(kind);
  });

  test('is the same grant afterwards, and nothing else is known anew', () => {
    const o = anObservation({ retiredKey: longAgo, grant: { ...held(), keyID: 'old' } });
    const after = absorb(o, decide(o, at(noon)), { kind: 'Resealed', keyID: 'new' }, at(noon));
    const { retiredKey: _, ...rest } = o;
    expect(after).toEqual({ ...rest, grant: { ...held(), keyID: 'new' } });
    expect(decide(after, at(noon)).kind).toBe('Wait');
    const [was, is] = [o, after].map((one) => summarize(one, readStatus({}), at(noon)));
    expect(is).toEqual({ ...was, sealingKeyID: 'new' });
  });

  test('is under the active key after a new grant was sealed in its place', () => {
    const o = anObservation({ retiredKey: longAgo });
    const fact = { kind: 'Sealed', grant: held({ generation: 4 }), how: 'Refreshed', answers: {} } as const;
    expect(absorb(o, { kind: 'Refresh', because: 'Due' }, fact, at(noon)).retiredKey).toBeUndefined();
  });
});

describe('the slots of a fleet', () => {
  const records = 500;
  const slots = Array.from({ length: records }, (_, i) => untilReseal(`uid-${i}`, { ...justNow, records })).toSorted(
    (a, b) => a - b,
  );

  test('are all within the time that the records take one by one', () => {
    expect(slots[0]).toBeGreaterThanOrEqual(0);
    expect(slots.at(-1)).toBeLessThanOrEqual(records * resealSpacing);
    expect(records * resealSpacing).toBeLessThan(minutes(2));
  });

  test('are no crowd in any second', () => {
    const perSecond = new Map<number, number>();
    for (const slot of slots) {
      const second = Math.floor(slot / seconds(1));
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(20);
  });

  test('are the same for whoever looks', () => {
    expect(untilReseal(uid, justNow)).toBe(untilReseal(uid, justNow));
    expect(untilReseal(uid, { ...justNow, retiredFor: seconds(1) })).toBe(untilReseal(uid, justNow) - seconds(1));
  });
});
