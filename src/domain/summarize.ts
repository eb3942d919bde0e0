import type { ConditionType, Reason } from '../api/conditions.ts';
import type { Condition, ConnectionSpec, ConnectionStatus, LastFailure } from '../api/connection.ts';
import { sealedSecretName } from '../api/names.ts';
import { statusBounds } from '../api/status.ts';
import { formatInstant, type Instant } from '../clock.ts';
import type { Grant } from './grant.ts';
import { presentableAt } from './held-back.ts';
import type { Connection, FailureStreak, Now, Observation, Operation } from './observation.ts';
import { summary } from './ready.ts';
import type { StoredStatus } from './recall.ts';
import { nextRefresh } from './renewal.ts';
import { handledRequests } from './requests.ts';
import {
  expired,
  no,
  published,
  renewable,
  revoked,
  type Since,
  scopesSatisfied,
  unknown,
  type Verdict,
  valid,
  yes,
} from './verdict.ts';
import { wantedScopes } from './wanted.ts';

type Verdicts = Partial<Record<ConditionType, Verdict>>;

/**
 * The whole status, from nothing but what was seen. `stored` tells since when a condition has been as it is, and what was
 * known of a grant that cannot be looked into now.
 */
export function summarize(o: Observation, stored: StoredStatus, now: Now): ConnectionStatus {
  const since: Since = (type, status) => {
    const before = stored.conditions.get(type);
    return before?.status === status ? before.since : formatInstant(now.wall);
  };
  const { ready, reconciling, stalled } = summary(o, now, since);
  const verdicts: Verdicts = {
    Ready: ready,
    ...aboutToken(o, stored, now, since),
    ...(reconciling === undefined ? {} : { Reconciling: reconciling }),
    ...(stalled === undefined ? {} : { Stalled: stalled }),
  };
  return {
    observedGeneration: o.connection.generation,
    conditions: conditions(verdicts, o.connection.generation, since),
    ...aboutSecrets(o),
    ...aboutRecord(o, stored, now),
    ...aboutHistory(o),
    ...(o.authorizeURL === undefined ? {} : { authorizeURL: o.authorizeURL }),
  };
}

function aboutToken(o: Observation, stored: StoredStatus, now: Now, since: Since): Verdicts {
  if (o.grant.kind === 'Held') {
    const { grant } = o.grant;
    return {
      Valid: valid(o, grant, now),
      Expired: expired(o, grant, now),
      Revoked: revoked(o, grant, now, since),
      Renewable: renewable(o, grant, now),
      Published: published(o),
      ScopesSatisfied: scopesSatisfied(o),
    };
  }
  if (o.grant.kind === 'Absent' || o.grant.kind === 'Vacant' || stored.revision === 0) {
    return {
      Valid: unknown('NoToken', 'There is no access token.'),
      Expired: unknown('NoToken', 'There is no access token.'),
      Revoked: unknown('NoToken', 'There is no access token.'),
      Renewable: unknown('NoToken', 'There is no refresh token.'),
      Published: no('NotPublished', leftOver(o)),
      ScopesSatisfied: unknown('ScopesUnknown', 'There is no access token.'),
    };
  }
  return asLastProven(stored, now);
}

function leftOver({ tokenSecret, grant }: Observation): string {
  if (tokenSecret.kind !== 'Ours') return 'There is nothing to publish.';
  const ended = grant.kind === 'Vacant' && grant.record.disconnected !== undefined;
  return ended
    ? `Secret ${tokenSecret.name} holds the token that was ended, and says so.`
    : `Secret ${tokenSecret.name} holds a token of a grant that is not there.`;
}

const lasting = ['Valid', 'Expired', 'Revoked', 'Renewable', 'Published', 'ScopesSatisfied'] as const;

