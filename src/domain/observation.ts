import type { ConnectionSpec, CredentialKind, Environment } from '../api/connection.ts';
import type { Duration, Instant } from '../clock.ts';
import type { AttemptState } from './attempt.ts';
import type { Grant, Vacant } from './grant.ts';
import type { HeldBack } from './held-back.ts';
import type { History } from './history.ts';
import type { Issuing } from './issuing.ts';
import type { RevocationReport } from './revocation-report.ts';

export type * from './history.ts';

/**
 * What one reconcile sees: the fields that a decision needs and nothing else. Missing and damaged things are members of
 * a union, never `undefined`.
 */
export interface Observation {
  readonly connection: Connection;
  readonly application: Application;
  readonly credential: Credential;
  readonly grant: GrantState;
  readonly sealedSecret: SealedSecret;
  /** The token request that the record tells of. */
  readonly attempt: AttemptState;
  /** Sign-ins whose Secrets are there, and what was set aside, the first to end first; absent when there are none. */
  readonly arrivals?: readonly Arrival[];
  /** The Secret with a link for the seller. */
  readonly link?: { /** By the wall clock. */ readonly expiresAt: Instant };
  /** The page on which the seller signs in; absent when there is none. */
  readonly authorizeURL?: string;
  /** What Square gave and the cluster has not stored yet. */
  readonly unsettled?: Unsettled;
  /** Where a deletion ends: since when (wall clock) the API server does not tell whether what other replicas got lies in escrow. */
  readonly escrowUnseenSince?: Instant;
  readonly tokenSecret: TokenSecret;
  /** Token Secrets of this connection under other names, left behind by a renaming. */
  readonly formerTokenSecrets: readonly FormerTokenSecret[];
  readonly history: History;
  /** The budget for calls to Square is used up: only what needs none is done now. */
  readonly throttled?: true;
  /** The sealed record lies under a key that is retired, and can be sealed anew by the active one. */
  readonly retiredKey?: RetiredKey;
  /**
   * Other connections, `namespace/name`, that live on the same authorization at Square: of the same client and seller, and
   * not being deleted. Looked for only when it may be ended.
   */
  readonly sharedWith: readonly string[];
  /** Looked for only when it makes a difference. */
  readonly namespace: NamespaceState;
}

export interface RetiredKey {
  readonly keyID: string;
  /** How long this process has known that the key is retired. */
  readonly retiredFor: Duration;
  /** How many sealed records there are: so many may have to be sealed anew. */
  readonly records: number;
}

/** `Unknown`: nobody asked, or it could not be found out. */
export type NamespaceState = 'Unknown' | 'Active' | 'Ending';

/** The metadata of the Secret that the sealed grant lies in. */
export interface SealedSecret {
  /** Whether it bears the operator's finalizer. */
  readonly finalized: boolean;
  readonly deleting: boolean;
}

/** A seller's sign-in that waits in a Secret of its own. */
export interface Arrival {
  /** Name of the Secret. */
  readonly secret: string;
  /** From then on it is of no use any more, in Square's time; infinite: that cannot be known. */
  readonly until: Instant;
  readonly content: /** Nothing but the claim of the replica that exchanges the code, or what is left of a sign-in that was refused. */
    | { readonly kind: 'Claim'; readonly underWayUntil: Instant }
    | { readonly kind: 'Grant'; readonly grant: Grant }
    /**
     * Of no sign-in: what a credential gave that is of another seller than the pinned one, and is used up by that. Without
     * the grant it cannot be looked into now. `refused`: why it could not be stored in its Secret so far, as a sentence.
     */
    | { readonly kind: 'SetAside'; readonly grant?: Grant; readonly refused?: string }
    | { readonly kind: 'OfAnotherApplication' }
    | { readonly kind: 'Unreadable'; readonly message: string };
}

/** A grant that Square issued, and whose record the API server does not take. It is written again until it is stored. */
export interface Unsettled {
  /** Square's time. */
  readonly since: Instant;
  /** What the API server said last, as a sentence. */
  readonly message: string;
  /** Where the grant is meanwhile, so that it outlives this process; `Nowhere`: in its memory, and perhaps in its journal. */
  readonly kept: 'Nowhere' | 'Journal' | 'Escrow';
  /** Only a later version of the operator can read it, so this one does not write it either. */
  readonly unread?: true;
}

/** Now, as the two clocks see it. */
export interface Now {
  /** Square's time: lifetimes, slots and backoffs are measured by it. */
  readonly square: Instant;
  /** Whether an answer of Square has confirmed {@link square} since the operator started. */
  readonly confirmed: boolean;
  /** An answer named a time far from {@link square}, and no second one has borne that out yet. */
  readonly disputed?: boolean;
  /** The wall clock: only for what people wrote, such as the time of a request annotation. */
  readonly wall: Instant;
}

