import type { Operation } from '../domain/failure.ts';
import type { ErrorShape } from './error-shapes.ts';
import type { GrantType } from './port.ts';
import * as is from './verdicts.ts';

/** What the text of an error looks like, and how to say so. */
export interface Hint {
  readonly like: RegExp;
  readonly says: string;
}

/** One line of the table: what an error must look like, and what it then is. What is absent matches everything. */
export interface Row {
  readonly on?: readonly Operation[];
  readonly grant?: GrantType;
  /** HTTP status, or the first and last of a range. Not asked when an error came with a 2xx. */
  readonly status: number | readonly [number, number];
  readonly shapes?: readonly ErrorShape[];
  /** V2: code. V1: type. OAuth: error. */
  readonly word?: string | RegExp;
  /** V2: detail. V1: message. */
  readonly hint?: Hint;
  readonly verdict: is.Verdict;
}

const tokens = { on: ['ObtainToken'] } as const;
const refresh = { ...tokens, grant: 'refresh_token' } as const;
const code = { ...tokens, grant: 'authorization_code' } as const;
const migration = { ...tokens, grant: 'migration_token' } as const;
const revoke = { on: ['RevokeToken'] } as const;
const bearer = { on: ['ListLocations', 'RetrieveMerchant', 'RetrieveTokenStatus'] } as const;

const V1 = ['V1'] as const;
const V2 = ['V2'] as const;
const own = ['V1', 'V2'] as const;
const oauth = ['OAuth'] as const;

const gone = '(?:invalid|not valid|expired|revoked|used|unknown|not found|does not match|mismatch)';
/** "Invalid refresh token", "refresh_token has already been used" and the like. */
const dead = (what: string, called: string): Hint => ({
  like: new RegExp(`\\b${gone}\\b.*\\b${what}\\b|\\b${what}\\b.*\\b${gone}\\b`, 'i'),
  says: `${called} that is invalid, expired, revoked, used, unknown, not found or does not match`,
});
const notAuthorizedAlone: Hint = { like: /^not authorized\W*$/i, says: '“Not Authorized” and nothing else' };
const redirectURL: Hint = { like: /\bredirect[ _]ur[il]\b/i, says: 'the redirect URL' };
const cannotRenew: Hint = {
  like: /^cannot renew (revoked|expired) token/i,
  says: '“cannot renew revoked token” or “… expired token”',
};
const notAuthorized = /^(service\.not_authorized|UNAUTHORIZED)$/;
const endedToken = /^ACCESS_TOKEN_(EXPIRED|REVOKED)$/;

/** A request that is refused as such: what a person may have written wrong in it differs. */
const malformed = (row: Omit<Row, 'verdict'>): Row[] => [
  { ...row, ...code, verdict: is.codeRequestRefused },
  { ...row, ...refresh, verdict: is.refreshRequestRefused },
  { ...row, verdict: is.requestRefused },
];

/** What an answer means that no row matches. */
export const byDefault = is.notUnderstood;

/**
 * What answers mean. The first row that matches decides; none means {@link byDefault}. Decisive rows ask for a word of Square's
 * in one of its shapes, so no page of a proxy and no status alone ever makes one.
 *
 * From Square's documentation: "Handling Errors" (V2, statuses, older V1 types), "OAuth best practices" (the three
 * errors of access tokens), the ObtainToken, RevokeToken and RetrieveTokenStatus references. Texts that Square lists
 * nowhere (a spent single-use refresh token, a wrong verifier) and V2 bodies on the OAuth endpoints go by analogy.
 */
