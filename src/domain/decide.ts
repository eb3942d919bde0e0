import type { ConnectionSpec } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import type { Grant } from './grant.ts';
import type { Now, Observation } from './observation.ts';
import { nextAttempt, nextProof, nextVerification } from './pace.ts';
import { requestState } from './requests.ts';
import { refreshDueAt } from './schedule.ts';
import type { AdoptReason, RefreshReason, Step, WaitReason } from './step.ts';
import { sameScopes, wantedToken } from './wanted.ts';

/**
 * The next step for a connection: the first rule that applies. Pure; the same observation always gives the same step.
 * After `Wait` nothing is left to do until its instant, or until something changes.
 */
export function decide(o: Observation, now: Now): Step {
  const { spec } = o.connection;
  if (o.connection.deleting) return wait('Deleting');
  if (!spec.ok) return wait('SpecInvalid');
  if (spec.value.suspend === true) return suspended(o, now);
  return (
    blocked(o) ??
    takeUp(o, now) ??
    adopt(o, now) ??
    (o.grant.kind === 'Held' ? live(o, o.grant.grant, spec.value, now) : unauthorized(o, now))
  );
}

const wait = (because: WaitReason, until?: Instant): Step =>
  until === undefined ? { kind: 'Wait', because } : { kind: 'Wait', because, until };

/** Suspended: no call and no write, but the clock still moves the token to its end. */
function suspended(o: Observation, now: Now): Step {
  const end = o.grant.kind === 'Held' ? o.grant.grant.accessToken.expiresAt : undefined;
  return end !== undefined && end > now.square ? wait('Suspended', end) : wait('Suspended');
}

/** A record that is there but cannot be used: nothing may overwrite it, so nothing is asked of Square either. */
function blocked(o: Observation): Step | undefined {
  switch (o.grant.kind) {
    case 'NotOwned':
      return wait('GrantBlocked', o.grant.retryAt);
    case 'Unreadable':
    case 'OfAnotherApplication':
      return wait('GrantBlocked');
    case 'Closed':
      return wait('ApplicationProblem');
    case 'Absent':
    case 'Retained':
    case 'Outdated':
    case 'Held':
      return undefined;
  }
}

/** Whether Square can be asked for a token in the name of the application. */
function canAsk(o: Observation, now: Now): boolean {
  if (o.application.kind !== 'Found' || o.application.clientSecret.kind === 'Problem') return false;
  return o.application.refusal === undefined || now.square >= o.application.refusal.retryAt;
}

/** A credential is tried when it is new; the held grant is replaced only by Square's success. */
function takeUp(o: Observation, now: Now): Step | undefined {
  const { credential, grant, history } = o;
  if (credential.kind !== 'Given' || alreadyTaken(o, credential.digest)) return undefined;
  if (grant.kind !== 'Absent' && grant.kind !== 'Held') return undefined;
  const needsApplication = credential.type !== 'personalAccessToken';
  if (needsApplication ? !canAsk(o, now) : !canVerify(o)) return undefined;
  const failure = history.failures.TakeUp;
  const tried = failure !== undefined && (history.triedCredential ?? credential.digest) === credential.digest;
  if (!tried) return { kind: 'TakeUp', credential: credential.type, because: 'CredentialNew' };
  const at = nextAttempt(o, 'TakeUp');
  if (at === undefined || at > now.square) return undefined;
  return { kind: 'TakeUp', credential: credential.type, because: 'CredentialRetry' };
}

/** What an earlier connection left, and what is older than the status knows, is taken only by a sign. */
function adopt(o: Observation, now: Now): Step | undefined {
  const { grant } = o;
  if (grant.kind !== 'Retained' && grant.kind !== 'Outdated') return undefined;
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
  const given = o.credential.kind === 'Given' && grant.taken.includes(o.credential.digest);
  return given ? 'CredentialAlreadyTaken' : undefined;
}

/** No grant is held: say what is missing, and when to try again. */
function unauthorized(o: Observation, now: Now): Step {
  if (o.credential.kind === 'Problem') return wait('CredentialProblem');
  if (o.credential.kind === 'Given' && !alreadyTaken(o, o.credential.digest)) {
    if (o.application.kind === 'Found' && o.application.refusal !== undefined) {
      return wait('ApplicationProblem', o.application.refusal.retryAt);
    }
    if (o.credential.type !== 'personalAccessToken' && !canAsk(o, now)) return wait('ApplicationProblem');
    const at = nextAttempt(o, 'TakeUp');
    return at === undefined ? wait('CredentialRefused') : wait('Backoff', at);
  }
  if (o.grant.kind === 'Retained' || o.grant.kind === 'Outdated') return wait('RetainedGrantFound');
  return wait('AwaitingAuthorization');
}

const alreadyTaken = (o: Observation, digest: string): boolean =>
  'grant' in o.grant && o.grant.grant.taken.includes(digest);

/** Verifying and publishing need no client secret: only that the application still allows this connection. */
const canVerify = (o: Observation): boolean => o.application.kind === 'Found' || o.application.kind === 'NotNeeded';

