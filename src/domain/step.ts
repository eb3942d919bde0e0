import type { CredentialKind } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import type { AttemptState } from './attempt.ts';
import type { Failure } from './failure.ts';
import type { ApplicationRefusal, GrantState, Requests, TokenSecretState, Unsettled } from './observation.ts';
import type { RestartTarget } from './restart.ts';

/** One thing to do. `because` ends up in the log, in events and in metrics. */
export type Step =
  /** Try a credential that was never tried, and seal what it gives. */
  | {
      readonly kind: 'TakeUp';
      readonly credential: CredentialKind;
      readonly because: TakeUpReason;
      /** The value of the annotation that asks for a token, where none is held yet. */
      readonly request?: string;
    }
  /** Make a grant that an earlier connection left, or an older record, this connection's own. */
  | { readonly kind: 'Adopt'; readonly because: AdoptReason; readonly request?: string }
  /** Ask Square for a new access token, and seal the answer. */
  | {
      readonly kind: 'Refresh';
      readonly because: RefreshReason;
      /** The value of the request annotation that it answers. */
      readonly request?: string;
    }
  /** Ask Square whether the access token works. */
  | { readonly kind: 'Verify'; readonly because: VerifyReason }
  /** Write the token Secret. */
  | { readonly kind: 'Publish'; readonly because: PublishReason }
  /** Say on the token Secret that its token no longer works. Never empties it. */
  | {
      readonly kind: 'Withdraw';
      /** Of the token Secret. */
      readonly name: string;
      readonly state: TokenSecretState;
      readonly because: WithdrawReason;
    }
  /** Delete a token Secret: that of an earlier name, or all of a connection that goes. */
  | { readonly kind: 'Remove'; readonly name: string; readonly because: 'Renamed' | 'ConnectionDeleted' }
  /** End the authorization at Square, and what is sealed of it with it. */
  | {
      readonly kind: 'Revoke';
      readonly because: RevokeReason;
      /** `AccessToken`: other connections live on the same authorization. */
      readonly scope: RevokeScope;
      /** The value of the request annotation that it answers. */
      readonly request?: string;
    }
  /** Answer a request that cannot be carried out, by saying so. */
  | {
      readonly kind: 'Decline';
      /** Which request. */
      readonly of: 'disconnect' | 'connect';
      readonly because: DeclineReason;
      readonly message: string;
      readonly request: string;
    }
  /** Make what a seller's sign-in gave, or what was set aside, the grant of the connection. */
  | { readonly kind: 'Receive' /** Its Secret. */; readonly secret: string; readonly because: ReceiveReason }
  /** Delete the Secret of a sign-in. */
  | { readonly kind: 'Dismiss'; readonly secret: string; readonly because: DismissReason; readonly message: string }
  /** Put a link for the seller into its Secret. */
  | { readonly kind: 'OfferLink'; readonly because: 'ConnectRequested'; readonly request: string }
  /** Take the link away. */
  | { readonly kind: 'EndLink'; readonly because: 'Connected' | 'Expired' }
  /** Delete the sealed Secret: what is in it is of no use any more. */
  | { readonly kind: 'Discard'; readonly because: 'ConnectionDeleted' | 'PersonalAccessToken' }
  /** Have the API server ask before it lets the object go. */
  | { readonly kind: 'AddFinalizer'; readonly to: Finalized; readonly because: 'RevokeOnDeletion' }
  | { readonly kind: 'RemoveFinalizer'; readonly from: Finalized; readonly because: ReleaseReason }
  /** Seal the record anew, as it is, by the key that is active now. */
  | { readonly kind: 'Reseal'; readonly because: 'KeyRetired' /** The retired one. */; readonly keyID: string }
  /** Restart a workload, so that it reads the token that is published now. */
  | { readonly kind: 'Restart'; readonly target: RestartTarget; readonly because: 'TokenChanged' }
  /** Nothing, until `until` or until something changes. */
  | { readonly kind: 'Wait'; readonly until?: Instant; readonly because: WaitReason };

/** `MerchantMatches`: the pin does not stand in the way any more. */
export type ReceiveReason = 'SignedIn' | 'MerchantMatches';
export type TakeUpReason = 'CredentialNew' | 'CredentialRetry';
export type AdoptReason = 'MerchantMatches' | 'CredentialAlreadyTaken' | 'AdoptRequested';
export type RefreshReason =
  | 'RefreshRequested'
  /** The requested one failed in a way that may pass. */
  | 'RequestRetried'
  | 'Due'
  | 'ScopesChanged'
  | 'LifetimeChanged'
  | 'AccessTokenRevoked'
  | 'AccessTokenUnauthorized'
  | 'AccessTokenExpired'
  | 'AnswerLost';
export type VerifyReason =
  | 'Unproven'
  | 'Slot'
  | 'RevocationReported'
  | 'RefreshRefused'
  | 'TimeUnconfirmed'
  | 'AnswerLost';
export type PublishReason = 'NotPublished' | 'Changed';
export type WithdrawReason = 'TokenDead' | 'ConnectionDeleted';
export type RevokeReason = 'DisconnectRequested' | 'ConnectionDeleted';
export type RevokeScope = 'All' | 'AccessToken';
export type DeclineReason =
  | 'NotConnected'
  | 'RevokeUnsupported'
  | 'PersonalAccessToken'
  | 'NoSignInPage'
  | 'GrantBlocked';
