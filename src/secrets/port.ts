import type { KeyObject } from 'node:crypto';
import type { Environment } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import type { Token } from '../domain/token.ts';
import type { KeyMaterial, SealingKeyError } from './key-material.ts';

/** One key of the ring: a root secret for the operator's own records, and a pair for credentials sealed offline. */
export interface SealingKey {
  readonly id: string;
  readonly state: 'Active' | 'Retired';
  readonly createdAt: Instant;
  /** 32 bytes; keys of records are derived from it. */
  readonly root: KeyObject;
  /** EC P-256. */
  readonly privateKey: KeyObject;
  readonly publicKey: PublicSealingKey;
}

/** The public half of a sealing key as a JWK (RFC 7517), as it stands in the ConfigMap and in files. */
export interface PublicSealingKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ECDH-ES+A256KW';
  readonly use: 'enc';
}

export interface KeyRing {
  /** The key that seals: the newest that is active; where none is, the newest of all. */
  readonly active: SealingKey;
  find(id: string): SealingKey | undefined;
  ids(): string[];
  /** Whether the keys lie unwrapped in Secrets of the cluster, so that a backup of etcd holds records and keys. */
  readonly inCluster: boolean;
  /** A keyed digest, the same after a restart and after keys were added. Not the value's, nor reversible. */
  digest(purpose: string, value: Token | Uint8Array): string;
  /** What {@link digest} would give if another key of the ring were its oldest: other names of the same value. */
  otherDigests(purpose: string, value: Token | Uint8Array): readonly string[];
  /** Whether there are other keys, and none of them makes the digests that this one makes. */
  aloneMakesDigests(id: string): boolean;
}

/** Which keys came, went or changed their state. */
export interface RingChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** A ring whose keys come and go while the operator runs. */
export interface LiveKeyRing extends KeyRing {
  /**
   * No key is left, so nothing opens and nothing new may be begun. What is under way is still sealed by the key that was
   * active last, since an answer of Square cannot be had twice; it opens when that key is back.
   */
  readonly isEmpty: boolean;
  /** Takes these keys in the place of all earlier ones. Throws `SealingKeyError`, and then nothing has changed. */
  replace(material: readonly KeyMaterial[]): void;
  onChange(listener: (change: RingChange) => void): void;
}

/** What a record of the operator is for. A place accepts only its own purpose. */
export type Purpose = 'grant' | 'journal' | 'escrow' | 'incoming';

/** What a sealed text is bound to. Every value comes from the live objects, never from the text itself. */
export interface Binding {
  readonly namespace: string;
  /** Name of the connection. */
  readonly name: string;
  readonly environment: Environment;
  /** Empty for a personal access token. */
  readonly clientID: string;
}

export type OpeningProblem =
  /** Sealed by a key that is not in the ring. Nothing is lost: it opens once the key is back. */
  | 'KeyMissing'
  /** A sound text of another namespace, name, environment or client ID. */
  | 'BoundElsewhere'
  /** The text or its header was changed, or it was made without our key. */
  | 'Tampered'
  | 'Malformed'
  /** Written by a later version of the operator. */
  | 'UnsupportedVersion'
  | 'WrongPurpose';

export interface Unopened {
  readonly ok: false;
  readonly problem: OpeningProblem;
  /** The key that the text names, as far as it is readable. */
  readonly keyID?: string;
  /** What is wrong and what helps, for the person woken at night. Holds nothing of the content. */
  readonly message: string;
}

export type Opened<T> = { readonly ok: true; readonly value: T; readonly keyID: string } | Unopened;

/** The version of a Secret that a write is allowed to change. */
export interface HeldSecret {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** `<connection>-sealed`, as the watch keeps it. */
export interface GrantSecret extends HeldSecret {
  readonly createdAt: Instant;
  /** The record in compact form; absent when the Secret lacks its key. */
  readonly jwe?: string;
  /** The key that the record says it was sealed by. */
  readonly keyID?: string;
  /** It bears the operator's finalizer. */
  readonly finalized?: true;
  readonly deleting?: true;
}

/** The Secret of a sealing key, as the watch keeps it. */
export interface KeySecret extends HeldSecret {
  /** By its label. */
  readonly id: string;
  /** The key, or why it cannot be used. Neither, where the keys come from files and Secrets are looked at by name only. */
  readonly material?: KeyMaterial;
  readonly problem?: SealingKeyError;
  /** What the operator noted on it. */
  readonly records?: string;
  readonly removable?: string;
}

/** Why a write of a Secret did not do what it was made for. The messages hold no value of a Secret. */
export type WriteProblem =
  /** Somebody else changed, replaced or removed it meanwhile: observe again. */
  | { readonly kind: 'Conflict'; readonly message: string }
  /** A Secret of that name belongs to somebody else and was left as it is. */
  | { readonly kind: 'NotOwned'; readonly message: string }
  /** Refused, or no answer. `status` is 0 when none came. */
  | {
      readonly kind: 'Failed';
      readonly status: number;
      readonly message: string;
      /** The API server says that there is no such namespace, and not only that something was not found. */
      readonly namespaceGone?: true;
    };

/** What a token Secret is to hold. An absent value is left out. */
export interface TokenValues {
  readonly accessToken: Token;
  readonly expiresAt?: Instant;
  readonly merchantID?: string;
  readonly environment: Environment;
  readonly baseURL: string;
}

/** Why a published token no longer works. */
export type { TokenSecretState as TokenState } from '../domain/observation.ts';

/** A token Secret as it should be. The values of `data` print as `[redacted]`. */
export interface RenderedTokenSecret {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly data: Readonly<Record<string, Token>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Rendered =
  | { readonly ok: true; readonly secret: RenderedTokenSecret }
  /** `spec.secret` cannot be written as it is; `message` says what to write instead. */
  | { readonly ok: false; readonly message: string };

/** The names of what a token Secret holds; shared between all Secrets that look alike. */
export interface TokenSecretShape {
  readonly keys: readonly string[];
  /** Labels and annotations of `spec.secret`, as the Secret itself records them. */
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/** A token Secret, as the watch keeps it: nothing of its values but a keyed digest. */
export interface TokenSecret extends HeldSecret {
  /** Whether it bears the label of the operator. */
  readonly managed: boolean;
  /** Name of the connection that it says it belongs to. */
  readonly connection?: string;
  /** Generation of the grant that it holds. */
  readonly revision?: number;
  readonly state?: string;
  /** Equal to `expectedDigest` of what should be there exactly when there is nothing to heal. */
  readonly digest: string;
  readonly shape: TokenSecretShape;
}

declare const sealedInMemory: unique symbol;
/** A value of a user's Secret, encrypted under a key of this process. */
export type VaultValue = string & { readonly [sealedInMemory]: true };

/** Keeps values of users' Secrets in memory without keeping them in clear. Its key is random and never leaves it. */
export interface MemoryVault {
  put(value: Uint8Array): VaultValue;
  /** The value as UTF-8 text, untrimmed. */
  open(sealed: VaultValue): Token;
}

/** One value of a user's Secret; another object whenever the Secret changes. */
export interface CredentialValue {
  readonly sealed: VaultValue;
}

/** A user's Secret of type `square-operator.dev/credential`, as the watch keeps it. */
export interface CredentialSecret {
  readonly type: string;
  readonly resourceVersion: string;
  readonly keys: Readonly<Record<string, CredentialValue>>;
}
