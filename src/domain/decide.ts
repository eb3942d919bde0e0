import type { ConnectionSpec } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import { arrivalInstants, dismiss, receive } from './arrivals.ts';
import { attemptEnds, isSpent } from './attempt.ts';
import { endLink, linkEnds, offerLink } from './connect-link.ts';
import { recordIn } from './custody.ts';
import { part } from './deletion.ts';
import { disconnect, isDisconnecting } from './disconnect.ts';
import { finalize } from './finalizers.ts';
import { isAmong, presenting } from './given.ts';
import type { Grant } from './grant.ts';
import type { Now, Observation } from './observation.ts';
import { askedFor, onceMoreAt } from './once-more.ts';
import { nextAttempt, nextVerification, whenDue, whyVerified } from './pace.ts';
import { deathOf, tokenEnd, wantedWrite, withdraw } from './publication.ts';
import { askableAt, nextRefresh, refresh } from './renewal.ts';
import { requestEnds, requestState } from './requests.ts';
import { resealOrWait } from './reseal.ts';
import { nextRestart, restart } from './restart.ts';
import { lookForSecretEvery } from './schedule.ts';
import { setAsideOf } from './set-aside.ts';
import type { AdoptReason, Step, WaitReason } from './step.ts';
import { isOfAnotherMerchant } from './wanted.ts';

/**
 * The next step for a connection: the first rule that applies. Pure; the same observation always gives the same step.
 * After `Wait` nothing is left to do until its instant, which is ahead, or until something changes.
 */
export function decide(o: Observation, now: Now): Step {
  const step = nextStep(o, now);
  return step.kind === 'Wait' ? resealOrWait(step, o, now) : step;
}

function nextStep(o: Observation, now: Now): Step {
  const { spec } = o.connection;
  if (o.connection.deleting) return leave(o, now);
  if (!spec.ok) return wait(o, now, 'SpecInvalid');
  const finalizing = finalize(o, now);
  if (finalizing !== undefined) return finalizing;
  // No call and no write of a Secret, but the clock still moves the token to its end.
  if (spec.value.suspend === true) return wait(o, now, 'Suspended');
  return (
    offerLink(o, now) ??
    whenDue('Dismiss', dismiss(o, now) ?? endLink(o, now), o, now) ??
    blocked(o, now) ??
    disconnect(o, now) ??
    disconnecting(o, spec.value, now) ??
    withinBudget(o, whenDue('Receive', receive(o, now), o, now)) ??
    withinBudget(o, takeUp(o, now)) ??
    adopt(o, now) ??
    (o.grant.kind === 'Held' ? live(o, o.grant.grant, spec.value, now) : unauthorized(o, now))
  );
}

/** Without a budget nothing is asked of Square; everything else goes on. */
const withinBudget = (o: Observation, step: Step | undefined): Step | undefined =>
  o.throttled === true ? undefined : step;

const restOf = (o: Observation): WaitReason => (o.throttled === true ? 'Throttled' : 'NothingDue');

/** Waits for the first of the instants. Whatever is waited for, the clock moves tokens and requests to their end. */
function wait(o: Observation, now: Now, because: WaitReason, ...instants: readonly (Instant | undefined)[]): Step {
  const end = tokenEnd(o);
  const wanted = instants.filter((instant) => instant !== undefined);
  // Whatever waits for the budget is woken when there is some.
  const ahead = [
    ...wanted.filter((instant) => o.throttled !== true || instant > now.square),
    ...requestEnds(o, now),
    ...arrivalInstants(o, now),
    ...linkEnds(o, now),
  ];
  // What of finalizers, of a deletion and of sign-ins failed is tried again beside everything else.
  const beside = (['Finalize', 'Receive', 'Dismiss'] as const).map((operation) => nextAttempt(o, operation, now));
  for (const at of [end, ...beside]) if (at !== undefined && at > now.square) ahead.push(at);
  return ahead.length === 0 ? { kind: 'Wait', because } : { kind: 'Wait', because, until: Math.min(...ahead) };
}

/** The write of a token Secret that is wanted, unless one failed a moment ago; without one, waits. */
function writeOrWait(o: Observation, now: Now, write: Step | undefined, ...waiting: Waiting): Step {
  const at = nextAttempt(o, 'Publish', now) ?? 0;
  if (write !== undefined && at <= now.square) return write;
  return wait(o, now, ...waiting, write && at);
}