/** The grant cannot be looked into now: what was proven stays, and only the clock moves on. */
function asLastProven(stored: StoredStatus, now: Now): Verdicts {
  const message = 'As it was known last: the sealed grant cannot be used now, see the condition Ready.';
  const verdicts: Verdicts = {};
  for (const type of lasting) {
    const known = stored.conditions.get(type);
    if (known !== undefined) verdicts[type] = { status: known.status, reason: known.reason as Reason, message };
  }
  if (stored.expiresAt !== undefined && now.square >= stored.expiresAt) {
    const ended = `The access token ended at ${formatInstant(stored.expiresAt)}.`;
    verdicts.Expired = yes('AccessTokenExpired', ended);
    verdicts.Valid = no('AccessTokenExpired', ended);
  } else if (stored.expiresAt !== undefined && verdicts.Expired?.status === 'True') {
    // The clock that said so was wrong.
    verdicts.Expired = no('NotExpired', message);
    verdicts.Valid = unknown('Unproven', message);
  }
  return verdicts;
}

function conditions(verdicts: Verdicts, generation: number, since: Since): Condition[] {
  return Object.entries(verdicts).map(([type, { status, reason, message }]) => {
    const lastTransitionTime = since(type as ConditionType, status);
    return { type, status, reason, message, lastTransitionTime, observedGeneration: generation };
  });
}

/** Where the token lies. An earlier name stays until its Secret is gone: it is by this alone that it is known as ours. */
function publishedAs({ tokenSecret, formerTokenSecrets: [former] }: Observation): string | undefined {
  if (former !== undefined) return former.name;
  const isThere = tokenSecret.kind === 'Ours' || (tokenSecret.kind === 'Unrenderable' && tokenSecret.published);
  return isThere ? tokenSecret.name : undefined;
}

function aboutSecrets(o: Observation): ConnectionStatus {
  const secretName = publishedAs(o);
  return {
    ...(secretName === undefined ? {} : { secretName }),
    ...(o.grant.kind === 'Absent' || o.grant.kind === 'NotOwned'
      ? {}
      : { sealedSecretName: sealedSecretName(o.connection.name) }),
    ...('keyID' in o.grant && o.grant.keyID !== undefined ? { sealingKeyID: o.grant.keyID } : {}),
  };
}

function aboutRecord(o: Observation, stored: StoredStatus, now: Now): ConnectionStatus {
  if (o.grant.kind === 'Held') return aboutGrant(o, o.grant.grant, now);
  // Of an ended grant only its revision is left: it guards against older records.
  if (o.grant.kind === 'Vacant') return revisionOf(Math.max(o.grant.record.generation, stored.revision));
  return kept(stored);
}

const revisionOf = (revision: number): ConnectionStatus => (revision === 0 ? {} : { revision });

function aboutGrant(o: Observation, grant: Grant, now: Now): ConnectionStatus {
  const { spec } = o.connection;
  const { accessToken, refreshToken, merchantID } = grant;
  const next = spec.ok ? plannedRefresh(o, grant, spec.value, now) : undefined;
  const wanted = spec.ok ? wantedScopes(o, spec.value) : [];
  return {
    revision: grant.generation,
    accessTokenIssuedAt: formatInstant(accessToken.issuedAt),
    ...(merchantID === undefined ? {} : { merchantID }),
    ...(wanted.length === 0 ? {} : { requestedScopes: wanted.slice(0, statusBounds.scopes) }),
    ...(accessToken.expiresAt === undefined ? {} : { accessTokenExpiresAt: formatInstant(accessToken.expiresAt) }),
    ...(refreshToken?.expiresAt === undefined ? {} : { refreshTokenExpiresAt: formatInstant(refreshToken.expiresAt) }),
    ...(refreshToken === undefined ? {} : { lastRefreshTime: formatInstant(accessToken.issuedAt) }),
    ...(next === undefined ? {} : { nextRefreshTime: formatInstant(next) }),
  };
}