export interface Connection {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** The API server's wall clock. */
  readonly createdAt: Instant;
  readonly deleting: boolean;
  /** When its deletion was asked for, by the API server's wall clock; 0 when it was not. */
  readonly deletedAt: Instant;
  /** Whether it bears the operator's finalizer. */
  readonly finalized: boolean;
  /** Somebody asks for the whole authorization to be ended at its deletion, although other connections use it. */
  readonly revokeAll: boolean;
  /** Or what is wrong with it, one sentence a problem. */
  readonly spec:
    | { readonly ok: true; readonly value: ConnectionSpec }
    | { readonly ok: false; readonly problem: string };
  /** Values of the request annotations, as people wrote them. */
  readonly requests: Requests;
  /** Revocations that Square has reported, in the order in which the reports came; absent where it has reported none. */
  readonly reports?: readonly RevocationReport[];
}

export interface Requests {
  readonly refresh?: string;
  readonly disconnect?: string;
  readonly adopt?: string;
  readonly connect?: string;
}

export type Application =
  /** A personal access token needs none. */
  | { readonly kind: 'NotNeeded'; readonly environment: Environment }
  | { readonly kind: 'Missing'; readonly ref: string }
  | { readonly kind: 'NotAllowed'; readonly ref: string }
  /** Outside the namespaces that the operator watches. */
  | { readonly kind: 'NotReachable'; readonly ref: string }
  | {
      readonly kind: 'Found';
      /** `namespace/name` */
      readonly ref: string;
      readonly environment: Environment;
      readonly clientID: string;
      readonly scopes: readonly string[];
      readonly clientSecret: ClientSecret;
      /** Square refused this client, and nothing has changed since: `retryAt` is when one connection may ask again. */
      readonly refusal?: ApplicationRefusal;
      readonly heldBack?: HeldBack;
      /** Absent: nothing speaks against it. */
      readonly issuing?: Issuing;
    };

export interface ApplicationRefusal {
  readonly since: Instant;
  readonly retryAt: Instant;
  /** Square has disabled the application: its client is refused whatever the secret, and so are its access tokens. */
  readonly disabled?: true;
}

export type ClientSecret =
  /** PKCE: the application holds none. */
  | { readonly kind: 'None' }
  | { readonly kind: 'Present' }
  | {
      readonly kind: 'Problem';
      readonly message: string;
      /** No Secret of the type is seen under this name: it does not exist, or has another type. */
      readonly unseen?: { readonly name: string; readonly key: string };
    };

export type Credential =
  | { readonly kind: 'None' }
  | { readonly kind: 'Problem'; readonly reason: CredentialProblem; readonly message: string }
  | {
      readonly kind: 'Given';
      readonly type: CredentialKind;
      /** Keyed digest of the value. */
      readonly digest: string;
      /** What else records may call the value, while sealing keys with different digest keys are there. */
      readonly otherDigests?: readonly string[];
    };

export type CredentialProblem =
  | 'CredentialSecretNotFound'
  | 'CredentialSecretWrongType'
  | 'CredentialKeyNotFound'
  | 'CredentialMalformed'
  | 'CredentialShared'
  | 'SealedCredentialUnreadable';

export type GrantState =
  | { readonly kind: 'Absent' }
  /** There is a record, and no grant in it. */
  | { readonly kind: 'Vacant'; readonly record: Vacant; readonly keyID: string }
  /** The Secret's name is taken by something that the operator did not make. */
  | { readonly kind: 'NotOwned'; readonly retryAt: Instant }
  /** It is there, but what it is bound to is not known without its application. */
  | { readonly kind: 'Closed' }
  | { readonly kind: 'Unreadable'; readonly message: string; readonly keyID?: string }
  | { readonly kind: 'OfAnotherApplication'; readonly clientID: string }
  /** Left by an earlier connection of this name. */
  | { readonly kind: 'Retained'; readonly grant: Grant; readonly keyID: string }
  /** Older than what the status has seen: put back from a backup, or by somebody. */
  | { readonly kind: 'Outdated'; readonly grant: Grant; readonly keyID: string; readonly seen: number }
  | { readonly kind: 'Held'; readonly grant: Grant; readonly keyID: string };

/** Why the token in a token Secret no longer works: `rejected` when Square does not say whether it was revoked. */
export const tokenSecretStates = ['revoked', 'rejected', 'expired', 'orphaned'] as const;
export type TokenSecretState = (typeof tokenSecretStates)[number];

export type TokenSecret =
  | { readonly kind: 'Absent'; readonly name: string }
  /** The name is taken by a Secret that is not this connection's. `retryAt`: when to look again. */
  | { readonly kind: 'NotOwned'; readonly name: string; readonly retryAt: Instant }
  | {
      readonly kind: 'Ours';
      readonly name: string;
      /** Whether it holds exactly what would be published now, its state annotation left aside. */
      readonly current: boolean;
      readonly state?: TokenSecretState;
    }
  /** What would be published cannot be made from the spec. `published`: what of ours is there all the same. */
  | {
      readonly kind: 'Unrenderable';
      readonly name: string;
      readonly message: string;
      readonly published?: { readonly state?: TokenSecretState };
    };

export interface FormerTokenSecret {
  readonly name: string;
  readonly state?: TokenSecretState;
}
