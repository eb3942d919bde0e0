import type { ConnectionStatus, LastFailure } from '../api/connection.ts';
import { type Instant, parseInstant } from '../clock.ts';
import { classOfReason } from './failure.ts';
import type { Grant } from './grant.ts';
import type { FailureStreak, GrantState, History, Now, Operation, Proof } from './observation.ts';
import { StoredConditions } from './stored-conditions.ts';

/**
 * What later passes, and the metrics, need of a stored status. Kept in memory for every connection, so it holds numbers
 * and shared strings and no message but the last failure's.
 */
export interface StoredStatus {
  readonly conditions: StoredConditions;
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
  /** The failure that weighs most first. */
  readonly failures: readonly LastFailure[];
  readonly handledRefresh?: string;
  readonly handledDisconnect?: string;
  readonly handledAdopt?: string;
  readonly handledConnect?: string;
}

/** Strings that come again in thousands of statuses are kept once. */
const shared = new Map<string, string>();
function share(text: string): string {
  const known = shared.get(text);
  if (known !== undefined) return known;
  if (shared.size < 1_000) shared.set(text, text);
  return text;
}

const lists = new Map<string, readonly string[]>();
function shareList(texts: readonly string[]): readonly string[] {
  const id = JSON.stringify(texts);
  const known = lists.get(id);
  if (known !== undefined) return known;
  const list = texts.map(share);
  if (lists.size < 1_000) lists.set(id, list);
  return list;
}

/** One for all that have none. */
const none: readonly never[] = [];
const nothing = Object.freeze({});

const optional = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });

const instant = (text: string | undefined): Instant | undefined =>
  text === undefined ? undefined : parseInstant(text);

/** A status can be edited by hand. Generations are counted on from it, and have to stay whole numbers. */
const believable = (revision: number): number => (revision < Number.MAX_SAFE_INTEGER - 2 ** 20 ? revision : 2 ** 52);

export function readStatus(status: ConnectionStatus): StoredStatus {
  return {
    conditions: new StoredConditions(status.conditions ?? []),
    revision: believable(status.revision ?? 0),
    ...optional('merchantID', status.merchantID),
    ...optional('merchantName', status.merchantName),
    ...optional('scopes', status.scopes && shareList(status.scopes)),
    ...optional('secretName', status.secretName),
    ...optional('issuedAt', instant(status.accessTokenIssuedAt)),
    ...optional('expiresAt', instant(status.accessTokenExpiresAt)),
    ...optional('refreshTokenExpiresAt', instant(status.refreshTokenExpiresAt)),
    ...optional('nextRefreshAt', instant(status.nextRefreshTime)),
    ...optional('lastVerifyTime', instant(status.lastVerifyTime)),
    failures: status.lastFailure === undefined ? none : [status.lastFailure, ...(status.otherFailures ?? [])],
    ...optional('handledRefresh', status.lastHandledRefreshRequest),
    ...optional('handledDisconnect', status.lastHandledDisconnectRequest),
    ...optional('handledAdopt', status.lastHandledAdoptRequest),
    ...optional('handledConnect', status.lastHandledConnectRequest),
  };
}

/** What a process that has just begun knows of a connection: what its status says, if that speaks of this grant. */
export function recall(stored: StoredStatus, grant: GrantState, now: Now): History {
  const held = grant.kind === 'Held' ? grant.grant : undefined;
  const speaksOfIt = held === undefined || stored.revision === held.generation;
  const proof: Proof = held !== undefined && speaksOfIt ? recallProof(stored, now) : { kind: 'None' };
  // What was never verified itself was only taken for good because the token before it was.
  const inherited = proof.kind === 'Accepted' && (stored.lastVerifyTime ?? 0) < (stored.issuedAt ?? 0);
  const tokenEnds = held === undefined ? stored.expiresAt : held.accessToken.expiresAt;
  return {
    revision: held?.generation ?? 0,
    proof: inherited ? { kind: 'None' } : proof,
    inPlaceOf: inherited ? 'Accepted' : 'Nothing',
    verifyFrom: now.square,
    handled: handledOf(stored),
    ...recallFailures(stored, held, speaksOfIt),
    ...optional('tokenEnds', tokenEnds),
    ...(speaksOfIt
      ? {
          ...(held !== undefined && held.merchantID === undefined ? optional('merchantID', stored.merchantID) : {}),
          ...optional('verifiedAt', stored.lastVerifyTime),
          ...optional('merchantName', stored.merchantName),
          ...optional('scopes', stored.scopes),
        }
      : {}),
  };
}