/** The next refresh, as far as it depends on this connection alone: a fault of the application is told there. */
function plannedRefresh(o: Observation, grant: Grant, spec: ConnectionSpec, now: Now): Instant | undefined {
  if (o.application.kind === 'Found' && o.application.refusal !== undefined) return undefined;
  if (presentableAt(o, grant) !== 0) return undefined;
  const next = nextRefresh(o, grant, spec, { ...now, confirmed: true });
  return next === undefined || next <= now.square ? undefined : next;
}

/** What the status said of a grant that cannot be looked into: above all its revision, which guards against old ones. */
function kept(stored: StoredStatus): ConnectionStatus {
  return {
    ...revisionOf(stored.revision),
    ...(stored.merchantID === undefined ? {} : { merchantID: stored.merchantID }),
    ...(stored.issuedAt === undefined ? {} : { accessTokenIssuedAt: formatInstant(stored.issuedAt) }),
    ...(stored.expiresAt === undefined ? {} : { accessTokenExpiresAt: formatInstant(stored.expiresAt) }),
    ...(stored.refreshTokenExpiresAt === undefined
      ? {}
      : { refreshTokenExpiresAt: formatInstant(stored.refreshTokenExpiresAt) }),
  };
}

function aboutHistory(o: Observation): ConnectionStatus {
  const { history } = o;
  const [lastFailure, ...otherFailures] = failures(o);
  const { refresh, disconnect, adopt, connect } = handledRequests(o);
  return {
    ...(history.merchantName === undefined
      ? {}
      : { merchantName: history.merchantName.slice(0, statusBounds.merchantName) }),
    ...(history.scopes === undefined
      ? {}
      : { scopes: history.scopes.slice(0, statusBounds.scopes).map((scope) => scope.slice(0, statusBounds.scope)) }),
    ...(history.verifiedAt === undefined ? {} : { lastVerifyTime: formatInstant(history.verifiedAt) }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    ...(otherFailures.length === 0 ? {} : { otherFailures }),
    ...(refresh === undefined ? {} : { lastHandledRefreshRequest: refresh.slice(0, statusBounds.request) }),
    ...(disconnect === undefined ? {} : { lastHandledDisconnectRequest: disconnect.slice(0, statusBounds.request) }),
    ...(adopt === undefined ? {} : { lastHandledAdoptRequest: adopt.slice(0, statusBounds.request) }),
    ...(connect === undefined ? {} : { lastHandledConnectRequest: connect.slice(0, statusBounds.request) }),
  };
}

const byWeight: readonly Operation[] = [
  'Revoke',
  'TakeUp',
  'Receive',
  'Refresh',
  'Publish',
  'Verify',
  'Finalize',
  'Dismiss',
];

/** The failures, the one that weighs most first. A single failed verification of a proven token is not worth telling. */
function failures({ history, connection }: Observation): LastFailure[] {
  const proven = history.proof.kind !== 'None' || history.inPlaceOf === 'Accepted';
  return byWeight.flatMap((operation) => {
    const streak = history.failures[operation];
    if (streak === undefined || isOver(operation, streak, connection)) return [];
    if (operation === 'Verify' && streak.count < 2 && proven) return [];
    return [stored(operation, streak, operation === 'TakeUp' ? history.triedCredential : undefined)];
  });
}

/** What failed on the way to something that is not wanted any more. */
function isOver(operation: Operation, { request }: FailureStreak, { deleting, requests }: Connection): boolean {
  return operation === 'Revoke' && (deleting ? request !== undefined : request !== requests.disconnect);
}

function stored(operation: Operation, streak: FailureStreak, credentialDigest: string | undefined): LastFailure {
  return {
    operation,
    time: formatInstant(streak.time),
    since: formatInstant(streak.since),
    reason: streak.reason,
    message: streak.message,
    count: streak.count,
    ...(credentialDigest === undefined ? {} : { credentialDigest }),
    ...(streak.request === undefined ? {} : { request: streak.request }),
    ...(streak.retryAt === undefined ? {} : { retryAt: formatInstant(streak.retryAt) }),
    ...(streak.merchantID === undefined ? {} : { merchantID: streak.merchantID }),
  };
}
