import type { FailureClass, FailureReason } from '../../../src/domain/failure.ts';
import type { CallName } from './stage.ts';

export type Shape = 'V1' | 'V2' | 'OAuth' | 'HTML' | 'Empty' | 'Raw';

/** One answer and what it means: call, status, shape, word, text, class, reason. */
export type AnswerCase = readonly [
  call: CallName,
  status: number,
  shape: Shape,
  word: string,
  text: string,
  means: FailureClass,
  reason?: FailureReason,
];

const denied = 'service.not_authorized';

/** What Square is documented or seen to answer, and what goes by analogy. */
export const answers: readonly AnswerCase[] = [
  ['refresh', 401, 'V1', denied, 'Invalid refresh token', 'RefreshTokenRefused'],
  ['refresh', 401, 'V1', denied, 'refresh_token has already been used', 'RefreshTokenRefused'],
  ['refresh', 401, 'V2', 'UNAUTHORIZED', 'Invalid refresh token', 'RefreshTokenRefused'],
  ['refresh', 401, 'V2', 'ACCESS_TOKEN_REVOKED', '', 'RefreshTokenRefused'],
  ['refresh', 400, 'OAuth', 'invalid_grant', '', 'RefreshTokenRefused'],
  ['refresh', 401, 'V1', denied, 'Not Authorized', 'ClientRefused'],
  ['refresh', 401, 'V2', 'UNAUTHORIZED', 'Not Authorized', 'ClientRefused'],
  ['refresh', 401, 'V1', denied, 'Unknown client_id', 'ClientRefused'],
  ['refresh', 401, 'OAuth', 'invalid_client', '', 'ClientRefused'],
  ['refresh', 401, 'V2', 'CLIENT_DISABLED', '', 'ClientRefused', 'ClientDisabled'],
  ['locations', 403, 'V2', 'APPLICATION_DISABLED', '', 'ClientRefused', 'ClientDisabled'],
  ['refresh', 400, 'V1', 'bad_request.missing_parameter', "missing required parameter 'refresh_token'", 'BadRequest'],
  ['refresh', 400, 'V2', 'MISSING_REQUIRED_PARAMETER', 'refresh_token not found', 'BadRequest'],
  ['refresh', 400, 'V1', 'bad_request', 'something else', 'BadRequest'],
  ['refresh', 400, 'V2', 'INVALID_SQUARE_VERSION_FORMAT', '', 'BadRequest'],
  ['refresh', 400, 'OAuth', 'invalid_scope', '', 'BadRequest'],
  ['locations', 415, 'V2', 'UNSUPPORTED_MEDIA_TYPE', '', 'BadRequest'],
  ['code', 401, 'V1', denied, 'Authorization code not found for app [sq0idp-EXAMPLE]', 'CodeRefused'],
  ['code', 400, 'V1', 'bad_request', 'Authorization code already used', 'CodeRefused'],
  ['code', 400, 'V1', 'bad_request.invalid_parameter', 'code_verifier does not match', 'CodeRefused'],
  ['code', 400, 'V1', 'bad_request.invalid_parameter', 'redirect_uri does not match', 'BadRequest'],
  ['code', 400, 'OAuth', 'invalid_grant', '', 'CodeRefused'],
  ['code', 401, 'V1', denied, 'Not Authorized', 'ClientRefused'],
  ['migration', 401, 'V1', denied, 'Invalid migration token', 'MigrationTokenRefused'],
  ['migration', 400, 'V1', 'bad_request', 'cannot renew revoked token', 'MigrationTokenRefused'],
  ['migration', 401, 'V2', 'ACCESS_TOKEN_EXPIRED', '', 'MigrationTokenRefused'],
  ['migration', 400, 'OAuth', 'invalid_grant', '', 'MigrationTokenRefused'],
  ['revoke', 401, 'V1', denied, 'Not Authorized', 'ClientRefused'],
  ['revoke', 404, 'V1', 'not_found', 'access token not found', 'NothingToRevoke'],
  ['revoke', 404, 'V2', 'NOT_FOUND', '', 'NothingToRevoke'],
  ['revoke', 401, 'V2', 'ACCESS_TOKEN_REVOKED', '', 'NothingToRevoke'],
  ['revoke', 400, 'V1', 'bad_request.invalid_parameter', 'bad authorization header', 'BadRequest'],
  ['locations', 401, 'V2', 'ACCESS_TOKEN_EXPIRED', '', 'AccessTokenExpired'],
  ['locations', 401, 'V2', 'ACCESS_TOKEN_REVOKED', '', 'AccessTokenRevoked'],
  ['locations', 401, 'V2', 'UNAUTHORIZED', 'This request could not be authorized.', 'AccessTokenUnauthorized'],
  ['merchant', 403, 'V2', 'V1_ACCESS_TOKEN', '', 'AccessTokenUnauthorized'],
  ['merchant', 401, 'V1', 'oauth.expired', 'x', 'AccessTokenExpired'],
  ['merchant', 401, 'V1', 'oauth.revoked', 'x', 'AccessTokenRevoked'],
  ['merchant', 401, 'V1', denied, 'x', 'AccessTokenUnauthorized'],
  ['status', 401, 'V2', 'UNAUTHORIZED', '', 'AccessTokenUnauthorized'],
  ['locations', 403, 'V2', 'INSUFFICIENT_SCOPES', '', 'InsufficientScopes'],
  ['locations', 403, 'V2', 'FORBIDDEN', '', 'Unknown', 'Forbidden'],
  ['refresh', 429, 'V1', 'too_many_requests', 'x', 'RateLimited'],
  ['locations', 429, 'V2', 'RATE_LIMITED', '', 'RateLimited'],
  ['locations', 429, 'HTML', '', '', 'RateLimited'],
  ['refresh', 400, 'V1', 'too_many_requests', 'x', 'RateLimited'],
  ['locations', 403, 'V2', 'RATE_LIMITED', '', 'RateLimited'],
  ['locations', 500, 'V2', 'INTERNAL_SERVER_ERROR', '', 'Unavailable', 'SquareInternalError'],
  ['locations', 500, 'V2', 'ACCESS_TOKEN_REVOKED', '', 'Unavailable', 'SquareInternalError'],
  ['refresh', 500, 'V1', denied, 'Invalid refresh token', 'Unavailable', 'SquareInternalError'],
  ['locations', 503, 'HTML', '', '', 'Unavailable', 'SquareUnavailable'],
  ['refresh', 502, 'Empty', '', '', 'Unavailable', 'SquareUnavailable'],
  ['refresh', 504, 'V2', 'GATEWAY_TIMEOUT', '', 'Unavailable', 'SquareUnavailable'],
  ['refresh', 408, 'Empty', '', '', 'Unreachable', 'SquareTimedOut'],
  ['refresh', 425, 'HTML', '', '', 'Unreachable', 'SquareTimedOut'],
  ['locations', 400, 'V2', 'REQUEST_TIMEOUT', '', 'Unreachable', 'SquareTimedOut'],
  ['locations', 302, 'HTML', '', '', 'Unknown', 'SquareRedirected'],
  ['locations', 200, 'V2', 'ACCESS_TOKEN_REVOKED', '', 'AccessTokenRevoked'],
  ['merchant', 202, 'V2', 'ACCESS_TOKEN_EXPIRED', '', 'AccessTokenExpired'],
];

