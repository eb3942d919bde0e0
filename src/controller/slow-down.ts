import { type Clock, type Duration, minutes, seconds } from '../clock.ts';

/**
 * What "too many requests" (Square, "Handling Errors": 429) does to a rate: nothing is sent for as long as Square says, or
 * for a moment that doubles, and then half as much as before. From there the rate grows back evenly.
 */
export interface SlowDown {
  /** The share of the allowed rate that is used now, above 0 and at most 1. */
  share(): number;
  /** Until when nothing is sent, by the monotonic clock. */
  readonly pausedUntil: Duration;
  /** How often the rate was cut; what was admitted before the last time is not to be sent any more. */
  readonly cuts: number;
  /** How long until the rate is whole again, when nothing more happens; 0 when it is. */
  recoversIn(): Duration;
  /** A call that was sent at `sentAt` was too many. Calls that were under way at the last cut tell nothing new. */
  tooMany(sentAt: Duration, retryAfter?: Duration): void;
}

const least = 1 / 64;
/** From nothing to the whole rate. */
const recovery = minutes(10);
const firstPause = seconds(1);

export function createSlowDown(clock: Clock): SlowDown {
  let low = 1;
  let cuts = 0;
  let cutAt = Number.NEGATIVE_INFINITY;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  const share = () => {
    const since = Math.max(0, clock.monotonic() - pausedUntil);
    return low === 1 ? 1 : Math.min(1, low + since / recovery);
  };
  return {
    share,
    get pausedUntil() {
      return pausedUntil;
    },
    get cuts() {
      return cuts;
    },
    recoversIn() {
      if (share() === 1) return 0;
      return Math.max(clock.monotonic(), pausedUntil) - clock.monotonic() + (1 - share()) * recovery;
    },
    tooMany(sentAt, retryAfter) {
      const now = clock.monotonic();
      if (sentAt >= cutAt) {
        low = Math.max(least, share() / 2);
        cutAt = now;
        cuts++;
      }
      // Nothing was said: the deeper the rate has been cut, the longer the pause.
      pausedUntil = Math.max(pausedUntil, now + (retryAfter ?? firstPause / (2 * low)));
    },
  };
}
