import type { Clock, Duration, Instant } from '../../src/clock.ts';

/** A clock that stands still until it is moved. Timers fire in order while it moves. */
export interface FakeClock extends Clock {
  /** Moves both clocks on and fires what is due, in order of time; lets microtasks settle after each timer. */
  advance(by: Duration): Promise<void>;
  /** Moves only the wall clock, as a person or NTP would. */
  jumpWall(by: Duration): void;
  /** How many timers are waiting. */
  timers(): number;
}

export function createFakeClock(start: Instant = Date.UTC(2026, 0, 1)): FakeClock {
  let wall = start;
  let monotonic = 0;
  const waiting = new Set<{ at: Duration; callback: () => void }>();
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    wall: () => wall,
    monotonic: () => monotonic,
    after(delay, callback) {
      const timer = { at: monotonic + Math.max(0, delay), callback };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    async advance(by) {
      const end = monotonic + by;
      await settle();
      for (;;) {
        const next = [...waiting].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        waiting.delete(next);
        wall += next.at - monotonic;
        monotonic = next.at;
        next.callback();
        await settle();
      }
      wall += end - monotonic;
      monotonic = end;
    },
    jumpWall(by) {
      wall += by;
    },
    timers: () => waiting.size,
  };
}
