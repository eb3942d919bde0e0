import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { type Budget, createBudget, type RateLimit, type Reserve } from '../../../src/controller/budget.ts';
import { createFakeClock } from '../../support/clock.ts';

function stage(limit: RateLimit = { requestsPerSecond: 1, burst: 2 }) {
  const clock = createFakeClock();
  const woken: string[] = [];
  const given = { limit };
  const budget = createBudget({ clock, limit: () => given.limit, wake: (key) => woken.push(key) });
  return { clock, woken, budget, given };
}

/** A reserve for somebody whom nobody stands before. */
function admitted(budget: Budget, key = 'first', calls = 1): Reserve {
  const reserve = budget.admit(key, calls, 0);
  if (reserve === undefined) throw new Error(`${key} was not admitted`);
  return reserve;
}

describe('a budget', () => {
  it('lets a burst through at once, and the rest one after the other as calls come back', async () => {
    const { budget, clock, woken } = stage();
    expect(['a', 'b', 'c', 'd'].map((key) => budget.admit(key, 1, 0)?.left)).toEqual([1, 1, undefined, undefined]);
    await clock.advance(seconds(1));
    expect(woken).toEqual(['c']);
    await clock.advance(seconds(1));
    expect(woken).toEqual(['c', 'd']);
    expect(budget.admit('c', 1, 0)?.left).toBe(1);
    expect(budget.admit('e', 1, 0)).toBeUndefined();
  });

  it('wakes the most urgent first, and lets nobody past those who wait', async () => {
    const { budget, clock, woken } = stage({ requestsPerSecond: 1, burst: 1 });
    admitted(budget);
    for (const [key, urgency] of Object.entries({ routine: 9, dying: 3, person: -2, late: 9 })) {
      expect(budget.admit(key, 1, urgency), key).toBeUndefined();
    }
    for (let i = 0; i < 4; i++) {
      await clock.advance(seconds(1));
      const last = woken.at(-1) ?? '';
      expect(budget.admit(last, 1, 0)).toBeDefined();
    }
    expect(woken).toEqual(['person', 'dying', 'routine', 'late']);
  });

  it('sets no more aside than a burst, so that whoever needs more is served too', () => {
    const { budget } = stage({ requestsPerSecond: 1, burst: 2 });
    expect(admitted(budget, 'a', 4).left).toBe(2);
  });

  it('gives back what was not used, and what was set aside for one who did not come', async () => {
    const { budget, clock, woken } = stage({ requestsPerSecond: 1, burst: 2 });
    const reserve = admitted(budget, 'a', 2);
    for (const key of ['b', 'c']) budget.admit(key, 1, 0);
    budget.leave('a', reserve);
    expect(woken).toEqual(['b', 'c']);
    expect(budget.leave('b', undefined)).toBe(false);
    expect(admitted(budget, 'd').left).toBe(1);
    expect(clock.timers()).toBe(0);
    expect(budget.admit('e', 1, 0)).toBeUndefined();
    expect(budget.leave('e', undefined), 'it waits').toBe(true);
    await clock.advance(seconds(1));
    expect(woken.at(-1)).toBe('e');
  });

  it('makes a call beyond the reserve wait, and refuses one that would wait too long', async () => {
    const { budget, clock } = stage({ requestsPerSecond: 1, burst: 1 });
    const reserve = admitted(budget);
    const waits = Array.from({ length: 8 }, () => budget.take(reserve, seconds(5)));
    expect(waits).toEqual([0, 1, 2, 3, 4, 5, undefined, undefined].map((wait) => wait && seconds(wait)));
    budget.takeNow(reserve);
    await clock.advance(seconds(5));
    expect(budget.take(reserve, 0)).toBeUndefined();
    await clock.advance(seconds(2));
    expect(budget.take(reserve, 0)).toBe(0);
  });

  it('follows another limit at once', async () => {
    const { budget, clock, given } = stage({ requestsPerSecond: 1, burst: 1 });
    admitted(budget);
    given.limit = { requestsPerSecond: 100, burst: 50 };
    await clock.advance(seconds(1));
    expect(Array.from({ length: 60 }, (_, i) => budget.admit(`k${i}`, 1, 0)).filter(Boolean)).toHaveLength(50);
  });

  it('takes back what it has set aside when Square answers 429, and sends nothing for as long as Square says', async () => {
    const { budget, clock, woken } = stage({ requestsPerSecond: 10, burst: 10 });
    const [before, another] = [admitted(budget, 'a', 2), admitted(budget, 'b', 2)];
    budget.tooMany(clock.monotonic(), minutes(10));
    expect([budget.holds(before), budget.holds(another)]).toEqual([false, false]);
    expect([budget.rate(), budget.take(before, seconds(5))]).toEqual([0, undefined]);
    expect(budget.leave('a', before)).toBe(false);
    expect(budget.admit('c', 1, 0)).toBeUndefined();
    await clock.advance(minutes(10));
    expect(woken).toEqual([]);
    await clock.advance(seconds(1));
    expect(woken).toEqual(['c']);
    expect(budget.rate()).toBeCloseTo(5, 1);
    expect(budget.recoversIn()).toBeGreaterThan(minutes(4));
    await clock.advance(minutes(5));
    expect([budget.rate(), budget.recoversIn()]).toEqual([10, 0]);
  });

  it('lets nobody wait when the lease is lost', async () => {
    const { budget, clock, woken } = stage({ requestsPerSecond: 1, burst: 1 });
    admitted(budget);
    for (const key of ['a', 'b']) budget.admit(key, 1, 0);
    budget.clear();
    expect([budget.waiting, clock.timers()]).toEqual([0, 0]);
    await clock.advance(minutes(1));
    expect(woken).toEqual([]);
  });

  it('never sends more than its burst and its rate in any span of time, and serves everybody', async () => {
    const limits = fc.record({
      requestsPerSecond: fc.integer({ min: 1, max: 20 }),
      burst: fc.integer({ min: 1, max: 20 }),
    });
    const wishes = fc.array(fc.record({ calls: fc.integer({ min: 1, max: 4 }), urgency: fc.nat(3) }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(limits, wishes, async (limit, all) => {
        const clock = createFakeClock();
        // Whoever is woken comes at once.
        const wake = (key: string) => queueMicrotask(() => pass(key));
        const budget = createBudget({ clock, limit: () => limit, wake });
        const sent: number[] = [];
        const pass = (key: string) => {
          const { calls, urgency } = all[Number(key)] ?? { calls: 1, urgency: 0 };
          const reserve = budget.admit(key, calls, urgency);
          if (reserve === undefined) return;
          for (let i = 0; i < calls; i++)
            sent.push(clock.monotonic() + (budget.take(reserve, minutes(60)) ?? Number.NaN));
          budget.leave(key, reserve);
        };
        for (const key of all.keys()) pass(String(key));
        await clock.advance(minutes(3));
        expect(budget.waiting).toBe(0);
        sent.sort((a, b) => a - b);
        expect(sent).toHaveLength(all.reduce((sum, { calls }) => sum + calls, 0));
        for (const [i, from] of sent.entries()) {
          for (const [j, to] of sent.entries()) {
            if (j < i) continue;
            const most = limit.burst + (limit.requestsPerSecond * (to - from)) / 1_000;
            expect(j - i + 1).toBeLessThanOrEqual(most + 0.001);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
