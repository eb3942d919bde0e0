import type { ConditionType, Reason } from '../api/conditions.ts';
import { formatInstant } from '../clock.ts';
import { applicationFault } from './application-words.ts';
import { type Doubt, doubtOf, isInDoubt, isSpent } from './attempt.ts';
import type { Grant } from './grant.ts';
import { heldBackMessage } from './held-back.ts';
import type { FailureStreak, Now, Observation, Unsettled } from './observation.ts';
import { onceMoreMessage } from './once-more.ts';
import { deathOf, isExpired } from './publication.ts';
import { nextRefresh } from './renewal.ts';
import { wantedScopes } from './wanted.ts';

/** What a condition says, before it is known since when. */
export interface Verdict {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

export const yes = (reason: Reason, message: string): Verdict => ({ status: 'True', reason, message });
export const no = (reason: Reason, message: string): Verdict => ({ status: 'False', reason, message });
export const unknown = (reason: Reason, message: string): Verdict => ({ status: 'Unknown', reason, message });

/** After so many failed verifications in a row, what was proven last no longer counts as known. */
const failedSlots = 2;

/** "ListLocations timed out …; 3 times in a row since 2026-…": the failure, for people. */
export function describe(failure: FailureStreak): string {
  const times = failure.count === 1 ? 'once' : `${failure.count} times in a row`;
  return `${failure.message} Failed ${times}, since ${formatInstant(failure.since)}.`;
}

/** The failed verifications that make what was proven last doubtful; `undefined` while nothing does. */
export function doubt(o: Observation): FailureStreak | undefined {
  const failure = o.history.failures.Verify;
  return failure !== undefined && failure.count >= failedSlots ? failure : undefined;
}

/** What the application tells, for all its connections, of the failure to verify a token of it. */
export const faultOf = (o: Observation, failure: FailureStreak | undefined): string | undefined =>
  failure?.class === 'ClientRefused' ? applicationFault(o) : undefined;

/** What is known of the access token, in one word. */
export type TokenState = 'Accepted' | 'Unproven' | 'Revoked' | 'Unauthorized' | 'Expired';

export function tokenState(o: Observation, grant: Grant, now: Now): TokenState {
  const { proof, inPlaceOf } = o.history;
  if (proof.kind === 'Revoked') return 'Revoked';
  if (proof.kind === 'Expired' || isExpired(grant, now)) return 'Expired';
  if (proof.kind === 'Unauthorized') return 'Unauthorized';
  return proof.kind === 'Accepted' || inPlaceOf === 'Accepted' ? 'Accepted' : 'Unproven';
}

export function valid(o: Observation, grant: Grant, now: Now): Verdict {
  const state = tokenState(o, grant, now);
  switch (state) {
    case 'Revoked':
      return no('AccessTokenRevoked', 'Square says that the access token was revoked.');
    case 'Expired':
      return no('AccessTokenExpired', saidExpired(grant, now));
    case 'Unauthorized':
      return no('TokenRejected', 'Square does not accept the access token, and does not say whether it was revoked.');
    case 'Accepted':
    case 'Unproven':
  }
  const failure = doubt(o);
  if (failure !== undefined) {
    const { verifiedAt } = o.history;
    const last =
      verifiedAt === undefined || state === 'Unproven'
        ? 'It was never proven.'
        : `Last proven valid at ${formatInstant(verifiedAt)}.`;
    const fault = faultOf(o, failure);
    return fault === undefined
      ? unknown('Unverified', `${describe(failure)} ${last}`)
      : unknown('ApplicationNotReady', `${fault} ${last}`);
  }
  if (state === 'Accepted') return yes('Accepted', 'Square accepted the access token (ListLocations).');
  const reported = o.history.failures.Verify;
  return unknown(
    'Unproven',
    reported === undefined ? 'The access token was not put to the test yet.' : describe(reported),
  );
}

const endOf = (grant: Grant): string =>
  grant.accessToken.expiresAt === undefined ? 'an unknown time' : formatInstant(grant.accessToken.expiresAt);

/** An end that is ahead is Square's word, and no clock's: which of the two is wrong is not known. */
export function saidExpired(grant: Grant, now: Now): string {
  const isAhead = grant.accessToken.expiresAt !== undefined && !isExpired(grant, now);
  return isAhead
    ? `Square says that the access token has ended, although its time is ${endOf(grant)}.`
    : `The access token ended at ${endOf(grant)}.`;
}

export function expired(o: Observation, grant: Grant, now: Now): Verdict {
  if (tokenState(o, grant, now) === 'Expired') return yes('AccessTokenExpired', saidExpired(grant, now));
  if (grant.accessToken.expiresAt === undefined) return no('NeverExpires', 'A personal access token never expires.');
  return no('NotExpired', `The access token lasts until ${endOf(grant)}.`);
}

/** Since when a condition has had the status that it has now. */
export type Since = (type: ConditionType, status: Verdict['status']) => string;

export const saidRevoked = (since: Since): string =>
  `Square says that the access token was revoked (noticed at ${since('Revoked', 'True')}). ${signInAgain}`;

export function revoked(o: Observation, grant: Grant, now: Now, since: Since): Verdict {
  switch (tokenState(o, grant, now)) {
    case 'Revoked':
      return yes('AccessTokenRevoked', saidRevoked(since));
    case 'Unauthorized':
      return unknown('TokenRejected', 'Square does not accept the access token, and does not say why.');
    case 'Unproven':
      return unknown('Unproven', 'The access token was not put to the test yet.');
    case 'Expired':
    case 'Accepted':
      return no('NotRevoked', 'Square has not said that the access token was revoked.');
  }
}

export const signInAgain = 'Have the seller sign in again, or give a new credential.';

export function renewable(o: Observation, grant: Grant, now: Now): Verdict {
  const { refreshToken } = grant;
  if (refreshToken === undefined) return yes('NotNeeded', 'A personal access token is never renewed.');
  const dead = deathOf(o, now) !== undefined;
  const before = () => (dead ? '' : ` before ${endOf(grant)}, when the access token ends`);
  if (refreshToken.expiresAt !== undefined && now.square >= refreshToken.expiresAt) {
    const ended = formatInstant(refreshToken.expiresAt);
    return no('RefreshTokenExpired', `The refresh token ended at ${ended}: have the seller sign in again${before()}.`);
  }
  if (o.unsettled !== undefined) return unknown('GrantNotStored', unstored(o.unsettled));
  const failure = o.history.failures.Refresh;
  if (failure?.class === 'RefreshTokenRefused') {
    const since = formatInstant(failure.since);
    return no(
      failure.reason === 'RotationOutcomeLost' ? failure.reason : 'RefreshRefused',
      `Square refused the refresh token at ${since}: have the seller sign in again${before()}.`,
    );
  }
  const doubt = isInDoubt(o.attempt, 'Held') ? doubtOf(o.attempt, 'Held') : undefined;
  if (doubt !== undefined && isSpent(o.attempt, 'Held')) return spent(doubt, before());
  const held = heldBackMessage(o, grant);
  const fault = applicationFault(o);
  if (doubt !== undefined) return inDoubt(o, doubt, now, held ?? fault);
  if (held !== undefined) return unknown('RefreshHeldBack', held);
  if (fault !== undefined) return unknown('ApplicationNotReady', fault);
  if (failure !== undefined) return yes('RefreshFailing', describe(failure));
  const given = o.connection.spec.ok && o.connection.spec.value.credential !== undefined;
  const spare = given ? ' The credential that it came from is no longer needed and may be deleted.' : '';
  return yes('RefreshTokenSealed', `The refresh token is held sealed.${spare}`);
}

/** Square may have replaced the single-use refresh token by one that nobody has. */
const inDoubt = (o: Observation, lost: Doubt, now: Now, obstacle: string | undefined): Verdict =>
  unknown('RotationInDoubt', onceMoreMessage(o, 'Held', lost, now, obstacle));

const spent = ({ startedAt }: Doubt, before: string): Verdict =>
  no(
    'RotationOutcomeLost',
    `What Square made of the token request of ${formatInstant(startedAt)} is not known, nor what it made of one before, so the refresh token may be used up: have the seller sign in again${before}. To try it once more all the same, annotate square-operator.dev/refresh-requested-at with the time now.`,
  );

/** For whoever is woken: nothing is lost as long as this process, its journal or the escrow holds it. */
export const unstored = ({ since, message, kept, unread }: Unsettled): string =>
  unread === true
    ? `What Square gave last lies in the operator’s ${kept === 'Escrow' ? 'escrow' : 'journal'}, found at ${formatInstant(since)}: ${message} Until then nothing is asked of Square.`
    : `Square issued a new token at ${formatInstant(since)}, and its grant is not stored yet: ${message} It is written again until it is stored: mend what refuses it. ${keptIn[kept]}`;

const keptIn = {
  Nowhere: 'Do not end the operator before: a single-use refresh token would be lost.',
  Journal:
    'Meanwhile the answer is kept in the operator’s journal directory (--journal-dir): keep the volume that it lies on.',
  Escrow: 'Meanwhile the grant is kept in an escrow Secret in the operator’s namespace.',
} as const satisfies Record<Unsettled['kept'], string>;

export function published(o: Observation): Verdict {
  const { tokenSecret } = o;
  const failure = o.history.failures.Publish;
  if (failure !== undefined && tokenSecret.kind !== 'Unrenderable') return no('SecretNotWritten', describe(failure));
  switch (tokenSecret.kind) {
    case 'Absent':
      return no('NotPublished', `Secret ${tokenSecret.name} was not written.`);
    case 'NotOwned': {
      const remedy = 'Set spec.secret.name to another name, or delete that Secret if nothing else needs it.';
      return no(
        'SecretNotOwned',
        `Secret ${tokenSecret.name} exists and is not this connection's; it was left alone. ${remedy}`,
      );
    }
    case 'Unrenderable':
      return no('SecretUnrenderable', tokenSecret.message);
    case 'Ours': {
      if (!tokenSecret.current)
        return no('NotPublished', `Secret ${tokenSecret.name} does not hold the current token.`);
      const marked = tokenSecret.state === undefined ? '' : `, and says that it is ${tokenSecret.state}`;
      return yes('Published', `Secret ${tokenSecret.name} holds the current token${marked}.`);
    }
  }
}

export function scopesSatisfied(o: Observation): Verdict {
  const wanted = o.connection.spec.ok ? wantedScopes(o, o.connection.spec.value) : [];
  if (wanted.length === 0) return yes('ScopesGranted', 'No permission in particular is wanted.');
  const { scopes } = o.history;
  if (scopes === undefined) return unknown('ScopesUnknown', 'Square has not told yet which permissions the token has.');
  const missing = wanted.filter((scope) => !scopes.includes(scope));
  const more = beyond(o, wanted);
  if (missing.length === 0) return yes('ScopesGranted', `Every wanted permission was granted.${more}`);
  return no(
    'ScopesMissing',
    `Missing: ${namesOf(missing)}. Have the seller sign in again and grant them, or correct the scopes of the connection or its SquareApplication.${more}`,
  );
}

/** That the token has more than the connection limits it to: Square may refuse the limit, and the token is not lost for it. */
function beyond({ connection: { spec }, history: { scopes = [] } }: Observation, wanted: readonly string[]): string {
  const more = scopes.filter((scope) => !wanted.includes(scope));
  const isLimited = spec.ok && (spec.value.scopes ?? []).length > 0;
  return isLimited && more.length > 0 ? ` The token has more than spec.scopes asks for: ${namesOf(more)}.` : '';
}

const namesOf = (scopes: readonly string[]): string =>
  scopes.slice(0, 20).join(', ') + (scopes.length > 20 ? ` and ${scopes.length - 20} more` : '');

/** Whether the access token can be expected to be renewed by itself. A refusal is asked about, but not counted on. */
export function renewalIsComing(o: Observation, grant: Grant, now: Now): boolean {
  const { spec } = o.connection;
  const refused = o.history.failures.Refresh?.class === 'RefreshTokenRefused';
  return spec.ok && !refused && nextRefresh(o, grant, spec.value, now) !== undefined;
}
