import type { Environment } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import type { Attempt, Doubt } from './attempt.ts';
import type { Token } from './token.ts';

/** What a seller's authorization amounts to, as one generation of it is sealed: one write commits a rotation. */
export interface Grant {
  /** 1 when the grant is taken up, and one more with every new token. It is the status's `revision`. */
  readonly generation: number;
  /** UID of the connection that sealed it last. A stranger's record is retained, not taken. */
  readonly connectionUID: string;
  readonly environment: Environment;
  /** Square application ID; empty for a personal access token. */
  readonly clientID: string;
  readonly kind: 'OAuth' | 'PersonalAccessToken';
  /** The seller. Known from the first reply on, and from then on pinned. */
  readonly merchantID?: string;
  readonly accessToken: AccessToken;
  /** When this seller's latest sign-in that was taken up was: the issue of its token, by Square's time. */
  readonly signedInAt?: Instant;
  /** Absent for a personal access token. */
  readonly refreshToken?: RefreshToken;
  /** What the access token was asked for with; a change of it mints once. */
  readonly requested: { readonly scopes: readonly string[]; readonly shortLived: boolean };
  /** Keyed digests of credential values that were taken already, the latest last: the same value never acts twice. */
  readonly taken: readonly string[];
  /** Values of the intents that were answered, kept here too, because a status can be restored. */
  readonly handled: HandledRequests;
  /**
   * When the record was sealed, by this machine's wall clock, which may have been wrong: it is compared with times of the
   * API server, and with those that people wrote.
   */
  readonly sealedAt: Instant;
  /** A token request under way, or one of which nobody knows what Square made of it. */
  readonly attempt?: Attempt;
  /** What is not certain of earlier ones with other tokens. */
  readonly doubts?: readonly Doubt[];
}

/** A sealed record that holds no tokens: it keeps the place of a grant, and what must not be forgotten. */
export interface Vacant
  extends Pick<
    Grant,
    'connectionUID' | 'environment' | 'clientID' | 'taken' | 'handled' | 'sealedAt' | 'attempt' | 'doubts'
  > {
  readonly kind: 'Vacant';
  /** One more than that of the latest grant that was here; 0 when there was none. */
  readonly generation: number;
  /** The grant that was here was ended at Square. */
  readonly disconnected?: Disconnected;
}

export interface Disconnected {
  /** Square's time. */
  readonly at: Instant;
  /** Whose authorization it was. */
  readonly merchantID?: string;
}

export interface AccessToken {
  readonly value: Token;
  /** Square's time. */
  readonly issuedAt: Instant;
  /** Square's time; absent when it never expires (personal access token). */
  readonly expiresAt?: Instant;
}

export interface RefreshToken {
  readonly value: Token;
  /**
   * PKCE refresh tokens are single-use and live 90 days; those of the code flow are multi-use. An imported token counts
   * as single-use until a reply shows otherwise (Square, "OAuth best practices").
   */
  readonly singleUse: boolean;
  /** Square's time; only single-use tokens expire. */
  readonly expiresAt?: Instant;
}

export interface HandledRequests {
  readonly refresh?: string;
  readonly disconnect?: string;
  readonly adopt?: string;
}

/** How many digests of taken credentials a record remembers. */
export const takenLimit = 32;
