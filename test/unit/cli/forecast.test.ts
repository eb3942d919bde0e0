import { describe, expect, test } from 'vitest';
import { budgetOf, durationOf } from '../../../src/cli/expected.ts';
import { forecast, horizon, hourOf, peakOf } from '../../../src/cli/forecast.ts';
import { createScreen } from '../../../src/cli/screen.ts';
import { see } from '../../../src/cli/seen.ts';
import { bar, picture } from '../../../src/cli/verbs/plan.ts';
import { days, hours, minutes } from '../../../src/clock.ts';
import { nextVerifySlot, refreshDueAt } from '../../../src/domain/schedule.ts';
import { anObject, noon, paper, valid } from './fixtures.ts';

const now = noon + minutes(20);
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const only = (...wishes: Parameters<typeof anObject>) => {
  const [first] = forecast(
    wishes.map((wish) => see(anObject(wish))),
    now,
  );
  if (first === undefined) throw new Error('no forecast');
  return first;
};

describe('the forecast', () => {
  test('has a verification in each hour of the coming 7 days, but for slots that have passed', () => {
    const { verifications } = only({ status: valid({ nextRefreshTime: undefined }) });
    expect(verifications).toHaveLength(horizon);
    expect(verifications.slice(1).every((count) => count === 1)).toBe(true);
    const slot = nextVerifySlot({}, 'uid-of-shop-bakery', now);
    expect(verifications[0]).toBe(hourOf(slot) === hourOf(now) ? 1 : 0);
  });

  test('counts by the interval of the connection', () => {
    const { verifications } = only({ spec: { verifyInterval: '24h' }, status: valid() });
    expect(sum(verifications)).toBe(7);
  });

  test('goes on from the next refresh as the operator would', () => {
    const spec = { refreshInterval: '48h' };
    const { refreshes, calls, verifications } = only({
      spec,
      status: valid({ nextRefreshTime: '2026-07-02T06:30:00Z' }),
    });
    const wanted: number[] = [];
    for (let at = Date.UTC(2026, 6, 2, 6, 30); at < hourOf(now) + days(7); ) {
      wanted.push((hourOf(at) - hourOf(now)) / hours(1));
      at = refreshDueAt(spec, { accessToken: { issuedAt: at, expiresAt: at + days(30) } }, 'uid-of-shop-bakery');
    }
    expect(wanted.length).toBeGreaterThan(2);
    expect(refreshes.flatMap((count, hour) => (count > 0 ? [hour] : []))).toEqual(wanted);
    const [hour = 0] = wanted;
    expect(calls[hour]).toBe(2 + (verifications[hour] ?? 0));
    const limited = {
      spec: { ...spec, scopes: ['ORDERS_READ'] },
      status: valid({ nextRefreshTime: '2026-07-02T06:30:00Z' }),
    };
    expect(only(limited).calls[hour]).toBe(3 + (verifications[hour] ?? 0));
  });

  test('what is late is due now, and what is suspended or has no token asks nothing', () => {
    expect(only({ status: valid({ nextRefreshTime: '2026-07-01T11:00:00Z' }) }).refreshes[0]).toBe(1);
    expect(sum(only({ spec: { suspend: true }, status: valid() }).calls)).toBe(0);
    expect(sum(only({ status: {} }).calls)).toBe(0);
  });

  test('is by application, in the order of their names; personal access tokens are their own', () => {
    const found = [
      anObject({ name: 'a', spec: { applicationRef: { name: 'pos', namespace: 'platform' } }, status: valid() }),
      anObject({ name: 'b', status: valid() }),
      anObject({
        name: 'c',
        spec: { applicationRef: undefined, environment: 'Sandbox' },
        status: valid({ nextRefreshTime: undefined }),
      }),
    ];
    expect(forecast(found.map(see), now).map(({ application, connections }) => [application, connections])).toEqual([
      ['', 1],
      ['platform/pos', 1],
      ['shop/pos', 1],
    ]);
  });

  test('knows the busiest hour', () => {
    expect(peakOf({ calls: [1, 4, 2, 4] }, now)).toEqual({ calls: 4, at: '2026-07-01T13:00:00Z' });
  });
});

test('the picture has a letter for each hour, a row for each day, and fits 80 columns', () => {
  expect(bar([0, 1, 4, 8], 8)).toBe('·▂▅█');
  const calls = Array.from({ length: horizon }, (_, hour) => hour % 3);
  const one = { application: 'shop/pos', connections: 3, refreshes: calls.map(() => 1), verifications: calls, calls };
  const screen = createScreen({ stdout: paper(80), stderr: paper(), color: false, env: {} });
  const lines = picture(screen, one, now).split('\n');
  expect(lines).toHaveLength(2 + 8);
  expect(lines[2]).toMatch(/^07-01 {15}[·▅█]{12} {3} +12 calls, 12 refreshes$/u);
  expect(lines[3]).toMatch(/^07-02 {3}[·▅█]{24} {3} +24 calls, 24 refreshes$/u);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(sum(lines.slice(2).map((line) => Number(/(\d+) calls/.exec(line)?.[1])))).toBe(sum(calls));
});

describe('how long a bulk takes', () => {
  const budgets = new Map([
    ['a', { requestsPerSecond: 2, burst: 10 }],
    ['b', { requestsPerSecond: 100, burst: 200 }],
  ]);

  test('is what the slowest application lets through', () => {
    expect(durationOf(new Map([['a', 5]]), budgets, 2)).toBe(0);
    expect(
      durationOf(
        new Map([
          ['a', 15],
          ['b', 100],
        ]),
        budgets,
        2,
      ),
    ).toBe(10_000);
    expect(durationOf(new Map([['unknown', 200]]), budgets, 2)).toBe(2_000);
  });

  test('goes by the budget as the operator reads it', () => {
    expect(budgetOf(undefined)).toEqual({ requestsPerSecond: 100, burst: 200 });
    expect(budgetOf({ requestsPerSecond: 5 })).toEqual({ requestsPerSecond: 5, burst: 10 });
  });
});
