import { type Clock, type Duration, type Instant, seconds } from '../clock.ts';
import { type Backoff, backoffDelay } from '../domain/schedule.ts';
import type { Log } from '../kube/log.ts';

/** When escrow is looked into: one look at a time, each time that something calls for it, and by itself after a while. */
export interface EscrowLooks {
  /** Aborted: nobody looks. */
  readonly term: AbortSignal;
  begin(term: AbortSignal): void;
  /**
   * Whoever asks during a look waits for the next, which sees what came meanwhile. Resolves when all was seen; or to the
   * instant (wall clock) since when the API server has not told what is there. Never rejects.
   */
  look(): Promise<Instant | undefined>;
  lookSoon(): void;
  lookIn(delay: Duration): void;
}

export const lookAgain: Backoff = { first: seconds(0.5), most: seconds(10) };

/** `see` resolves to the time until the next look, and rejects when the API server does not tell, or the term ends. */
export function createEscrowLooks(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  see: (term: AbortSignal) => Promise<Duration>,
): EscrowLooks {
  let term = AbortSignal.abort();
  let unseen: { readonly since: Instant; readonly count: number } | undefined;
  let current: Promise<Instant | undefined> | undefined;
  let next: Promise<Instant | undefined> | undefined;
  let callOff = () => {};

  const lookSoon = () => void (term.aborted || look());

  function look(): Promise<Instant | undefined> {
    if (current === undefined) {
      current = lookNow().finally(() => (current = undefined));
      return current;
    }
    next ??= current.then(() => {
      next = undefined;
      return look();
    });
    return next;
  }

  async function lookNow(): Promise<Instant | undefined> {
    const signal = term;
    try {
      signal.throwIfAborted();
      const delay = await see(signal);
      unseen = undefined;
      lookIn(delay);
      return undefined;
    } catch (error) {
      if (signal.aborted) return clock.wall();
      unseen = { since: unseen?.since ?? clock.wall(), count: (unseen?.count ?? 0) + 1 };
      if (unseen.count % 20 === 1) log.error({ err: error }, 'what lies in escrow cannot be seen, and is asked again');
      lookIn(backoffDelay(lookAgain, unseen.count, 'escrow'));
      return unseen.since;
    }
  }

  function lookIn(delay: Duration): void {
    callOff();
    if (!term.aborted) callOff = clock.after(delay, lookSoon);
  }

  return {
    get term() {
      return term;
    },
    begin(signal) {
      term = signal;
      unseen = undefined;
      signal.addEventListener('abort', () => void (term === signal && callOff()), { once: true });
    },
    look,
    lookSoon,
    lookIn,
  };
}
