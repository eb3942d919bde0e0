import type { Instant } from '../clock.ts';
import type { Failure } from '../domain/failure.ts';
import type { SecretBytes, Token } from '../domain/token.ts';

/** A value, or why there is none. `at` is Square's time of the answer (its `Date`); absent where the answer is not Square's. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly at?: Instant }
  | { readonly ok: false; readonly failure: Failure; readonly at?: Instant };

/** Who asks. Without a secret the request is one of the PKCE flow (Square, ObtainToken reference). */
interface ClientIdentity {
  readonly clientID: string;
  readonly clientSecret?: Token | undefined;
}

/** One token request (Square, ObtainToken reference). What is absent or empty is left out of the body. */
export type TokenRequest = ClientIdentity & {
  /** Ask for an access token of 24 hours. */
  readonly shortLived?: boolean | undefined;
} & (
    | {
        readonly grantType: 'authorization_code';
        readonly code: Token;
        /** To be given exactly when it was part of the authorization request. */
        readonly redirectURI?: string | undefined;
        readonly codeVerifier?: Token | undefined;
      }
    | {
        readonly grantType: 'refresh_token';
        readonly refreshToken: Token;
        /** Limits the access token to these; none means all that the grant carries. */
        readonly scopes?: readonly string[] | undefined;
      }
    | { readonly grantType: 'migration_token'; readonly migrationToken: Token }
  );

export type GrantType = TokenRequest['grantType'];

/** A 200 answer of the token endpoint as it came: kept before anything is made of it. */
export interface TokenReply {
  readonly grantType: GrantType;
  readonly body: SecretBytes;
  readonly at?: Instant;
}

/** What a token request gave (Square, ObtainToken reference). */
export interface TokenGrant {
  readonly accessToken: Token;
  /** Absent when the reply named no time that can be read. */
  readonly expiresAt?: Instant;
  readonly merchantID?: string;
  /** Absent: keep the one you have. */
  readonly refreshToken?: Token;
  /** Only in the PKCE flow. */
  readonly refreshTokenExpiresAt?: Instant;
  readonly shortLived?: boolean;
}

/** What to revoke (Square, RevokeToken reference): one access token, or all that the application holds for a seller. */
export type RevokeRequest = { readonly clientID: string; readonly clientSecret: Token } & (
  | {
      readonly accessToken: Token;
      /** True ends only this access token and leaves the authorization alone. */
      readonly onlyAccessToken?: boolean | undefined;
    }
  | { readonly merchantID: string }
);

/** Square, RetrieveTokenStatus reference. */
export interface TokenStatus {
  readonly scopes: readonly string[];
  /** Absent when the token never expires. */
  readonly expiresAt?: Instant;
  readonly clientID?: string;
  readonly merchantID?: string;
}

export interface Locations {
  readonly count: number;
  readonly active: number;
  readonly merchantID?: string;
}

export interface Merchant {
  readonly id: string;
  readonly businessName?: string;
  readonly country?: string;
  /** `ACTIVE` or `INACTIVE`: an inactive one is limited, not gone. */
  readonly status?: string;
}

/**
 * Square, as far as we need it. Never throws and never rejects: every call ends in an `Outcome` within the time limit.
 * No call is repeated by the client; in particular a token request is written at most once.
 */
export interface SquareClient {
  /** `exchangeToken` and `parseTokenReply` in one. */
  obtainToken(request: TokenRequest): Promise<Outcome<TokenGrant>>;
  /**
   * The first half: the 200 answer as bytes. `keep` has it before anybody looks into it, and is waited for; it must not
   * reject.
   */
  exchangeToken(request: TokenRequest, keep?: (reply: TokenReply) => Promise<void>): Promise<Outcome<TokenReply>>;
  revokeToken(request: RevokeRequest): Promise<Outcome<void>>;
  /** Scopes and end of an access token. A 401 here does not tell expired from revoked. */
  retrieveTokenStatus(accessToken: Token): Promise<Outcome<TokenStatus>>;
  /** Square's own way to ask whether an access token is valid (Square, OAuth best practices). */
  listLocations(accessToken: Token): Promise<Outcome<Locations>>;
  /** The seller whom the access token belongs to. */
  retrieveMerchant(accessToken: Token): Promise<Outcome<Merchant>>;
  /** Lets calls under way end, then closes the connections. */
  close(): Promise<void>;
}