/** A grant is held: keep its token fresh, proven and published, in this order. */
function live(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Step {
  if (spec.merchantID !== undefined && grant.merchantID !== undefined && spec.merchantID !== grant.merchantID) {
    return wait('OtherMerchant');
  }
  if (!canVerify(o)) return withdraw(o, now, grant) ?? wait('ApplicationProblem', grant.accessToken.expiresAt);
  return (
    refresh(o, grant, spec, now) ??
    verify(o, spec, now) ??
    publish(o, grant, now) ??
    withdraw(o, now, grant) ??
    remove(o) ??
    wait('NothingDue', nextInstant(o, grant, spec, now))
  );
}

/** Why a new access token is wanted now, whatever the backoff says; `undefined` when none is. */
function refreshReason(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): RefreshReason | undefined {
  if (requestState(o, 'refresh', now) === 'Act') return 'RefreshRequested';
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

function refresh(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Step | undefined {
  if (grant.refreshToken === undefined || !canAsk(o, now)) return undefined;
  const because = refreshReason(o, grant, spec, now);
  if (because === undefined) return undefined;
  const request = o.connection.requests.refresh;
  if (because === 'RefreshRequested' && request !== undefined) return { kind: 'Refresh', because, request };
  const at = nextAttempt(o, 'Refresh');
  if (at === undefined || at > now.square) return undefined;
  // A change of time alone spends no token: the first answer of Square tells what time it is.
  if (because === 'Due' && !now.confirmed) {
    return now.square >= nextProof(o) ? { kind: 'Verify', because: 'TimeUnconfirmed' } : undefined;
  }
  return { kind: 'Refresh', because };
}

function verify(o: Observation, spec: ConnectionSpec, now: Now): Step | undefined {
  if (now.square < nextVerification(o, spec)) return undefined;
  return { kind: 'Verify', because: o.history.proof.kind === 'None' ? 'Unproven' : 'Slot' };
}

export const isExpired = (grant: Grant, now: Now): boolean =>
  grant.accessToken.expiresAt !== undefined && now.square >= grant.accessToken.expiresAt;

/** A rejected or expired token is never newly published. One that nobody could prove either way is: Square issued it. */
function publish(o: Observation, grant: Grant, now: Now): Step | undefined {
  const { tokenSecret, history } = o;
  if (history.proof.kind !== 'Accepted' && history.proof.kind !== 'None') return undefined;
  if (isExpired(grant, now)) return undefined;
  switch (tokenSecret.kind) {
    case 'Absent':
      return { kind: 'Publish', because: 'NotPublished' };
    case 'NotOwned':
      return now.square >= tokenSecret.retryAt ? { kind: 'Publish', because: 'NotPublished' } : undefined;
    case 'Ours':
      return tokenSecret.current && tokenSecret.state === undefined
        ? undefined
        : { kind: 'Publish', because: 'Changed' };
    case 'Unrenderable':
      return undefined;
  }
}

/** A published token that no longer works is said to be so in the same pass. */
function withdraw(o: Observation, now: Now, grant: Grant): Step | undefined {
  if (o.tokenSecret.kind !== 'Ours') return undefined;
  const { proof } = o.history;
  const state =
    proof.kind === 'Revoked'
      ? 'revoked'
      : proof.kind === 'Unauthorized'
        ? 'rejected'
        : proof.kind === 'Expired' || isExpired(grant, now)
          ? 'expired'
          : undefined;
  if (state === undefined || o.tokenSecret.state === state) return undefined;
  return { kind: 'Withdraw', state, because: 'TokenDead' };
}

/** After a renaming the new Secret is published first; then the old one goes. */
function remove(o: Observation): Step | undefined {
  const [name] = o.formerTokenSecrets;
  if (name === undefined || o.tokenSecret.kind !== 'Ours' || !o.tokenSecret.current) return undefined;
  return { kind: 'Remove', name, because: 'Renamed' };
}

/** The next instant at which anything could be due. */
function nextInstant(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Instant {
  const instants = [nextVerification(o, spec)];
  const { expiresAt } = grant.accessToken;
  if (expiresAt !== undefined && expiresAt > now.square) instants.push(expiresAt);
  const refreshAt = nextRefresh(o, grant, spec, now);
  if (refreshAt !== undefined) instants.push(refreshAt);
  const takeUpAt = newCredentialAt(o);
  if (takeUpAt !== undefined) instants.push(takeUpAt);
  if (o.tokenSecret.kind === 'NotOwned') instants.push(o.tokenSecret.retryAt);
  return Math.min(...instants);
}

/** When the next refresh is asked for, as things stand; `undefined` when none will be before something changes. */
export function nextRefresh(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Instant | undefined {
  if (grant.refreshToken === undefined || o.application.kind !== 'Found') return undefined;
  if (o.application.clientSecret.kind === 'Problem') return undefined;
  const attempt = nextAttempt(o, 'Refresh');
  if (attempt === undefined) return undefined;
  const because = refreshReason(o, grant, spec, now);
  const due = because === undefined ? refreshDueAt(spec, grant, o.connection.uid) : 0;
  const proof = because === 'Due' && !now.confirmed ? nextProof(o) : 0;
  return Math.max(due, attempt, proof, o.application.refusal?.retryAt ?? 0);
}

/** When a new credential beside a held grant is tried again. */
function newCredentialAt(o: Observation): Instant | undefined {
  if (o.credential.kind !== 'Given' || alreadyTaken(o, o.credential.digest)) return undefined;
  if (o.application.kind !== 'Found' || o.application.clientSecret.kind === 'Problem') return undefined;
  const attempt = nextAttempt(o, 'TakeUp');
  return attempt === undefined ? undefined : Math.max(attempt, o.application.refusal?.retryAt ?? 0);
}