/** Nothing is asked for it any more but to end it, and its status stays true for as long as a finalizer keeps it. */
function leave(o: Observation, now: Now): Step {
  const step = part(o, now);
  return step.kind === 'Later' ? writeOrWait(o, now, withdraw(o, now), 'Deleting', step.at) : step;
}

/** Square has not ended the authorization yet: what is published is kept true, and nothing is renewed or taken up. */
function disconnecting(o: Observation, spec: ConnectionSpec, now: Now): Step | undefined {
  if (!isDisconnecting(o, now)) return undefined;
  if (o.grant.kind !== 'Held' || isOfAnotherMerchant(o.grant.grant, spec)) {
    return writeOrWait(o, now, withdraw(o, now), 'Disconnecting', nextAttempt(o, 'Revoke', now));
  }
  const instants = [nextAttempt(o, 'Revoke', now), nextVerification(o, spec, now)] as const;
  return (
    withinBudget(o, verify(o, spec, now)) ?? writeOrWait(o, now, wantedWrite(o, now), 'Disconnecting', ...instants)
  );
}

type Waiting = [because: WaitReason, ...instants: (Instant | undefined)[]];

/** A record that is there but cannot be used: nothing may overwrite it, so nothing is asked of Square either. */
function blocked(o: Observation, now: Now): Step | undefined {
  // Whoever stores it tells when it is done.
  if (o.unsettled !== undefined) return writeOrWait(o, now, withdraw(o, now), 'GrantNotStored');
  switch (o.grant.kind) {
    case 'NotOwned':
      return writeOrWait(o, now, withdraw(o, now), 'GrantBlocked', o.grant.retryAt);
    case 'Unreadable':
    case 'OfAnotherApplication':
      return writeOrWait(o, now, withdraw(o, now), 'GrantBlocked');
    case 'Closed':
      return writeOrWait(o, now, withdraw(o, now), 'ApplicationProblem');
    case 'Absent':
    case 'Vacant':
    case 'Retained':
    case 'Outdated':
    case 'Held':
      return undefined;
  }
}

/** Verifying and publishing need no client secret: only that the application still allows this connection. */
const canVerify = (o: Observation): boolean => o.application.kind === 'Found' || o.application.kind === 'NotNeeded';

/** Whether the value was taken up before, by the record that is there. */
export const isTaken = ({ grant, credential }: Observation): boolean =>
  credential.kind === 'Given' && isAmong(credential, recordIn(grant)?.taken ?? []);

/** The grant was ended, and no other credential was given since. */
export const isDisconnected = (o: Observation): boolean => {
  const { grant, credential } = o;
  if (grant.kind !== 'Vacant' || grant.record.disconnected === undefined) return false;
  return credential.kind === 'None' || isTaken(o);
};

/** Whether the credential that is given now was tried before, and failed. */
export const wasTried = ({ credential, history }: Observation): boolean =>
  credential.kind === 'Given' &&
  history.failures.TakeUp !== undefined &&
  isAmong(credential, [history.triedCredential ?? credential.digest]);

/** When the credential that is given is tried; `undefined`: there is none to try, or something has to change first. */
function takeUpAt(o: Observation, now: Now): Instant | undefined {
  const { credential, grant } = o;
  if (credential.kind !== 'Given' || isTaken(o) || setAsideOf(o) !== undefined) return undefined;
  if (grant.kind !== 'Absent' && grant.kind !== 'Vacant' && grant.kind !== 'Held') return undefined;
  const presents = presenting(credential, o.attempt);
  if (isSpent(o.attempt, presents)) return undefined;
  const personal = credential.type === 'personalAccessToken';
  const askable = personal ? (canVerify(o) ? 0 : undefined) : askableAt(o);
  const attempt = wasTried(o) ? nextAttempt(o, 'TakeUp', now) : 0;
  if (askable === undefined || attempt === undefined) return undefined;
  return Math.max(askable, attempt, attemptEnds(o.attempt), onceMoreAt(o, 'TakeUp', presents, now));
}

