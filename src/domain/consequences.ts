import type { ConditionType, Reason } from '../api/conditions.ts';
import { type Duration, hours, minutes, seconds } from '../clock.ts';
import type { FailureClass } from './failure.ts';
import { type Backoff, probeBackoff, proofBackoff, refreshBackoff, refusedBackoff, takeUpBackoff } from './schedule.ts';

/** What of ours failed: taking a credential up, refreshing, or verifying. */
export type Attempt = 'TakeUp' | 'Refresh' | 'Verify';

const units = [
  [hours(1), 'h'],
  [minutes(1), 'min'],
  [seconds(1), 's'],
] as const;

function lengthOf(duration: Duration): string {
  const [length, unit] = units.find(([one]) => duration >= one) ?? units[2];
  return `${duration / length} ${unit}`;
}

const pauses = ({ first, most }: Backoff): string => `${lengthOf(first)} to ${lengthOf(most)}`;

/** When the same is tried again, nothing else having changed. A `Retry-After` of Square makes it later, never sooner. */
export const retryRules = {
  Soon: `With growing pauses: a credential after ${pauses(takeUpBackoff)}, a refresh after ${pauses(refreshBackoff)}.`,
  Rarely: `Rarely, with growing pauses of ${pauses(refusedBackoff)}.`,
  WhileInDoubt: `Rarely, after ${pauses(refusedBackoff)}, while nothing but this refusal speaks against the grant: Square may have been wrong. Never once the access token is dead too.`,
  WhenChanged: 'Not by itself: when the credential, or the pin that stood in its way, changes.',
  ByApplication: `By one connection for all of the application, after ${pauses(probeBackoff)}, or when its Secret or its spec changes.`,
  InSlot: `In the connection’s next slot of verification; a token that was never proven after ${pauses(proofBackoff)}.`,
  RefreshedOnce: 'The token is refreshed, once for each generation; then it is verified in its slots.',
  OtherCall: 'At once, by RetrieveTokenStatus, which needs no permission.',
} as const satisfies Record<string, string>;

export type Retry = keyof typeof retryRules;

type Shown = `${ConditionType}=${'True' | 'False' | 'Unknown'}/${Reason}`;

/** What a failure comes to. */
export interface Consequence {
  readonly retry: Retry;
  /** The conditions that tell of it; of `TakeUp` while nothing is held, of `Refresh` while the token works. */
  readonly shows: readonly Shown[];
}

const to = (retry: Retry, ...shows: readonly Shown[]): Consequence => ({ retry, shows });

/** A class that cannot come of an attempt has the same consequence as an answer that is not understood. */
const passing = {
  TakeUp: to('Soon', 'Ready=False/TakingUp'),
  Refresh: to('Soon', 'Renewable=True/RefreshFailing', 'Ready=True/Valid'),
  Verify: to('InSlot', 'Valid=Unknown/Unverified', 'Ready=True/Unverified', 'Revoked=False/NotRevoked'),
} as const;

const credentialRefused = { TakeUp: to('WhenChanged', 'Ready=False/CredentialRefused') } as const;
/** A refresh that gave a token which is not accepted either. */
const vain = { Refresh: to('Rarely', 'Renewable=True/RefreshFailing') } as const;

/**
 * What each class of failure comes to, by what was tried. Pacing follows it, and the conditions are tested against it.
 * A dead refresh token alone is never a revocation: the access token may work for weeks.
 */
export const consequences: Readonly<Record<FailureClass | 'OtherMerchant', Readonly<Record<Attempt, Consequence>>>> = {
  Unreachable: passing,
  Unavailable: passing,
  RateLimited: passing,
  Unknown: passing,
  NothingToRevoke: passing,
  RefreshTokenRefused: {
    ...passing,
    ...credentialRefused,
    Refresh: to('WhileInDoubt', 'Renewable=False/RefreshRefused', 'Ready=True/ReauthorizationNeeded'),
  },
  CodeRefused: { ...passing, ...credentialRefused, ...vain },
  MigrationTokenRefused: { ...passing, ...credentialRefused, ...vain },
  ClientRefused: {
    ...passing,
    TakeUp: to('ByApplication', 'Ready=False/ApplicationNotReady'),
    Refresh: to('ByApplication', 'Renewable=Unknown/ApplicationNotReady', 'Ready=True/Valid'),
    Verify: to(
      'InSlot',
      'Valid=Unknown/ApplicationNotReady',
      'Ready=True/ApplicationNotReady',
      'Revoked=False/NotRevoked',
    ),
  },
  AccessTokenExpired: {
    ...credentialRefused,
    ...vain,
    Verify: to('RefreshedOnce', 'Valid=False/AccessTokenExpired', 'Expired=True/AccessTokenExpired'),
  },
  AccessTokenRevoked: {
    ...credentialRefused,
    ...vain,
    Verify: to('RefreshedOnce', 'Valid=False/AccessTokenRevoked', 'Revoked=True/AccessTokenRevoked'),
  },
  AccessTokenUnauthorized: {
    ...credentialRefused,
    ...vain,
    Verify: to('RefreshedOnce', 'Valid=False/TokenRejected', 'Revoked=Unknown/TokenRejected'),
  },
  InsufficientScopes: { ...passing, TakeUp: to('Rarely', 'Ready=False/TakingUp'), Verify: to('OtherCall') },
  BadRequest: {
    ...passing,
    TakeUp: to('Rarely', 'Ready=False/TakingUp'),
    Refresh: to('Rarely', 'Renewable=True/RefreshFailing', 'Ready=True/Valid'),
  },
  OtherMerchant: { ...passing, ...vain, TakeUp: to('WhenChanged', 'Ready=False/OtherMerchant') },
};
