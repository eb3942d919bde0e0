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
  /** How many attempts with the same token were made before, of which nobody knows what Square made of them. */
  readonly unanswered: number;
  /** Others were made before, to which the answer was that nothing was done, and not in words that prove it. */
  readonly doubted?: true;
}

/**
 * Token requests that were made with a token which works once, of which it is not certain that Square did nothing. Kept in
 * the record beside the attempt that stands there, since that may be one with another token.
 */
export interface Doubt extends Pick<Attempt, 'presents' | 'unanswered' | 'doubted'> {
  /** When the latest one was made, as its attempt said. */
  readonly startedAt: Instant;
}

/** What an observer makes of the attempt in the record, and what else is known there of earlier ones. */
export type AttemptState = { readonly doubts?: readonly Doubt[] } & (
  | { readonly kind: 'None' }
  /** It may be under way in another process. `until`: when it counts as over, in Square's time. */
  | { readonly kind: 'Open'; readonly attempt: Attempt; readonly until: Instant }
  /** It ended, and nobody knows what Square made of it: the token that it presented may be spent. */
  | { readonly kind: 'Over'; readonly attempt: Attempt }
);

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

/** One attempt whose outcome is unknown is followed by one more with the same token; after that nothing is presented again. */
const mostUnanswered = 1;

/** Credentials come and go: so many are remembered that may be used up. */
const mostDoubts = 8;

/** What is not certain of the attempts with this very token, when another one would be made now; `undefined`: nothing. */
export function doubtOf(state: AttemptState, presents: Attempt['presents']): Doubt | undefined {
  const own = state.kind !== 'None' && samePresented(state.attempt.presents, presents);
  return own ? asDoubt(state.attempt) : state.doubts?.find((doubt) => samePresented(doubt.presents, presents));
}

const asDoubt = ({ presents, startedAt, unanswered, doubted }: Attempt): Doubt => ({
  presents,
  startedAt,
  unanswered: unanswered + 1,
  ...(doubted && { doubted }),
});

/** How many attempts with this very token were made whose outcome is unknown, when another one would be made now. */
export const unansweredBefore = (state: AttemptState, presents: Attempt['presents']): number =>
  doubtOf(state, presents)?.unanswered ?? 0;

/** Whether the token may have been spent by a request that is over. */
export const isInDoubt = (state: AttemptState, presents: Attempt['presents']): boolean =>
  unansweredBefore(state, presents) > 0 && !isOpen(state, presents);

/** Whether another attempt with this token would be one too many. */
export const isSpent = (state: AttemptState, presents: Attempt['presents']): boolean =>
  unansweredBefore(state, presents) > mostUnanswered && !isOpen(state, presents);

const isOpen = (state: AttemptState, presents: Attempt['presents']): boolean =>
  state.kind === 'Open' && samePresented(state.attempt.presents, presents);

/** Everything that is not certain, of whatever token. */
const doubtsIn = (state: AttemptState): readonly Doubt[] => [
  ...(state.doubts ?? []),
  ...(state.kind === 'None' ? [] : [asDoubt(state.attempt)]),
];

/** What the record has to remember beside an attempt with this token, which remembers its own past. */
export const doubtsBeside = (state: AttemptState, presents: Attempt['presents']): readonly Doubt[] =>
  doubtsIn(state).filter((doubt) => !samePresented(doubt.presents, presents));

/** The same, when the answer to the attempt was that nothing was done, and not in words that prove it. */
export function doubtsAfter(state: AttemptState, { presents, startedAt, unanswered }: Attempt): readonly Doubt[] {
  const own: Doubt = { presents, startedAt, unanswered, doubted: true };
  return [...doubtsBeside(state, presents), own].slice(-mostDoubts);
}

/** What is left of them with a new generation: the token that was held is replaced, and what was taken is settled. */
export function doubtsLeft(state: AttemptState, taken: readonly string[]): { readonly doubts?: readonly Doubt[] } {
  const doubts = doubtsIn(state).filter(({ presents }) => presents !== 'Held' && !taken.includes(presents.credential));
  return doubts.length === 0 ? {} : { doubts };
}

export function samePresented(a: Attempt['presents'], b: Attempt['presents']): boolean {
  if (a === 'Held' || b === 'Held') return a === b;
  return a.credential === b.credential;
}

/** No earlier than this a token that works once can be presented; 0 when nothing is in the way. */
export const attemptEnds = (state: AttemptState): Instant => (state.kind === 'Open' ? state.until : 0);
