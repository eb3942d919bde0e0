import type { ConnectionStatus, LastFailure } from '../api/connection.ts';
import { type Instant, parseInstant } from '../clock.ts';
import type { FailureStreak, GrantState, History, Now, Proof } from './observation.ts';
import { isRefusal } from './pace.ts';

/** A stored condition, as far as later passes need it. */
export interface StoredCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly since: string;
}

/**
 * What later passes, and the metrics, need of a stored status. Kept in memory for every connection, so it holds numbers
 * and shared strings and no message but the last failure's.
 */
export interface StoredStatus {
  readonly conditions: ReadonlyMap<string, StoredCondition>;
  readonly revision: number;
  readonly merchantID?: string;
  readonly merchantName?: string;
  readonly scopes?: readonly string[];
  readonly secretName?: string;
  readonly issuedAt?: Instant;
  readonly expiresAt?: Instant;
  readonly refreshTokenExpiresAt?: Instant;
  readonly nextRefreshAt?: Instant;
  readonly lastVerifyTime?: Instant;
  readonly lastFailure?: LastFailure;
  readonly handledRefresh?: string;
  readonly handledAdopt?: string;
}

/** Strings that come again in thousands of statuses are kept once. */
const shared = new Map<string, string>();
function share(text: string): string {
  const known = shared.get(text);
  if (known !== undefined) return known;
  if (shared.size < 1_000) shared.set(text, text);
  return text;
}

const optional = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });

const instant = (text: string | undefined): Instant | undefined =>
  text === undefined ? undefined : parseInstant(text);

export function readStatus(status: ConnectionStatus): StoredStatus {
  const conditions = new Map<string, StoredCondition>();
  for (const { type, status: value, reason, lastTransitionTime } of status.conditions ?? []) {
    conditions.set(share(type), { status: value, reason: share(reason), since: lastTransitionTime });
  }
  return {
    conditions,
    revision: status.revision ?? 0,
    ...optional('merchantID', status.merchantID),
    ...optional('merchantName', status.merchantName),
    ...optional('scopes', status.scopes?.map(share)),
    ...optional('secretName', status.secretName),
    ...optional('issuedAt', instant(status.accessTokenIssuedAt)),
    ...optional('expiresAt', instant(status.accessTokenExpiresAt)),
    ...optional('refreshTokenExpiresAt', instant(status.refreshTokenExpiresAt)),
    ...optional('nextRefreshAt', instant(status.nextRefreshTime)),
    ...optional('lastVerifyTime', instant(status.lastVerifyTime)),
    ...optional('lastFailure', status.lastFailure),
    ...optional('handledRefresh', status.lastHandledRefreshRequest),
    ...optional('handledAdopt', status.lastHandledAdoptRequest),
  };
}

/** What a process that has just begun knows of a connection: what its status says, if that speaks of this grant. */
export function recall(stored: StoredStatus, grant: GrantState, now: Now): History {
  const revision = 'grant' in grant ? grant.grant.generation : 0;
  const current = grant.kind === 'Held' && stored.revision === revision;
  const { lastFailure } = stored;
  const streak = lastFailure === undefined ? undefined : recallStreak(lastFailure, now);
  return {
    revision,
    proof: current ? recallProof(stored.conditions) : { kind: 'None' },
    carried: false,
    failures: lastFailure !== undefined && streak !== undefined ? { [lastFailure.operation]: streak } : {},
    verifyFrom: now.square,
    handled: { ...optional('refresh', stored.handledRefresh), ...optional('adopt', stored.handledAdopt) },
    ...optional('triedCredential', lastFailure?.credentialDigest),
    ...(current
      ? {
          ...optional('verifiedAt', stored.lastVerifyTime),
          ...optional('merchantName', stored.merchantName),
          ...optional('scopes', stored.scopes),
        }
      : {}),
  };
}

/** The last decisive word about the token. `Valid` alone may be Unknown for a while; the others keep what was proven. */
function recallProof(conditions: StoredStatus['conditions']): Proof {
  if (conditions.get('Revoked')?.status === 'True') return { kind: 'Revoked' };
  const valid = conditions.get('Valid');
  if (valid?.reason === 'TokenRejected') return { kind: 'Unauthorized' };
  if (valid?.reason === 'AccessTokenExpired') return { kind: 'Expired' };
  const accepted = valid?.status === 'True' || conditions.get('Revoked')?.status === 'False';
  return accepted ? { kind: 'Accepted' } : { kind: 'None' };
}

/** The class of a stored failure: a refusal is named by its reason. Everything else is tried again, backing off. */
function recallStreak(failure: LastFailure, now: Now): FailureStreak {
  const named = failure.reason as FailureStreak['class'];
  const failureClass = failure.reason === 'RequestRefused' ? 'BadRequest' : isRefusal(named) ? named : 'Unknown';
  return {
    since: instant(failure.since) ?? now.square,
    time: instant(failure.time) ?? now.square,
    count: failure.count,
    class: failureClass,
    reason: failure.reason,
    message: failure.message,
  };
}
