import type { Duration } from '../clock.ts';

/** The calls to Square, by Square's own names. */
export type Operation = 'ObtainToken' | 'RevokeToken' | 'RetrieveTokenStatus' | 'ListLocations' | 'RetrieveMerchant';

/** What a failure means for us, by consequence, not by origin. */
export type FailureClass =
  /** No answer: time-out, name not resolved, TLS, refused, reset, truncated. Try again, backing off. */
  | 'Unreachable'
  /** Square, or what stands before it, has an outage or maintenance. Try again, backing off. */
  | 'Unavailable'
  /** Too many requests. Try again after `retryAfter`, or backing off. */
  | 'RateLimited'
  /** Decisive: this refresh token will not give a token again. The seller must sign in again. */
  | 'RefreshTokenRefused'
  /** Decisive: this authorization code is unknown, used, late or foreign, or its verifier is wrong. Start a new sign-in. */
  | 'CodeRefused'
  /** Decisive: this legacy access token cannot be migrated. */
  | 'MigrationTokenRefused'
  /** The client ID or secret is wrong, or the client is disabled: the application's fault, no word about any grant. */
  | 'ClientRefused'
  /** Decisive about the access token: past its end. */
  | 'AccessTokenExpired'
  /** Decisive about the access token: revoked. */
  | 'AccessTokenRevoked'
  /** 401 `UNAUTHORIZED`: dead, unknown or foreign, which Square does not tell apart. */
  | 'AccessTokenUnauthorized'
  /** The access token lives, but lacks a permission for this call. */
  | 'InsufficientScopes'
  /** A revocation found nothing to revoke: what was wanted is so already. */
  | 'NothingToRevoke'
  /** Our request was wrong: a bug, or a setting that Square does not take. Trying again does not help. */
  | 'BadRequest'
  /** Not recognised. Says nothing about any token, grant or client. */
  | 'Unknown';

/** Every `reason` a failure can carry (one word for a condition, an event, a log field and a metric label): its class. */
const classOf = {
  SquareTimedOut: 'Unreachable',
  SquareNotResolved: 'Unreachable',
  SquareRefusedConnection: 'Unreachable',
  SquareConnectionLost: 'Unreachable',
  SquareTLSFailed: 'Unreachable',
  SquareAnswerTruncated: 'Unreachable',
  SquareUnavailable: 'Unavailable',
  SquareInternalError: 'Unavailable',
  RateLimited: 'RateLimited',
  RefreshTokenRefused: 'RefreshTokenRefused',
  /** Refused, after an answer to an earlier request with the same single-use token was lost. */
  RotationOutcomeLost: 'RefreshTokenRefused',
  CodeRefused: 'CodeRefused',
  MigrationTokenRefused: 'MigrationTokenRefused',
  ClientRefused: 'ClientRefused',
  ClientDisabled: 'ClientRefused',
  AccessTokenExpired: 'AccessTokenExpired',
  AccessTokenRevoked: 'AccessTokenRevoked',
  AccessTokenUnauthorized: 'AccessTokenUnauthorized',
  InsufficientScopes: 'InsufficientScopes',
  NothingToRevoke: 'NothingToRevoke',
  RequestRefused: 'BadRequest',
  Forbidden: 'Unknown',
  SquareAnswerNotUnderstood: 'Unknown',
  SquareAnswerTooLarge: 'Unknown',
  SquareRedirected: 'Unknown',
  SellerNotNamed: 'Unknown',
} as const satisfies Record<string, FailureClass>;

export type FailureReason = keyof typeof classOf;

export const failureReasons = Object.keys(classOf) as readonly FailureReason[];

/** The class of a failure of which only the reason was kept; `Unknown` for a word that is no reason of a failure. */
export const classOfReason = (reason: string): FailureClass =>
  Object.hasOwn(classOf, reason) ? classOf[reason as FailureReason] : 'Unknown';

/** Whether a failure of this reason is one of a call to Square. */
export const isOfSquare = (reason: string): boolean => Object.hasOwn(classOf, reason);

/** Why a call to Square did not give what it was made for. Holds no token, code, query string or body. */
export interface Failure {
  readonly class: FailureClass;
  readonly reason: FailureReason;
  readonly operation: Operation;
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  /** Square's error code (`ACCESS_TOKEN_REVOKED`), as far as it looks like one. */
  readonly code?: string;
  /** Type of an error of the OAuth endpoints (`service.not_authorized`), as far as it looks like one. */
  readonly type?: string;
  /** How long to wait, when the answer said so; at most one hour. */
  readonly retryAfter?: Duration;
  /** What is wrong and what helps, for the person woken at night. */
  readonly message: string;
  /** Square may have carried the request out although this failed: a token may be issued, consumed or revoked. */
  readonly maybeActed: boolean;
}

const decisive: ReadonlySet<FailureClass> = new Set([
  'RefreshTokenRefused',
  'CodeRefused',
  'MigrationTokenRefused',
  'AccessTokenExpired',
  'AccessTokenRevoked',
]);

/** Whether Square itself said something final about the token or code that was presented. */
export const isDecisive = (failure: Failure): boolean => decisive.has(failure.class);

const transient: ReadonlySet<string> = new Set<FailureClass>(['Unreachable', 'Unavailable', 'RateLimited', 'Unknown']);

/** Whether the same call may succeed later without anybody changing anything. */
export const isTransient = (failure: { readonly class: string }): boolean => transient.has(failure.class);

/** Whether the answer to a token request shows that Square took the client: it looks at the client first. */
export const tookClient = (failure: Failure): boolean =>
  failure.status !== undefined && !isTransient(failure) && failure.class !== 'ClientRefused';

/** What Square made of a request that changes something, and that failed. */
export type Aftermath =
  /** Nothing: it was not sent, or Square refused it in its own words. */
  | 'Undone'
  /** Nothing, going by the answer; but that is somebody else's page, or Square's word that it could not. */
  | 'Doubted'
  /** Nobody knows: no whole answer came, or one that leaves it open. */
  | 'Unknown';

/**
 * A 4xx says that the request as it came was not acted on, and who refuses it is the first to look at it (RFC 9110 section
 * 15.5); a 408 is what gateways also say of a server that is late. A 503 says that the server did not take the request on
 * (section 15.6.4): believed of Square, in its own words, and not of a proxy, which says it of a connection that broke, too.
 * A 500 may come after the work was done, and 502 and 504 tell of the way to the server alone.
 */
export function aftermathOf({ maybeActed, status, code }: Failure): Aftermath {
  if (!maybeActed) return 'Undone';
  if (status === undefined) return 'Unknown';
  const refused = status >= 400 && status < 500 && status !== 408;
  return refused || (status === 503 && code === 'SERVICE_UNAVAILABLE') ? 'Doubted' : 'Unknown';
}