const foreign = 'SquareAnswerNotUnderstood';

/** What says nothing about any token, however it looks. */
export const unrecognised: readonly AnswerCase[] = [
  ['refresh', 401, 'HTML', '', '', 'Unknown', foreign],
  ['refresh', 403, 'HTML', '', '', 'Unknown', foreign],
  ['refresh', 401, 'Empty', '', '', 'Unknown', foreign],
  ['refresh', 401, 'V1', denied, 'a text that nobody has seen', 'Unknown', foreign],
  ['refresh', 403, 'V1', 'ACCESS_TOKEN_REVOKED', 'x', 'Unknown', foreign],
  ['refresh', 404, 'V1', 'not_found', 'x', 'Unknown', foreign],
  ['refresh', 401, 'Raw', '', '{"message":"Invalid refresh token"}', 'Unknown', foreign],
  ['refresh', 401, 'Raw', '', '{"errors":[]}', 'Unknown', foreign],
  ['refresh', 401, 'Raw', '', '"Invalid refresh token"', 'Unknown', foreign],
  ['locations', 401, 'HTML', '', '', 'Unknown', foreign],
  ['locations', 403, 'HTML', '', '', 'Unknown', foreign],
  ['locations', 407, 'HTML', '', '', 'Unknown', foreign],
  ['locations', 401, 'V2', 'A_NEW_CODE', '', 'Unknown', foreign],
  ['locations', 404, 'V2', 'NOT_FOUND', '', 'Unknown', foreign],
  ['locations', 404, 'V2', 'ACCESS_TOKEN_REVOKED', '', 'Unknown', foreign],
  ['locations', 401, 'OAuth', 'invalid_token', '', 'Unknown', foreign],
  ['locations', 401, 'Raw', '', '{"errors":[{"code":"ACCESS_TOKEN_REVOKED"}]}', 'Unknown', foreign],
  ['locations', 401, 'Raw', '', '{"errors":"ACCESS_TOKEN_REVOKED"}', 'Unknown', foreign],
  ['locations', 200, 'HTML', '', '', 'Unknown', foreign],
  ['locations', 200, 'Empty', '', '', 'Unknown', foreign],
  ['locations', 200, 'Raw', '', '{"status":"ok"}', 'Unknown', foreign],
  ['locations', 200, 'Raw', '', '{"locations":"none"}', 'Unknown', foreign],
  ['locations', 204, 'Empty', '', '', 'Unknown', foreign],
  ['locations', 203, 'Raw', '', '{"locations":[]}', 'Unknown', foreign],
  ['status', 206, 'Raw', '', '{"scopes":[],"merchant_id":"MLEXAMPLE0001"}', 'Unknown', foreign],
  // Of a name that stands twice the last counts (RFC 8259 section 4 leaves it open).
  ['locations', 401, 'Raw', '', twice('"code":"ACCESS_TOKEN_REVOKED","code":"A_NEW_CODE"'), 'Unknown', foreign],
  [
    'locations',
    401,
    'Raw',
    '',
    `${twice('"code":"ACCESS_TOKEN_REVOKED"').slice(0, -1)},"errors":[]}`,
    'Unknown',
    foreign,
  ],
  ['refresh', 200, 'Raw', '', '{"access_token":""}', 'Unknown', foreign],
  ['refresh', 200, 'Raw', '', '{"access_token":"EAAA', 'Unknown', foreign],
  ['refresh', 200, 'HTML', '', '', 'Unknown', foreign],
  // A text alone is no word of Square's, and no refusal comes with a 200.
  ['refresh', 200, 'V2', 'UNAUTHORIZED', 'Invalid refresh token', 'Unknown', foreign],
  ['refresh', 200, 'V1', denied, 'Invalid refresh token', 'Unknown', foreign],
  ['status', 200, 'Raw', '', '{"scopes":["PAYMENTS_READ"]}', 'Unknown', foreign],
  ['merchant', 200, 'Raw', '', '{"merchant":{}}', 'Unknown', foreign],
  ['revoke', 200, 'Raw', '', '{"success":false}', 'Unknown', foreign],
];

function twice(members: string): string {
  return `{"errors":[{"category":"AUTHENTICATION_ERROR",${members}}]}`;
}