/** A credential is tried when it is new; the held grant is replaced only by Square's success. */
function takeUp(o: Observation, now: Now): Step | undefined {
  const at = takeUpAt(o, now);
  if (at === undefined || at > now.square || o.credential.kind !== 'Given') return undefined;
  const because = wasTried(o) ? 'CredentialRetry' : 'CredentialNew';
  return { kind: 'TakeUp', credential: o.credential.type, because, ...askedFor(o, now) };
}

/** What an earlier connection left, and what is older than the status knows, is taken only by a sign. */
function adopt(o: Observation, now: Now): Step | undefined {
  const { grant } = o;
  if (grant.kind !== 'Retained' && grant.kind !== 'Outdated') return undefined;
  if (attemptEnds(o.attempt) > now.square) return undefined;
  const because = adoptReason(o, grant.grant, now);
  const request = o.connection.requests.adopt;
  if (because === undefined) return undefined;
  return because === 'AdoptRequested' && request !== undefined
    ? { kind: 'Adopt', because, request }
    : { kind: 'Adopt', because };
}

function adoptReason(o: Observation, grant: Grant, now: Now): AdoptReason | undefined {
  if (requestState(o, 'adopt', now) === 'Act') return 'AdoptRequested';
  if (o.grant.kind !== 'Retained' || !o.connection.spec.ok) return undefined;
  const pin = o.connection.spec.value.merchantID;
  if (pin !== undefined && pin !== grant.merchantID) return undefined;
  if (pin !== undefined) return 'MerchantMatches';
  return isTaken(o) ? 'CredentialAlreadyTaken' : undefined;
}

/** No grant is held: say what is missing, and when to try again. */
function unauthorized(o: Observation, now: Now): Step {
  return writeOrWait(o, now, withdraw(o, now), ...missing(o, now));
}

function missing(o: Observation, now: Now): Waiting {
  const { credential } = o;
  if (o.grant.kind === 'Retained' || o.grant.kind === 'Outdated') {
    return ['RetainedGrantFound', o.attempt.kind === 'Open' ? o.attempt.until : undefined];
  }
  if (isDisconnected(o)) return ['Disconnected'];
  if (credential.kind === 'None') return ['AwaitingAuthorization'];
  if (credential.kind === 'Problem') {
    const unseen =
      credential.reason === 'CredentialSecretNotFound' || credential.reason === 'CredentialSecretWrongType';
    return ['CredentialProblem', unseen ? now.square + lookForSecretEvery : undefined];
  }
  const at = takeUpAt(o, now);
  if (o.throttled === true) return ['Throttled', at];
  if (at !== undefined) return [at === askableAt(o) ? 'ApplicationProblem' : 'Backoff', at];
  const usable = credential.type === 'personalAccessToken' ? canVerify(o) : askableAt(o) !== undefined;
  return [usable ? 'CredentialRefused' : 'ApplicationProblem'];
}

/** A grant is held: keep its token fresh, proven and published, in this order. */
function live(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Step {
  if (isOfAnotherMerchant(grant, spec)) {
    return writeOrWait(o, now, withdraw(o, now), 'OtherMerchant', takeUpAt(o, now));
  }
  if (!canVerify(o)) return writeOrWait(o, now, withdraw(o, now), 'ApplicationProblem');
  return (
    withinBudget(o, refresh(o, grant, spec, now) ?? verify(o, spec, now)) ??
    restart(o, spec, now) ??
    writeOrWait(o, now, wantedWrite(o, now), restOf(o), ...nextInstants(o, grant, spec, now))
  );
}

function verify(o: Observation, spec: ConnectionSpec, now: Now): Step | undefined {
  if (now.square < nextVerification(o, spec, now)) return undefined;
  return { kind: 'Verify', because: whyVerified(o) };
}

/** The instants at which anything but a write could be due. */
function nextInstants(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): (Instant | undefined)[] {
  const { tokenSecret } = o;
  const taken = tokenSecret.kind === 'NotOwned' && tokenSecret.retryAt > now.square && deathOf(o, now) === undefined;
  return [
    nextVerification(o, spec, now),
    nextRestart(o, spec)?.at,
    nextRefresh(o, grant, spec, now),
    takeUpAt(o, now),
    taken ? tokenSecret.retryAt : undefined,
  ];
}
