import { type Instant, seconds } from '../clock.ts';
import { isOfSquare, isTransient } from './failure.ts';

/**
 * Whether Square gives tokens in the name of an application, as far as it is in question: some token request came to nothing
 * in a way that says nothing about what it presented.
 */
export interface Issuing {
  /** When one did last, in whole seconds. */
  readonly failedAt: Instant;
  /** When Square gave the first token after that; absent: it has given none since. */
  readonly givenAt?: Instant;
}

/**
 * Whether a token request that failed so says that Square gives no tokens now. One that comes too often is answered; and what
 * the API server refuses is no word about Square.
 */
export const failsToIssue = (failure: { readonly class: string; readonly reason: string }): boolean =>
  isTransient(failure) && failure.class !== 'RateLimited' && isOfSquare(failure.reason);

/** One token request more came to nothing. */
export function withFailure(known: Issuing | undefined, at: Instant): Issuing {
  const failedAt = Math.max(known?.failedAt ?? 0, Math.floor(at / seconds(1)) * seconds(1));
  return known?.givenAt !== undefined && isAfter(known.givenAt, failedAt) ? { ...known, failedAt } : { failedAt };
}

/** Square gave a token. */
export function withToken(known: Issuing | undefined, at: Instant): Issuing | undefined {
  if (known === undefined || !isAfter(at, known.failedAt)) return known;
  return { ...known, givenAt: Math.min(known.givenAt ?? at, at) };
}

/** What was noted while the clock was ahead of Square's counts as noted now. */
export function notAheadOf(now: Instant, known: Issuing): Issuing {
  const { failedAt, givenAt } = known;
  if (failedAt <= now) return known;
  const ahead = Math.ceil((failedAt - now) / seconds(1)) * seconds(1);
  return { failedAt: failedAt - ahead, ...(givenAt === undefined ? {} : { givenAt: givenAt - ahead }) };
}

/** Square's times are whole seconds: what happened in the second of a failure may have been before it. */
export const isAfter = (at: Instant, failedAt: Instant): boolean => at >= failedAt + seconds(1);