function handledOf(stored: StoredStatus): History['handled'] {
  const { handledRefresh, handledDisconnect, handledAdopt, handledConnect } = stored;
  if ((handledRefresh ?? handledDisconnect ?? handledAdopt ?? handledConnect) === undefined) return nothing;
  return {
    ...optional('refresh', handledRefresh),
    ...optional('disconnect', handledDisconnect),
    ...optional('adopt', handledAdopt),
    ...optional('connect', handledConnect),
  };
}

/**
 * The last decisive word about the token. `Valid` alone may be Unknown for a while; the others keep what was proven. An
 * end that the clock alone explains is left to the clock, which may yet be found wrong, and was when the end is ahead.
 */
function recallProof(stored: StoredStatus, now: Now): Proof {
  const { conditions, expiresAt, lastVerifyTime } = stored;
  if (conditions.get('Revoked')?.status === 'True') return { kind: 'Revoked' };
  const valid = conditions.get('Valid');
  if (valid?.reason === 'TokenRejected') return { kind: 'Unauthorized' };
  if (valid?.reason === 'AccessTokenExpired') {
    if (expiresAt === undefined) return { kind: 'Expired' };
    if (expiresAt > now.square) return wasSaidBefore(expiresAt, conditions) ? { kind: 'Expired' } : { kind: 'None' };
    return lastVerifyTime === undefined ? { kind: 'None' } : { kind: 'Accepted' };
  }
  const accepted = valid?.status === 'True' || conditions.get('Revoked')?.status === 'False';
  if (!accepted) return { kind: 'None' };
  return isRefusedSince(stored) ? { kind: 'Accepted', doubted: true } : { kind: 'Accepted' };
}

/** Whether the token was said to have ended before its end, by which only Square can have said so, and no clock. */
const wasSaidBefore = (end: Instant, conditions: StoredConditions): boolean =>
  (instant(conditions.get('Expired')?.since) ?? end) < end;

/** Whether the refresh token was refused after the access token was accepted last. */
const isRefusedSince = ({ failures, lastVerifyTime = 0 }: StoredStatus): boolean =>
  failures.some(
    ({ operation, reason, time }) =>
      operation === 'Refresh' &&
      classOfReason(reason) === 'RefreshTokenRefused' &&
      lastVerifyTime < (instant(time) ?? 0),
  );

/** Failures of a token speak of that token alone; a credential's only until it was taken. */
function recallFailures(
  { failures: stored }: StoredStatus,
  held: Grant | undefined,
  speaksOfIt: boolean,
): Pick<History, 'failures' | 'triedCredential'> {
  if (stored.length === 0) return { failures: nothing };
  const failures: { [operation in Operation]?: FailureStreak } = {};
  let triedCredential: string | undefined;
  for (const failure of stored) {
    const { operation, credentialDigest } = failure;
    const taken = credentialDigest !== undefined && held?.taken.includes(credentialDigest) === true;
    const ofToken = operation === 'Refresh' || operation === 'Verify';
    const over = operation === 'TakeUp' ? taken : ofToken && !speaksOfIt;
    if (over) continue;
    failures[operation] = recallStreak(failure);
    triedCredential ??= credentialDigest;
  }
  return { failures, ...optional('triedCredential', triedCredential) };
}

function recallStreak(failure: LastFailure): FailureStreak {
  const { count, reason, message, request, merchantID } = failure;
  return {
    since: instant(failure.since) ?? 0,
    time: instant(failure.time) ?? 0,
    count,
    class: reason === 'OtherMerchant' ? reason : classOfReason(reason),
    reason,
    message,
    ...optional('retryAt', instant(failure.retryAt)),
    ...optional('request', request),
    ...optional('merchantID', merchantID),
  };
}

/**
 * What was noted while the clock was ahead of Square's counts as noted now. A clock that no answer has confirmed since the
 * start is no reason to correct what stands in the status.
 */
export function noLaterThan(now: Now, history: History): History {
  const { verifyFrom, verifiedAt } = history;
  const noted = { ...history, verifyFrom: Math.min(verifyFrom, now.square) };
  if (!now.confirmed) return noted;
  const failures = Object.entries(history.failures).map(([operation, streak]) => [
    operation,
    earlier(streak, now.square),
  ]);
  return {
    ...noted,
    ...optional('verifiedAt', verifiedAt && Math.min(verifiedAt, now.square)),
    failures: Object.fromEntries(failures),
  };
}

function earlier(streak: FailureStreak, now: Instant): FailureStreak {
  if (streak.time <= now) return streak;
  const moved = Math.floor(now / 1_000) * 1_000;
  const { retryAt } = streak;
  return {
    ...streak,
    time: moved,
    since: Math.min(streak.since, moved),
    ...optional('retryAt', retryAt && moved + Math.max(0, retryAt - streak.time)),
  };
}
