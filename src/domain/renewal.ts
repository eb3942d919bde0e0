import type { ConnectionSpec } from '../api/connection.ts';
import { hours, type Instant, minutes, parseInstant } from '../clock.ts';
import { attemptEnds, doubtOf, isInDoubt, isSpent } from './attempt.ts';
import { isTransient } from './failure.ts';
import type { Grant } from './grant.ts';
import { presentableAt } from './held-back.ts';
import { isAfter } from './issuing.ts';
import type { Now, Observation } from './observation.ts';
import { givenSince, onceMoreAt } from './once-more.ts';
import { nextAttempt, nextProof } from './pace.ts';
import { requestState } from './requests.ts';
import { refreshDueAt } from './schedule.ts';
import type { RefreshReason, Step } from './step.ts';
import { isOfAnotherMerchant, sameScopes, wantedToken } from './wanted.ts';

/** When Square can be asked for a token in the name of the application; `undefined`: something has to change first. */
export function askableAt({ application }: Observation): Instant | undefined {
  if (application.kind !== 'Found' || application.clientSecret.kind === 'Problem') return undefined;
  return application.refusal?.retryAt ?? 0;
}

const canAsk = (o: Observation, now: Now): boolean => (askableAt(o) ?? Number.POSITIVE_INFINITY) <= now.square;

/** Why a new access token is wanted now, whatever the backoff says; `undefined` when none is. */
function refreshReason(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): RefreshReason | undefined {
  if (requestState(o, 'refresh', now) === 'Act') return 'RefreshRequested';
  if (isInDoubt(o.attempt, 'Held')) return 'AnswerLost';
  if (retriedRequest(o, now) !== undefined) return 'RequestRetried';
  switch (o.history.proof.kind) {
    case 'Revoked':
      return 'AccessTokenRevoked';
    case 'Unauthorized':
      return 'AccessTokenUnauthorized';
    case 'Expired':
      return 'AccessTokenExpired';
    case 'None':
    case 'Accepted':
  }
  const wanted = wantedToken(spec);
  if (!sameScopes(wanted.scopes, grant.requested.scopes)) return 'ScopesChanged';
  if (wanted.shortLived !== grant.requested.shortLived) return 'LifetimeChanged';
  return now.square >= refreshDueAt(spec, grant, o.connection.uid) ? 'Due' : undefined;
}

export function refresh(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Step | undefined {
  if (grant.refreshToken === undefined || !canAsk(o, now)) return undefined;
  const because = refreshReason(o, grant, spec, now);
  if (because === undefined) return undefined;
  const request = o.connection.requests.refresh;
  if (because === 'RefreshRequested' && request !== undefined) {
    if (attemptEnds(o.attempt) > now.square || wasAnswered(o, request)) return undefined;
    return { kind: 'Refresh', because, request };
  }
  const at = nextRefreshAttempt(o, now);
  if (at === undefined || at > now.square) return undefined;
  if ((presentableAt(o, grant) ?? Number.POSITIVE_INFINITY) > now.square) return undefined;
  // A change of time alone spends no token: the first answer of Square tells what time it is. And the one retry after a
  // lost answer is not wasted on a Square that does not answer.
  if (isHeldUp(o, because, now)) {
    const why = because === 'AnswerLost' ? because : 'TimeUnconfirmed';
    return now.square >= nextWitness(o, now) ? { kind: 'Verify', because: why } : undefined;
  }
  const retried = retriedRequest(o, now);
  return retried === undefined ? { kind: 'Refresh', because } : { kind: 'Refresh', because, request: retried };
}

/** A request that failed is gone on with for so long after the latest try: what is older is of a status that was put back. */
const requestPatience = hours(3);

/**
 * A request that was acted on in time, and that failed in a way that may pass: it is tried again with growing pauses until
 * Square gives a token or refuses, or until the annotation is gone.
 */
function retriedRequest({ history: { failures }, connection }: Observation, now: Now): string | undefined {
  const failure = failures.Refresh;
  if (failure?.request === undefined || !isTransient(failure)) return undefined;
  const goesOn = failure.request === connection.requests.refresh && now.square < failure.time + requestPatience;
  return goesOn ? failure.request : undefined;
}

/**
 * A token that may be spent twice over is presented once more only on a request that is later than that: an earlier one led
 * to what is in doubt now, and the process that was to say so may have ended.
 */
const wasAnswered = ({ attempt }: Observation, request: string): boolean =>
  isSpent(attempt, 'Held') && (parseInstant(request) ?? 0) <= (doubtOf(attempt, 'Held')?.startedAt ?? 0);

/** When a refresh may be tried; `undefined` when not by itself: it failed for good, or its token may be spent twice over. */
function nextRefreshAttempt(o: Observation, now: Now): Instant | undefined {
  const at = isSpent(o.attempt, 'Held') ? undefined : nextAttempt(o, 'Refresh', now);
  return at === undefined ? undefined : Math.max(at, attemptEnds(o.attempt), onceMoreAt(o, 'Refresh', 'Held', now));
}

/** What issues tokens answered nothing since the answer to a refresh was lost, as far as this process knows. */
function isSilent(o: Observation): boolean {
  const { failures, witnessedAt = 0 } = o.history;
  const lost = failures.Refresh;
  if (lost === undefined || !isTransient(lost)) return false;
  return !isAfter(witnessedAt, lost.time) && givenSince(o, lost.time) === undefined;
}

/** Whether it is time that makes a refresh due, or lets one be tried again. */
const dependsOnTime = (o: Observation, because: RefreshReason): boolean =>
  because === 'Due' || o.history.failures.Refresh !== undefined;

/** Whether something else is to be asked of Square before the refresh. */
const isHeldUp = (o: Observation, because: RefreshReason, now: Now): boolean =>
  because === 'AnswerLost' ? isSilent(o) : dependsOnTime(o, because) && timeIsDoubtful(o, now);

/** No answer has told the time yet. One that came without a time is as good as can be had; one that stands alone is not. */
const timeIsDoubtful = (o: Observation, now: Now): boolean =>
  !now.confirmed && (!isAnswered(o) || now.disputed === true);

/** An answer to this process sets both; what the status tells of another one's may be ahead of a clock that is behind. */
const isAnswered = ({ history: { verifiedAt, verifyFrom } }: Observation): boolean => verifiedAt === verifyFrom;

/** Answers that do not agree on the time are asked for again so often. */
const witnessEvery = minutes(1);

/** When Square is asked what time it is. */
const nextWitness = (o: Observation, now: Now): Instant =>
  isAnswered(o) && now.disputed === true ? o.history.verifyFrom + witnessEvery : nextProof(o, now);

/** When the next refresh is asked for, as things stand; `undefined` when none will be before something changes. */
export function nextRefresh(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Instant | undefined {
  const askable = askableAt(o);
  if (askable === undefined || grant.refreshToken === undefined) return undefined;
  if (spec.suspend === true || isOfAnotherMerchant(grant, spec)) return undefined;
  const attempt = nextRefreshAttempt(o, now);
  const presentable = presentableAt(o, grant);
  if (attempt === undefined || presentable === undefined) return undefined;
  const because = refreshReason(o, grant, spec, now);
  const due = because === undefined ? refreshDueAt(spec, grant, o.connection.uid) : 0;
  const proof = because !== undefined && isHeldUp(o, because, now) ? nextWitness(o, now) : 0;
  return Math.max(due, attempt, proof, askable, presentable);
}
