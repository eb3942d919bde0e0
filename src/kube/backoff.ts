import type { Duration } from '../clock.ts';
import { seconds } from '../clock.ts';

const first = seconds(0.5);
const longest = seconds(15);

/** The wait after the `attempt`th failure in a row (from 1): doubling from 0.5 s to 15 s, less up to a half at random. */
export function backoff(attempt: number, random: () => number): Duration {
  const whole = Math.min(longest, first * 2 ** Math.min(attempt - 1, 10));
  return whole * (0.5 + random() / 2);
}
