import type { ConnectionSpec } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import type { FailureStreak, Observation } from './observation.ts';
import {
  type Backoff,
  backoffDelay,
  nextVerifySlot,
  proofBackoff,
  refreshBackoff,
  refusedBackoff,
  takeUpBackoff,
} from './schedule.ts';

/** When an operation that failed may be tried again; 0 when it did not fail, `undefined` when not by itself. */
export function nextAttempt(o: Observation, operation: 'TakeUp' | 'Refresh'): Instant | undefined {
  const failure = o.history.failures[operation];
  if (failure === undefined) return 0;
  const backoff = operation === 'TakeUp' ? backoffOfTakeUp(failure) : backoffOfRefresh(failure, o);
  return backoff === undefined ? undefined : after(failure, backoff, o);
}

/** When a token that was never proven, or a time that was never confirmed, is to be put to the test. */
export function nextProof(o: Observation): Instant {
  const failure = o.history.failures.Verify;
  return failure === undefined ? 0 : after(failure, proofBackoff, o);
}

/** When the access token is next verified: at once until it was proven, then in the connection's slots. */
export function nextVerification(o: Observation, spec: ConnectionSpec): Instant {
  const { history } = o;
  if (history.proof.kind === 'None') return nextProof(o);
  const slot = nextVerifySlot(spec, o.connection.uid, Math.max(history.verifyFrom, history.verifiedAt ?? 0));
  return Math.max(slot, history.failures.Verify?.retryAt ?? 0);
}

function after(failure: FailureStreak, backoff: Backoff, o: Observation): Instant {
  const at = failure.time + backoffDelay(backoff, failure.count, o.connection.uid);
  return Math.max(at, failure.retryAt ?? 0);
}

/** Square, or the pin, said no to the credential itself: trying the same value again helps nobody. */
const refusals: ReadonlySet<FailureStreak['class']> = new Set([
  'RefreshTokenRefused',
  'CodeRefused',
  'MigrationTokenRefused',
  'AccessTokenExpired',
  'AccessTokenRevoked',
  'AccessTokenUnauthorized',
  'OtherMerchant',
] as const);

export const isRefusal = (failureClass: FailureStreak['class']): boolean => refusals.has(failureClass);

/** A credential that was refused is tried again only when it changes. */
function backoffOfTakeUp({ class: failureClass }: FailureStreak): Backoff | undefined {
  if (isRefusal(failureClass)) return undefined;
  return failureClass === 'BadRequest' || failureClass === 'InsufficientScopes' ? refusedBackoff : takeUpBackoff;
}

/**
 * A refused refresh token is asked about again, rarely, for as long as the access token works: Square may have been
 * wrong. When the access token is dead too there is exactly one refresh for each generation.
 */
function backoffOfRefresh(failure: FailureStreak, o: Observation): Backoff | undefined {
  const dead = o.history.proof.kind === 'Revoked' || o.history.proof.kind === 'Unauthorized';
  if (failure.class === 'RefreshTokenRefused') return dead ? undefined : refusedBackoff;
  return failure.class === 'BadRequest' || failure.class === 'OtherMerchant' ? refusedBackoff : refreshBackoff;
}