export type DismissReason =
  | 'Taken'
  /** Its code was refused, or the replica that had it ended. */
  | 'Abandoned'
  | 'Expired'
  | 'OtherMerchant'
  | 'OtherCredential'
  /** The same seller came again, and that was taken up. */
  | 'Superseded'
  | 'OtherApplication'
  | 'OtherConnection'
  | 'Disconnected';
/** What bears a finalizer. */
export type Finalized = 'Connection' | 'SealedSecret';
export type ReleaseReason =
  /** The policy is, or became, `Retain`. */
  | 'RetainOnDeletion'
  /** The grant was ended at Square, or there was none. */
  | 'Disconnected'
  /** What is sealed is not this connection's: it was never taken over. */
  | 'NotTakenOver'
  | 'RevokeUnsupported'
  | 'RevokeGivenUp'
  /** Somebody deleted the sealed Secret of a connection that stays. */
  | 'SealedSecretDeleted';
export type WaitReason =
  | 'Deleting'
  | 'Disconnecting'
  | 'Disconnected'
  | 'SpecInvalid'
  | 'Suspended'
  | 'GrantBlocked'
  | 'GrantNotStored'
  | 'RetainedGrantFound'
  | 'CredentialProblem'
  | 'CredentialRefused'
  | 'ApplicationProblem'
  | 'AwaitingAuthorization'
  | 'Backoff'
  | 'Throttled'
  | 'OtherMerchant'
  | 'NothingDue';

/** What keeps Square from being asked, and what helps. */
export interface Hindrance {
  readonly reason: string;
  readonly message: string;
}

/** What the world answered. */
export type Fact =
  /** A token reply (or a personal access token) is sealed; or a record was adopted. */
  | {
      readonly kind: 'Sealed';
      readonly grant: GrantState & { kind: 'Held' };
      /** A new grant, a new token of the held one, or the same token under another owner. */
      readonly how: 'TakenUp' | 'Refreshed' | 'Adopted';
      readonly answers: Requests;
    }
  | {
      readonly kind: 'Verified';
      /** What else Square said in the same breath; absent when it was not asked or did not say. */
      readonly merchantID?: string;
      readonly merchantName?: string;
      readonly scopes?: readonly string[];
    }
  /** The same record lies under another key now. */
  | { readonly kind: 'Resealed'; readonly keyID: string }
  | { readonly kind: 'Published' }
  | { readonly kind: 'NotOwned'; readonly retryAt: Instant }
  | { readonly kind: 'Withdrawn'; readonly name: string; readonly state: TokenSecretState }
  | { readonly kind: 'Removed'; readonly name: string }
  /** Square ended the authorization (or there was nothing left to end), and no token of it is sealed any more. */
  | {
      readonly kind: 'Ended';
      readonly how: 'Revoked' | 'NothingToRevoke';
      readonly grant: GrantState & { kind: 'Vacant' };
      readonly answers: Requests;
    }
  /** Square could not be asked to end the authorization, or did not say whose a sign-in is: what stands in the way. */
  | { readonly kind: 'Hindered'; readonly hindrance: Hindrance }
  | { readonly kind: 'Declined' }
  /** Square said whose a sign-in is, whose reply had not. */
  | { readonly kind: 'ArrivalNamed'; readonly secret: string; readonly merchantID: string }
  /** The Secret of a sign-in is gone. */
  | { readonly kind: 'Dismissed'; readonly secret: string }
  /** The link lies in its Secret. `expiresAt`: by the wall clock. */
  | { readonly kind: 'Offered'; readonly secret: string; readonly expiresAt: Instant }
  | { readonly kind: 'NotOffered'; readonly message: string }
  | { readonly kind: 'LinkEnded' }
  | { readonly kind: 'Discarded' }
  | { readonly kind: 'Finalized'; readonly object: Finalized; readonly finalized: boolean }
  /** The place of the sealed grant is taken by something else. */
  | { readonly kind: 'GrantPlaceNotOwned'; readonly retryAt: Instant }
  /** The token belongs to another seller than the pinned one; nothing was changed. */
  | {
      readonly kind: 'OtherMerchant';
      readonly merchantID: string;
      readonly credential?: string;
      readonly message: string;
    }
  | {
      readonly kind: 'Failed';
      readonly failure: Failure;
      /** Digest of the credential that was tried. */
      readonly credential?: string;
      /** Square refused the client: the application's fault, and when to ask again. */
      readonly refusal?: ApplicationRefusal;
      /** What is known of attempts now; absent when none was noted. */
      readonly attempt?: AttemptState;
    }
  /** Square gave a grant, and its record is not stored yet: `Observation.unsettled` tells of it from now on. */
  | { readonly kind: 'Unsettled'; readonly unsettled: Unsettled }
  /** The API server did not take a write of a Secret, and nothing was lost by it; `message` tells why. */
  | { readonly kind: 'Unwritten'; readonly message: string; readonly credential?: string }
  /** The workload reads the present token: from now on (`anew`), or since an earlier process restarted it. */
  | { readonly kind: 'Restarted'; readonly anew: boolean }
  /** The workload is not to be restarted; `message` tells why. */
  | { readonly kind: 'NotRestarted'; readonly message: string }
  /** Somebody was faster: look again. */
  | { readonly kind: 'Stale' };
