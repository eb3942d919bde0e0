import { type Duration, days, hours, minutes } from '../../src/clock.ts';

export type Endpoint = 'authorize' | 'token' | 'revoke' | 'status' | 'locations' | 'merchant';

/**
 * What Square documents, and what nobody outside Square knows. The defaults are the documented behaviour or the best
 * guess by analogy; a test turns the other ones on.
 */
export interface Settings {
  readonly accessTokenLifetime: Duration;
  readonly shortLivedLifetime: Duration;
  readonly singleUseLifetime: Duration;
  readonly codeLifetime: Duration;
  /** How long `ACCESS_TOKEN_EXPIRED` is answered before it turns into `UNAUTHORIZED`. Not documented. */
  readonly expiryMemory: Duration;
  /** A code-flow refresh token dies 15 days after the end of its newest access token (older pages say so). */
  readonly fifteenDayRule: boolean;
  readonly expiresAtFormat: 'seconds' | 'fraction' | 'nanoseconds' | 'offset' | 'missing' | 'empty' | 'null';
  readonly omitRefreshToken: 'never' | 'when refreshed' | 'when short-lived' | 'always';
  readonly omitShortLived: boolean;
  /** Token replies, and RetrieveTokenStatus, name no seller. */
  readonly omitMerchantID: 'never' | 'token replies' | 'token replies and status';
  /** The shape of errors of `/oauth2/token` and `/oauth2/revoke`. */
  readonly oauthErrors: 'V1' | 'V2' | 'OAuth';
  readonly prettyErrors: boolean;
  /** What a spent single-use refresh token does when presented again. */
  readonly spentRefreshToken: 'refused' | 'refused and all revoked';
  readonly emptyScopes: 'refused' | 'granted';
  /** What revoking a seller by ID answers when there is nothing left to revoke. */
  readonly revokeNothing: 404 | 200;
  /** Whether token/status takes access tokens of the sandbox. */
  readonly statusInSandbox: boolean;
  /** Whether the seller's dashboard is open in the browser, as the sandbox wants it. */
  readonly sandboxDashboardOpen: boolean;
  /** Real milliseconds that an answer takes. */
  readonly latency: Readonly<Partial<Record<Endpoint, Duration>>>;
  /** Webhook events wait until they are released by hand. */
  readonly holdWebhooks: boolean;
  /** On Square's clock, after the event. */
  readonly webhookDelay: Duration;
  readonly webhookDuplicates: number;
}

export const defaultSettings: Settings = {
  accessTokenLifetime: days(30),
  shortLivedLifetime: hours(24),
  singleUseLifetime: days(90),
  codeLifetime: minutes(5),
  expiryMemory: days(7),
  fifteenDayRule: false,
  expiresAtFormat: 'seconds',
  omitRefreshToken: 'never',
  omitShortLived: false,
  omitMerchantID: 'never',
  oauthErrors: 'V1',
  prettyErrors: false,
  spentRefreshToken: 'refused',
  emptyScopes: 'refused',
  revokeNothing: 404,
  statusInSandbox: true,
  sandboxDashboardOpen: true,
  latency: {},
  holdWebhooks: false,
  webhookDelay: 0,
  webhookDuplicates: 0,
};
