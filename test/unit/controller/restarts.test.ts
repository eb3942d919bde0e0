import { describe, expect, it } from 'vitest';
import { days, hours, minutes } from '../../../src/clock.ts';
import type { Fault } from './model/square.ts';
import { createWorld, merchantOf, names, type World } from './model/world.ts';

/** Calls of a kind within a time, during which the operator restarts every so often, or never. */
async function calls(
  on: 'token' | 'bearer',
  restartEvery: number | undefined,
  within: number,
  trouble: (world: World) => void,
): Promise<number> {
  const world = createWorld();
  await world.settle();
  await world.advance(days(5));
  trouble(world);
  await world.advance(days(2));
  const before = world.square.calls[on];
  const every = restartEvery ?? within;
  for (let passed = 0; passed < within; passed += every) {
    await world.advance(every);
    if (restartEvery !== undefined) world.restart();
    await world.settle();
  }
  expect(world.violations).toEqual([]);
  return world.square.calls[on] - before;
}

const lasting = (on: 'token' | 'bearer', fault: Fault) => (world: World) =>
  void world.square.faults.push({ on, fault, left: Number.POSITIVE_INFINITY });

describe('a restart forgets no backoff', () => {
  it.each([
    ['Square refuses the refresh tokens', hours(1), days(3), killTokens],
    ['Square cannot be reached', minutes(10), hours(12), lasting('token', 'Unreachable')],
    ['Square has an outage', minutes(10), hours(12), lasting('token', 'Unavailable')],
    ['Square says 429', minutes(10), hours(12), lasting('token', 'RateLimited')],
  ] as const)('while %s', { timeout: 60_000 }, async (_, every, within, trouble) => {
    const without = await calls('token', undefined, within, trouble);
    const restarting = await calls('token', every, within, trouble);
    expect(without).toBeGreaterThan(names.length);
    // The delay is counted from the failure, and a restart in between changes nothing.
    expect(Math.abs(restarting - without)).toBeLessThanOrEqual(names.length);
  });

  it('and wakes nobody at once', async () => {
    const world = createWorld();
    await world.settle();
    await world.advance(days(2));
    const before = { ...world.square.calls, writes: world.counts.writes };
    for (let i = 0; i < 20; i++) {
      world.restart();
      await world.settle();
    }
    expect({ ...world.square.calls, writes: world.counts.writes }).toEqual(before);
  });
});

function killTokens({ square }: World): void {
  for (const one of square.refreshTokens.values()) {
    if (names.some((name) => merchantOf(name) === one.merchant)) one.live = false;
  }
}
