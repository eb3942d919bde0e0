import type { Instant } from '../../src/clock.ts';

export type Environment = 'Production' | 'Sandbox';
export type Flow = 'Code' | 'PKCE';
export type GrantType = 'authorization_code' | 'refresh_token' | 'migration_token';

export interface Application {
  readonly clientID: string;
  readonly name: string;
  /** The current secret first; older ones that still work, and those that do not. */
  readonly secrets: readonly { readonly value: string; readonly accepted: boolean }[];
  readonly redirectURL: string;
  readonly disabled: boolean;
}

export interface Location {
  readonly id: string;
  readonly name: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
}

export interface Seller {
  readonly merchantID: string;
  readonly businessName: string;
  readonly country: string;
  readonly currency: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly locations: readonly Location[];
  readonly createdAt: Instant;
}

interface Held {
  readonly value: string;
  readonly clientID: string;
  readonly merchantID: string;
  readonly scopes: readonly string[];
  readonly issuedAt: Instant;
}

export interface AccessToken extends Held {
  /** `legacy` is one from before 2019-03-13 that can be migrated. */
  readonly kind: 'oauth' | 'personal' | 'legacy';
  /** Absent: never expires. */
  readonly expiresAt?: Instant;
  readonly shortLived: boolean;
  readonly revokedAt?: Instant;
}

export interface RefreshToken extends Held {
  readonly flow: Flow;
  /** PKCE only. */
  readonly expiresAt?: Instant;
  readonly consumedAt?: Instant;
  readonly revokedAt?: Instant;
  /** End of the newest access token it gave, for the 15-day rule. */
  readonly accessTokenExpiresAt: Instant;
}

export interface Code extends Held {
  /** As it was sent to the authorization page. */
  readonly redirectURI?: string;
  readonly codeChallenge?: string;
  readonly usedAt?: Instant;
}

/** That a seller has allowed an application these scopes. */
export interface Authorization {
  readonly clientID: string;
  readonly merchantID: string;
  readonly scopes: readonly string[];
}

/** One token request, as the ledger keeps it. */
export interface TokenRequestEntry {
  readonly id: number;
  readonly at: Instant;
  readonly grantType: string;
  readonly clientID?: string;
  readonly merchantID?: string;
  /** The refresh token, code or migration token that was presented. */
  readonly presented?: string;
  readonly outcome: 'issued' | 'refused';
  /** Why it was refused; or `issued`. */
  readonly reason: string;
  readonly accessToken?: string;
  readonly refreshToken?: string;
  /** The presented refresh token was single-use and spent already. */
  readonly presentedAgain: boolean;
  /** False when a fault kept the answer from the caller, wholly or in part. */
  readonly answered: boolean;
}

export interface Subscription {
  readonly id: string;
  readonly clientID: string;
  readonly notificationURL: string;
  readonly signatureKey: string;
}

/** One delivery of a webhook event to one subscription. */
export interface Delivery {
  readonly id: number;
  readonly eventID: string;
  readonly subscriptionID: string;
  readonly body: string;
  readonly dueAt: Instant;
  readonly firstAt: Instant;
  readonly attempt: number;
  readonly state: 'held' | 'due' | 'delivered' | 'given up';
  /** What became of the latest attempt: an HTTP status, or `http_timeout`, `other_error`. */
  readonly result?: string;
}
