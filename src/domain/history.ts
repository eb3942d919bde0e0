import type { Instant } from '../clock.ts';
import type { FailureClass } from './failure.ts';
import type { Requests } from './observation.ts';
import type { OwedRestarts } from './restart.ts';

/**
 * What can fail in a row. `Publish` stands for every write of a token Secret, `Finalize` for what else a deletion asks for,
 * `Dismiss` for taking away what is left of sign-ins, links too.
 */
export type Operation = 'TakeUp' | 'Refresh' | 'Publish' | 'Verify' | 'Revoke' | 'Finalize' | 'Receive' | 'Dismiss';

/** What is known of the past: from the status at first, from this process's own work after that. */
export interface History {
  /** The generation of the grant that {@link proof} speaks of; 0 when there was none. */
  readonly revision: number;
  readonly proof: Proof;
  /**
   * What the token was that Square replaced by this one. In place of an accepted one nothing speaks against it until the
   * first verification. In place of a dead one it is a remedy: one that does not help is not asked for again in a hurry.
   */
  readonly inPlaceOf: 'Accepted' | 'Dead' | 'Nothing';
  /** Failures in a row, by operation. */
  readonly failures: { readonly [operation in Operation]?: FailureStreak };
  /** Digest of the credential that {@link failures}.TakeUp speaks of, when this process tried it. */
  readonly triedCredential?: string;
  /** Since when verifications are counted by this process: its first look at the connection, or the latest one. */
  readonly verifyFrom: Instant;
  /** When Square last accepted or refused the access token. */
  readonly verifiedAt?: Instant;
  /** When RetrieveTokenStatus, which what issues tokens answers, last accepted or refused a token, as far as this process knows. */
  readonly witnessedAt?: Instant;
  /** The event ID of the latest report of a revocation at that time, as far as this process knows. */
  readonly answeredReport?: string;
  /** When the token that was held last ends: the clock goes on for a grant that cannot be looked into now, too. */
  readonly tokenEnds?: Instant;
  readonly merchantName?: string;
  /** The seller, as a verification told it, where no token reply did. */
  readonly merchantID?: string;
  /** Permissions that Square says the token has; unknown until it was asked. */
  readonly scopes?: readonly string[];
  /** Requests that were answered. */
  readonly handled: Requests;
  /** The token changed, and workloads have to be restarted for it. */
  readonly restarts?: OwedRestarts;
}

/** What Square said last about the access token of this generation. */
export type Proof =
  | { readonly kind: 'None' }
  /** `doubted`: Square has refused the refresh token since, as it does when the seller has left. */
  | { readonly kind: 'Accepted'; readonly doubted?: true }
  | { readonly kind: 'Revoked' }
  /** Square forgot it or never knew it; it does not say which. */
  | { readonly kind: 'Unauthorized' }
  | { readonly kind: 'Expired' };

export interface FailureStreak {
  readonly since: Instant;
  readonly time: Instant;
  readonly count: number;
  /** `OtherMerchant`: Square's answer was good, but for another seller than the pinned one. */
  readonly class: FailureClass | 'OtherMerchant';
  readonly reason: string;
  readonly message: string;
  /** No earlier than this, when Square asked for it. */
  readonly retryAt?: Instant;
  /** Of `Revoke`: the disconnect request that is being answered; absent at a deletion. Of `Refresh`: the request that failed, too. */
  readonly request?: string;
  /** Of `OtherMerchant`: the seller that the credential belongs to. */
  readonly merchantID?: string;
}
