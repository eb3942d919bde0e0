import { describe, expect, it } from 'vitest';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { createSlowDown } from '../../../src/controller/slow-down.ts';
import { createFakeClock } from '../../support/clock.ts';

function stage() {
  const clock = createFakeClock();
  return { clock, slow: createSlowDown(clock) };
}

describe('a rate that was too high', () => {
  it('is whole before anything happened', () => {
    const { slow } = stage();
    expect([slow.share(), slow.recoversIn()]).toEqual([1, 0]);
  });

  it('is cut in half once, however many calls were under way', () => {
    const { slow, clock } = stage();
    for (let i = 0; i < 20; i++) slow.tooMany(clock.monotonic() - 5);
    expect(slow.share()).toBe(0.5);
    expect(slow.pausedUntil).toBe(seconds(1));
  });

  it('is cut again when a later call is too many, down to a 64th, with pauses that double', async () => {
    const { slow, clock } = stage();
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      slow.tooMany(clock.monotonic());
      pauses.push(slow.pausedUntil - clock.monotonic());
      await clock.advance(1);
    }
    expect(slow.share()).toBe(1 / 64);
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 32, 32].map(seconds));
  });

  it('waits as long as Square says, and grows back evenly after that', async () => {
    const { slow, clock } = stage();
    slow.tooMany(0, hours(1));
    expect(slow.pausedUntil).toBe(hours(1));
    expect(slow.recoversIn()).toBe(hours(1) + minutes(5));
    await clock.advance(hours(1));
    expect(slow.share()).toBe(0.5);
    await clock.advance(minutes(2.5));
    expect(slow.share()).toBe(0.75);
    await clock.advance(minutes(3));
    expect([slow.share(), slow.recoversIn()]).toEqual([1, 0]);
  });

  it('is not freed sooner by a shorter word than was given before', () => {
    const { slow } = stage();
    slow.tooMany(0, hours(1));
    slow.tooMany(0, 0);
    expect(slow.pausedUntil).toBe(hours(1));
  });
});
