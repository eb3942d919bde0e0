import type { ConnectionSpec } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import { consequences } from './consequences.ts';
import type { FailureStreak, History, Now, Observation, Operation } from './observation.ts';
import { deathOf } from './publication.ts';
import { openReport } from './reported.ts';
import {
  type Backoff,
  backoffDelay,
  disconnectBackoff,
  nextVerifySlot,
  partingBackoff,
  proofBackoff,
  publishBackoff,
  refreshBackoff,
  refusedBackoff,
  takeUpBackoff,
} from './schedule.ts';
import type { Step, VerifyReason } from './step.ts';
import { pinnedMerchant } from './wanted.ts';

/** When an operation that failed may be tried again; 0 when it did not fail, `undefined` when not by itself. */
export function nextAttempt(o: Observation, operation: Exclude<Operation, 'Verify'>, now: Now): Instant | undefined {
  const failure = o.history.failures[operation];
  if (failure === undefined) return 0;
  switch (operation) {
    case 'TakeUp':
      return nextTakeUp(failure, o, now);
    case 'Refresh': {
      const backoff = backoffOfRefresh(failure, o, now);
      return backoff && after(failure, backoff, o, now);
    }
    case 'Publish':
    case 'Finalize':
    case 'Receive':
    case 'Dismiss':
      return after(failure, publishBackoff, o, now);
    case 'Revoke':
      return nextRevocation(failure, o, now);
  }
}

/** What failed a moment ago is left for later: no Secret of a sign-in keeps a token from being renewed, or ended. */
export const whenDue = (
  operation: 'Receive' | 'Dismiss',
  step: Step | undefined,
  o: Observation,
  now: Now,
): Step | undefined => ((nextAttempt(o, operation, now) ?? 0) > now.square ? undefined : step);

/** An intermediary's word to wait must not hold a deletion up; another request than the one that failed is new. */
function nextRevocation(failure: FailureStreak, o: Observation, now: Now): Instant {
  if (o.connection.deleting) {
    return failure.request === undefined ? after({ ...failure, retryAt: 0 }, partingBackoff, o, now) : 0;
  }
  return failure.request === o.connection.requests.disconnect ? after(failure, disconnectBackoff, o, now) : 0;
}

/** A credential that was refused is tried again only when it changes, or when it was the pin that stood in its way. */
function nextTakeUp(failure: FailureStreak, o: Observation, now: Now): Instant | undefined {
  if (failure.class === 'OtherMerchant') {
    const pin = pinnedMerchant(o);
    return pin === undefined || pin === failure.merchantID ? 0 : undefined;
  }
  const { retry } = consequences[failure.class].TakeUp;
  if (retry === 'WhenChanged') return undefined;
  return after(failure, retry === 'Rarely' ? refusedBackoff : takeUpBackoff, o, now);
}

/** When a token that was never proven, or that is reported to be revoked, or a time that was never confirmed, is to be put to the test. */
export function nextProof(o: Observation, now: Now): Instant {
  const failure = o.history.failures.Verify;
  return failure === undefined ? 0 : after(failure, proofBackoff, o, now);
}

/**
 * When the access token is next verified: at once until it was proven, when a revocation is reported or the refresh token
 * was refused, else in the connection's slots.
 */
export function nextVerification(o: Observation, spec: ConnectionSpec, now: Now): Instant {
  const { history } = o;
  if (history.proof.kind === 'None') return nextProof(o, now);
  const failure = history.failures.Verify;
  const putOff = failure === undefined || isAhead(failure, now) ? 0 : (failure.retryAt ?? 0);
  const slot = Math.max(nextVerifySlot(spec, o.connection.uid, history.verifyFrom), putOff);
  return openReport(o) !== undefined || isDoubted(history) ? Math.min(slot, nextProof(o, now)) : slot;
}

/** What a verification that is due is due for. */
export function whyVerified(o: Observation): VerifyReason {
  if (o.history.proof.kind === 'None') return 'Unproven';
  if (openReport(o) !== undefined) return 'RevocationReported';
  return isDoubted(o.history) ? 'RefreshRefused' : 'Slot';
}

/** Square refused the refresh token since it took the access token last: mostly the seller has left, and both are dead. */
const isDoubted = ({ proof }: History): boolean => proof.kind === 'Accepted' && proof.doubted === true;

/**
 * A failure that is ahead of a clock which no answer of Square has set yet was noted by Square's time: this clock is behind,
 * nobody knows how far, and the next answer tells.
 */
const isAhead = (failure: FailureStreak, now: Now): boolean => !now.confirmed && failure.time > now.square;

function after(failure: FailureStreak, backoff: Backoff, o: Observation, now: Now): Instant {
  if (isAhead(failure, now)) return 0;
  const at = failure.time + backoffDelay(backoff, failure.count, o.connection.uid);
  return Math.max(at, failure.retryAt ?? 0);
}

/** Whether Square, or the pin, said no to what was presented itself: trying the same value again helps nobody. */
export const isRefusal = (failureClass: FailureStreak['class']): boolean =>
  consequences[failureClass].TakeUp.retry === 'WhenChanged';

/**
 * A refused refresh token is asked about again, rarely: Square may have been wrong. When Square refuses the access token
 * too there is exactly one refresh for each generation. A new token that is not accepted either is replaced as rarely.
 */
function backoffOfRefresh(
  { class: failureClass, reason }: FailureStreak,
  o: Observation,
  now: Now,
): Backoff | undefined {
  // It was most likely used up by a request of the operator's own: asking again would only present it once more.
  if (reason === 'RotationOutcomeLost') return undefined;
  const { retry } = consequences[failureClass].Refresh;
  if (retry === 'WhileInDoubt') return mayBeWrong(o, now) ? refusedBackoff : undefined;
  return retry === 'Rarely' ? refusedBackoff : refreshBackoff;
}

/** Whether nothing but the refusal of the refresh token speaks against the grant. That a token ended is no word of it. */
function mayBeWrong(o: Observation, now: Now): boolean {
  const death = deathOf(o, now);
  if (death !== 'expired') return death === undefined;
  return now.confirmed || o.history.proof.kind !== 'Unauthorized';
}
