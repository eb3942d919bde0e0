import type { Duration, Instant } from '../clock.ts';
import { seconds } from '../clock.ts';

/**
 * A token request that presents a token which works once. It is noted in the sealed record, by compare-and-set, before
 * Square is asked, and goes with the record that holds the answer. So whoever finds it knows that the token may be spent:
 * it is lock, fence, and proof that the view was fresh and the record can be written.
 */
export interface Attempt {
  /** 128 random bits. */
  readonly id: string;
  /** Which process makes it (or made it: see `AttemptState`). */
  readonly holder: string;
  /** By the holder's wall clock: for people to read. */
  readonly startedAt: Instant;
  /** The refresh token of the grant that is held, or the credential with this digest. */
  readonly presents: 'Held' | { readonly credential: string };
  /** How many attempts with the same token were made before, of which nobody knows what Square answered. */
  readonly unanswered: number;
}

/** What an observer makes of the attempt in the record. */
export type AttemptState =
  | { readonly kind: 'None' }
  /** It may be under way in another process. `until`: when it counts as over, in Square's time. */
  | { readonly kind: 'Open'; readonly attempt: Attempt; readonly until: Instant }
  /** It ended, and its answer is nowhere: the token that it presented may be spent. */
  | { readonly kind: 'Over'; readonly attempt: Attempt };

/**
 * From the moment the attempt is written, the request is sent within this time or not at all, by the monotonic clock: a
 * process that was suspended in between finds out that it is late.
 */
export const sendWithin: Duration = seconds(20);

/**
 * An attempt that was seen for so long is over, whatever became of its holder: it was sent in time, and every call ends
 * within its own limit of 30 s. Measured by the observer's monotonic clock, so no two clocks are compared.
 */
export const attemptLasts: Duration = seconds(60);

/**
 * The one attempt more after an ended process is made only when its successor has lived for so long: one that is killed
 * over and over would waste it.
 */
export const provenAfter: Duration = seconds(8);

/** One attempt whose answer was lost is followed by one more with the same token; after that nothing is presented again. */
const mostUnanswered = 1;

/** How many attempts with this very token were made whose outcome is unknown, when another one would be made now. */
export function unansweredBefore(state: AttemptState, presents: Attempt['presents']): number {
  if (state.kind === 'None' || !samePresented(state.attempt.presents, presents)) return 0;
  return state.attempt.unanswered + 1;
}

/** Whether another attempt with this token would be one too many. */
export const isSpent = (state: AttemptState, presents: Attempt['presents']): boolean =>
  state.kind === 'Over' && unansweredBefore(state, presents) > mostUnanswered;

export function samePresented(a: Attempt['presents'], b: Attempt['presents']): boolean {
  if (a === 'Held' || b === 'Held') return a === b;
  return a.credential === b.credential;
}

/** No earlier than this a token that works once can be presented; 0 when nothing is in the way. */
export const attemptEnds = (state: AttemptState): Instant => (state.kind === 'Open' ? state.until : 0);