export const classification: readonly Row[] = [
  // Handling Errors: too many requests, whoever says so.
  { status: 429, verdict: is.rateLimited },
  { status: [400, 499], shapes: V2, word: 'RATE_LIMITED', verdict: is.rateLimited },
  { status: [400, 499], shapes: V1, word: 'too_many_requests', verdict: is.rateLimited },
  // Handling Errors: 5xx before any code, since a 500 has been seen for an expired token too. It proves nothing.
  { status: 500, verdict: is.internalError },
  { status: [501, 599], verdict: is.unavailable },
  { status: 408, verdict: is.timedOut },
  { status: 425, verdict: is.timedOut },
  { status: [400, 499], shapes: V2, word: 'REQUEST_TIMEOUT', verdict: is.timedOut },
  { status: [300, 399], verdict: is.redirected },

  // Handling Errors: the application as a whole, and requests that lack something, on any endpoint.
  {
    status: [400, 403],
    shapes: V2,
    word: /^(CLIENT|APPLICATION)_DISABLED$|^V1_APPLICATION$/,
    verdict: is.clientDisabled,
  },
  ...malformed({ status: 400, shapes: V1, word: 'bad_request.missing_parameter' }),
  ...malformed({ status: 400, shapes: V2, word: 'MISSING_REQUIRED_PARAMETER' }),

  // ObtainToken: what was presented.
  {
    ...refresh,
    status: [400, 404],
    shapes: own,
    hint: dead('refresh[ _]token', 'a refresh token'),
    verdict: is.refreshTokenRefused,
  },
  { ...refresh, status: [400, 403], shapes: V2, word: endedToken, verdict: is.refreshTokenRefused },
  { ...code, status: [400, 401], shapes: own, hint: redirectURL, verdict: is.codeRequestRefused },
  {
    ...code,
    status: [400, 404],
    shapes: own,
    hint: dead('code([ _]verifier)?', 'a code or code verifier'),
    verdict: is.codeRefused,
  },
  {
    ...migration,
    status: [400, 404],
    shapes: own,
    hint: dead('(migration|access)[ _]token', 'a migration or access token'),
    verdict: is.migrationTokenRefused,
  },
  {
    ...migration,
    status: [400, 404],
    shapes: own,
    hint: cannotRenew,
    verdict: is.migrationTokenRefused,
  },
  { ...migration, status: [400, 403], shapes: V2, word: endedToken, verdict: is.migrationTokenRefused },
  // ObtainToken and RevokeToken: who asks. The type has several causes; only the text tells them apart.
  { ...tokens, status: 401, shapes: own, word: notAuthorized, hint: notAuthorizedAlone, verdict: is.clientRefused },
  {
    ...tokens,
    status: [400, 403],
    shapes: own,
    hint: dead('client([ _](id|secret))?', 'a client, client ID or client secret'),
    verdict: is.clientRefused,
  },
  { ...revoke, status: 401, shapes: own, word: notAuthorized, verdict: is.clientRefused },
  // RevokeToken: unknown or already revoked.
  { ...revoke, status: [400, 404], shapes: own, word: /^not_found$/i, verdict: is.nothingToRevoke },
  { ...revoke, status: [400, 404], shapes: V2, word: 'ACCESS_TOKEN_REVOKED', verdict: is.nothingToRevoke },

  // OAuth best practices: calls with an access token.
  { ...bearer, status: [400, 403], shapes: V2, word: 'ACCESS_TOKEN_EXPIRED', verdict: is.accessTokenExpired },
  { ...bearer, status: [400, 403], shapes: V2, word: 'ACCESS_TOKEN_REVOKED', verdict: is.accessTokenRevoked },
  { ...bearer, status: 401, shapes: V2, word: 'UNAUTHORIZED', verdict: is.accessTokenUnauthorized },
  { ...bearer, status: [400, 403], shapes: V2, word: 'V1_ACCESS_TOKEN', verdict: is.accessTokenUnauthorized },
  { ...bearer, status: 401, shapes: V1, word: 'oauth.expired', verdict: is.accessTokenExpired },
  { ...bearer, status: 401, shapes: V1, word: 'oauth.revoked', verdict: is.accessTokenRevoked },
  { ...bearer, status: 401, shapes: V1, word: 'service.not_authorized', verdict: is.accessTokenUnauthorized },
  { ...bearer, status: [401, 403], shapes: V2, word: 'INSUFFICIENT_SCOPES', verdict: is.insufficientScopes },
  { status: 403, shapes: own, word: /^forbidden$/i, verdict: is.forbidden },

  // RFC 6749 section 5.2. No answer of Square in this form is known.
  { ...refresh, status: [400, 401], shapes: oauth, word: 'invalid_grant', verdict: is.refreshTokenRefused },
  { ...code, status: [400, 401], shapes: oauth, word: 'invalid_grant', verdict: is.codeRefused },
  { ...migration, status: [400, 401], shapes: oauth, word: 'invalid_grant', verdict: is.migrationTokenRefused },
  { ...tokens, status: [400, 403], shapes: oauth, word: /^(invalid|unauthorized)_client$/, verdict: is.clientRefused },
  ...malformed({ ...tokens, status: 400, shapes: oauth, word: /^(invalid_(request|scope)|unsupported_)/ }),

  // Handling Errors: the request itself.
  ...malformed({ status: 400, shapes: V1, word: /^bad_request(\.|$)/ }),
  ...malformed({ status: 400, shapes: V2 }),
  ...malformed({ status: [405, 422], shapes: own }),
];
