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
 * Whether a token request that failed so says that Square gives no tokens now. One that comes too often is answered; one whose
 * seller nobody names was given a token; and what the API server refuses is no word about Square.
 */
export const failsToIssue = (failure: { readonly class: string; readonly reason: string }): boolean =>
  isTransient(failure) &&
  failure.class !== 'RateLimited' &&
  failure.reason !== 'SellerNotNamed' &&
  isOfSquare(failure.reason);

/** A token request came to nothing. */
export const inQuestion = (at: Instant): Issuing => ({ failedAt: Math.floor(at / seconds(1)) * seconds(1) });

/** Square gave a token. */
export function withToken(known: Issuing | undefined, at: Instant): Issuing | undefined {
  if (known === undefined || !isAfter(at, known.failedAt)) return known;
  return { ...known, givenAt: Math.min(known.givenAt ?? at, at) };
}

/** Square's times are whole seconds: what happened in the second of a failure may have been before it. */
export const isAfter = (at: Instant, failedAt: Instant): boolean => at >= failedAt + seconds(1);
