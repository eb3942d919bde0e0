import type { Clock, Duration } from '../clock.ts';
import type { Key } from '../kube/resource.ts';
import { createWaitingLine } from '../kube/waiting-line.ts';
import { createSlowDown } from './slow-down.ts';

export interface RateLimit {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

/** Calls that were set aside for one pass. */
export interface Reserve {
  left: number;
  /** How often the rate had been cut by then. */
  readonly cuts: number;
}

/** What an application may ask of Square: a token bucket, and the line of those who wait for it. In monotonic time. */
export interface Budget {
  /**
   * Sets calls aside for the pass over `key`, at most a burst of them. Without enough it puts the key into the line and
   * gives nothing: the key is woken when its turn has come, the most urgent first.
   */
  admit(key: Key, calls: number, urgency: number): Reserve | undefined;
  /** The pass is over: what is left of its reserve, or was set aside for it and not asked for, goes to others. True: it waits. */
  leave(key: Key, reserve: Reserve | undefined): boolean;
  /** Whether what was set aside may still be used: not after Square has asked for less. */
  holds(reserve: Reserve): boolean;
  /**
   * Takes one call, from the reserve first; gives how long to wait before it is sent. `undefined`: longer than
   * `patience`, and nothing was taken.
   */
  take(reserve: Reserve, patience: Duration): Duration | undefined;
  /** Takes one call that cannot wait, from the reserve first; the others wait the longer for it. */
  takeNow(reserve: Reserve): void;
  /** Square said that a call sent at `sentAt` was one too many. */
  tooMany(sentAt: Duration, retryAfter?: Duration): void;
  /** Nobody waits any more: the lease is lost, or won anew. */
  clear(): void;
  /** Calls a second that are allowed now; 0 while Square wants none. */
  rate(): number;
  /** How long until the whole rate is allowed again; 0 when it is. */
  recoversIn(): Duration;
  readonly waiting: number;
}

export interface BudgetOptions {
  readonly clock: Clock;
  /** Asked each time, so that a change holds at once. */
  readonly limit: () => RateLimit;
  readonly wake: (key: Key) => void;
}

export function createBudget({ clock, limit, wake }: BudgetOptions): Budget {
  const slow = createSlowDown(clock);
  const line = createWaitingLine();
  const wanted = new Map<Key, number>();
  const granted = new Map<Key, Reserve>();
  let level = limit().burst;
  let filledAt = clock.monotonic();
  let cancel: (() => void) | undefined;

  const perMillisecond = () => (limit().requestsPerSecond * slow.share()) / 1_000;
  const most = () => Math.max(1, Math.floor(limit().burst * slow.share()));
  const fill = () => {
    const from = Math.max(filledAt, slow.pausedUntil);
    filledAt = clock.monotonic();
    level = Math.min(most(), level + Math.max(0, filledAt - from) * perMillisecond());
  };
  const needOf = (key: Key) => Math.min(wanted.get(key) ?? 1, most());
  /** How long until there are so many. */
  const timeTo = (calls: number) => {
    const pause = Math.max(0, slow.pausedUntil - clock.monotonic());
    return pause + Math.max(0, calls - level) / perMillisecond();
  };
  const setAside = (calls: number): Reserve => {
    level -= calls;
    return { left: calls, cuts: slow.cuts };
  };

  /** Serves the line as far as it goes, and comes back when there is enough for the next. */
  function serve(): void {
    cancel?.();
    cancel = undefined;
    fill();
    for (let key = line.first(); key !== undefined; key = line.first()) {
      const wait = timeTo(needOf(key));
      if (wait > 0) {
        cancel = clock.after(Math.ceil(wait), serve);
        return;
      }
      granted.set(key, setAside(needOf(key)));
      forget(key);
      wake(key);
    }
  }

  function forget(key: Key): void {
    line.leave(key);
    wanted.delete(key);
  }

  const holds = ({ cuts }: Reserve) => cuts === slow.cuts;
  const giveBack = (reserve: Reserve) => {
    if (holds(reserve)) level = Math.min(most(), level + reserve.left);
  };

  return {
    admit(key, calls, urgency) {
      const reserve = granted.get(key);
      granted.delete(key);
      if (reserve !== undefined && holds(reserve)) return reserve;
      wanted.set(key, calls);
      line.join(key, clock.monotonic(), urgency);
      fill();
      if (line.first() === key && timeTo(needOf(key)) === 0) {
        const aside = setAside(needOf(key));
        forget(key);
        return aside;
      }
      serve();
      return undefined;
    },
    leave(key, reserve) {
      for (const one of [reserve, granted.get(key)]) if (one !== undefined) giveBack(one);
      granted.delete(key);
      if (line.length > 0) serve();
      return line.has(key);
    },
    holds,
    take(reserve, patience) {
      fill();
      if (reserve.left > 0 && holds(reserve)) {
        reserve.left--;
        return 0;
      }
      const wait = timeTo(1);
      if (wait > patience) return undefined;
      level--;
      return wait;
    },
    takeNow(reserve) {
      fill();
      if (reserve.left > 0 && holds(reserve)) reserve.left--;
      else level--;
    },
    tooMany(sentAt, retryAfter) {
      fill();
      slow.tooMany(sentAt, retryAfter);
      level = Math.min(level, 0);
      serve();
    },
    clear() {
      cancel?.();
      cancel = undefined;
      for (let next = line.next(); next !== undefined; next = line.next()) wanted.delete(next.key);
      for (const reserve of granted.values()) giveBack(reserve);
      granted.clear();
    },
    rate: () => (slow.pausedUntil > clock.monotonic() ? 0 : perMillisecond() * 1_000),
    recoversIn: () => slow.recoversIn(),
    get waiting() {
      return line.length;
    },
  };
}
