import type { FailureClass, FailureReason } from '../domain/failure.ts';

/** What a row of the classification comes to. */
export interface Verdict {
  readonly class: FailureClass;
  readonly reason: FailureReason;
  /** What is wrong. */
  readonly means: string;
  /** What a person does about it; empty when nothing is to be done. */
  readonly remedy: string;
  /** Both in one, without the last full stop. */
  readonly message: string;
}

const of = (failureClass: FailureClass, reason: FailureReason, means: string, remedy = ''): Verdict => ({
  class: failureClass,
  reason,
  means,
  remedy,
  message: remedy === '' ? means : `${means}. ${remedy}`,
});

const console = 'the Square Developer Console';
const accessTokenRefused =
  'Square does not accept the access token: expired long ago, revoked, unknown or of the other environment; Square does not say which';

/** The refresh that answers a dead access token may bring it back. */
const once = 'One refresh is tried; where that is refused the seller must sign in again';

export const timedOut = of('Unreachable', 'SquareTimedOut', 'Square did not answer in time');
export const internalError = of(
  'Unavailable',
  'SquareInternalError',
  'Square failed inside, which proves nothing',
  'Look at Square’s status page when it lasts',
);
export const unavailable = of(
  'Unavailable',
  'SquareUnavailable',
  'Square, or a proxy before it, is not available',
  'Look at Square’s status page when it lasts',
);
export const rateLimited = of(
  'RateLimited',
  'RateLimited',
  'Square limits the rate of requests',
  'Look for other programs of the same application when it lasts',
);
export const refreshTokenRefused = of(
  'RefreshTokenRefused',
  'RefreshTokenRefused',
  'Square refused the refresh token: unknown, revoked or spent, and it stays so',
  'Have the seller sign in again',
);
export const codeRefused = of(
  'CodeRefused',
  'CodeRefused',
  'Square refused the authorization code: used, older than five minutes or of another client',
  'Start the sign-in again',
);
export const migrationTokenRefused = of(
  'MigrationTokenRefused',
  'MigrationTokenRefused',
  'Square refused the legacy access token: expired or revoked',
  'Have the seller sign in',
);
export const clientRefused = of(
  'ClientRefused',
  'ClientRefused',
  'Square refused the client ID or client secret',
  `Compare both, and the environment, with the OAuth page of the application in ${console}`,
);
export const clientDisabled = of(
  'ClientRefused',
  'ClientDisabled',
  'Square has disabled this application, or it is too old for this API',
  `See ${console}`,
);
export const accessTokenExpired = of('AccessTokenExpired', 'AccessTokenExpired', 'the access token is expired', once);
export const accessTokenRevoked = of('AccessTokenRevoked', 'AccessTokenRevoked', 'the access token is revoked', once);
export const accessTokenUnauthorized = of(
  'AccessTokenUnauthorized',
  'AccessTokenUnauthorized',
  accessTokenRefused,
  once,
);
export const insufficientScopes = of(
  'InsufficientScopes',
  'InsufficientScopes',
  'the access token lacks a permission for this call',
  'Add it to the scopes and let the seller sign in again',
);
export const forbidden = of(
  'Unknown',
  'Forbidden',
  'Square forbids this call and gives no reason',
  `Look at the application in ${console}`,
);
export const nothingToRevoke = of(
  'NothingToRevoke',
  'NothingToRevoke',
  'Square holds no such access token: it is revoked already',
);
const malformed = 'Square refused the request as malformed';
const scopes = 'spec.scopes of the connection and of the SquareApplication';
const isBug = 'if they are right, this is a bug';
export const requestRefused = of('BadRequest', 'RequestRefused', malformed, 'Nothing of it can be set: this is a bug');
/** Of what a refresh asks with, only the scopes are written by people. */
export const refreshRequestRefused = of(
  'BadRequest',
  'RequestRefused',
  malformed,
  `Look for a permission that Square does not know in ${scopes}; ${isBug}`,
);
/** With an authorization code a redirect URL is sent, too. */
export const codeRequestRefused = of(
  'BadRequest',
  'RequestRefused',
  malformed,
  `Compare the redirect URL with the OAuth page of the application in ${console}, and look for a permission that Square does not know in ${scopes}; ${isBug}`,
);
export const notUnderstood = of(
  'Unknown',
  'SquareAnswerNotUnderstood',
  'the answer is none that Square is known to give; it says nothing about tokens',
  'Look for a proxy on the way to Square',
);
export const redirected = of(
  'Unknown',
  'SquareRedirected',
  'the answer is a redirect, which Square never gives here',
  'Look for a proxy on the way to Square',
);
export const tooLarge = of(
  'Unknown',
  'SquareAnswerTooLarge',
  'the answer is larger than any of Square; it was dropped',
);
export const notResolved = of(
  'Unreachable',
  'SquareNotResolved',
  'the host name of Square is not resolved',
  'Check DNS and the base URL',
);
export const refusedConnection = of(
  'Unreachable',
  'SquareRefusedConnection',
  'no connection to Square',
  'Check network policies, firewall and the base URL',
);
export const connectionLost = of(
  'Unreachable',
  'SquareConnectionLost',
  'the connection to Square ended before the answer',
);
export const tlsFailed = of(
  'Unreachable',
  'SquareTLSFailed',
  'the TLS connection to Square failed',
  'Check for a proxy that breaks TLS; add its CA with NODE_EXTRA_CA_CERTS',
);
export const truncated = of(
  'Unreachable',
  'SquareAnswerTruncated',
  'the connection to Square ended in the middle of the answer',
);
/** No answer by itself: what several answers together leave unsaid. */
export const sellerNotNamed = of(
  'Unknown',
  'SellerNotNamed',
  'Square took the credential, but neither its answer nor RetrieveTokenStatus nor RetrieveMerchant told whose it is, so the grant that is held stays',
  'Give the credential the permission MERCHANT_PROFILE_READ, or have the seller sign in again',
);
