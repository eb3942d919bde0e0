import type { Duration, Instant } from '../clock.ts';

/** The place of a connection in the metrics. Never a merchant ID. */
export interface ConnectionSeries {
  readonly namespace: string;
  readonly name: string;
  /** `namespace/name` of the application; empty without one. */
  readonly application: string;
  readonly environment: string;
  readonly personalAccessToken: boolean;
  readonly suspended: boolean;
  /** When the access token was issued; absent without one. */
  readonly issuedAt?: Instant | undefined;
  readonly expiresAt?: Instant | undefined;
  readonly refreshTokenExpiresAt?: Instant | undefined;
  readonly nextRefreshAt?: Instant | undefined;
  readonly lastVerifiedAt?: Instant | undefined;
  /** Type and current status of each condition. */
  readonly conditions: Iterable<readonly [type: string, status: string]>;
}

/** A condition of an application, at a scrape. */
export interface ApplicationSight {
  /** `namespace/name`. */
  readonly application: string;
  readonly environment: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

/** How many connections of an application are in the same state. */
export interface StateCount {
  /** `namespace/name`; empty without one. */
  readonly application: string;
  readonly environment: string;
  /** Of their condition `Ready`. */
  readonly reason: string;
  readonly count: number;
}

/** A budget for calls to Square, at a scrape. */
export interface BudgetSight {
  /** `namespace/name`; empty for personal access tokens without one. */
  readonly application: string;
  readonly environment: string;
  readonly rate: number;
  readonly waiting: number;
}

/** What the operator's view says at the moment of a scrape. */
export interface OperatorView {
  connections(): Iterable<ConnectionSeries>;
  /** Connections by application and state. One that has no status yet is in none. */
  states(): Iterable<StateCount>;
  applications(): Iterable<ApplicationSight>;
  /** The keys of the ring. */
  sealingKeys(): Iterable<readonly [keyID: string, state: string]>;
  /** Sealed records by the ID of the key that sealed them. */
  sealedRecords(): Iterable<readonly [keyID: string, count: number]>;
  /** What each application may ask of Square now, calls a second, and how many connections wait for that. */
  budgets(): Iterable<BudgetSight>;
  /** Sealed grants without a connection. */
  retainedGrants(): number;
  /** Token requests whose outcome is not safely stored. */
  rotationsInDoubt(): number;
  /** Wall-clock instant of the last event or bookmark of each watch. */
  watches(): Iterable<readonly [resource: string, lastEventAt: Instant]>;
}

/** How a step that asks Square ended. */
export type Result = 'success' | 'failure';

/** What became of a webhook of Square, or of what claims to be one. */
export type WebhookResult =
  | 'stored'
  | 'duplicate'
  /** No connection is meant. */
  | 'no_match'
  /** Of a type that no connection depends on. */
  | 'ignored'
  | 'unreadable'
  /** No signature of the application. */
  | 'refused'
  /** Not looked at: too long, or of another content type. */
  | 'malformed'
  | 'throttled'
  /** It was not stored, and Square was told to send it again. */
  | 'failed';

/** What a work queue tells while it works; fits `QueueObserver` of the Kubernetes runtime. */
export interface QueueObservations {
  added(): void;
  started(waited: Duration): void;
  finished(worked: Duration): void;
  delayed(delay: Duration): void;
}

/** What a work queue shows when looked at; `WorkQueue` of the Kubernetes runtime fits. */
export interface QueueSight {
  readonly length: number;
  unfinished(): Duration[];
}

/** A sign-in was begun, or how it ended; or why none was possible. */
export type SignInResult =
  | 'Begun'
  | 'Connected'
  /** Square's answer waits to be stored. */
  | 'Waiting'
  | 'Denied'
  | 'AlreadyUsed'
  | 'Expired'
  | 'OtherBrowser'
  | 'OtherMerchant'
  | 'CodeRefused'
  | 'SquareUnreachable'
  | 'SquareRefused'
  | 'ApplicationFault'
  | 'NotStored'
  | 'ConnectionGone'
  | 'SpecInvalid'
  | 'Suspended'
  | 'PersonalAccessToken'
  | 'ApplicationNotReady'
  | 'GrantBlocked'
  | 'TooManySignIns';

/** Counts what happens. Every label value comes from a finite set. */
export interface Counted {
  /** `reason`: why the refresh was made, or why it failed. */
  refreshCounted(result: Result, reason: string): void;
  verifyCounted(result: Result, reason: string): void;
  /** `given_up`: a connection goes although its authorization goes on at Square. */
  revokeCounted(result: Result | 'given_up', reason: string): void;
  webhookCounted(result: WebhookResult): void;
  signInCounted(result: SignInResult): void;
  /** `code`: the HTTP status, or why no answer came in one word. */
  apiRequestObserved(operation: string, code: string, took: Duration): void;
  /** From the arrival of an answer to its being on the disk. */
  journalWritten(took: Duration): void;
  reconcileObserved(controller: string, result: 'success' | 'error' | 'requeue_after', took: Duration): void;
  queueObserver(name: string): QueueObservations;
}

export interface Metrics extends Counted {
  /** How far the local clock is ahead of Square's. */
  clockSkewObserved(skew: Duration): void;
  /** Reconciles of `controller` under way change by `by`. */
  reconcilesActive(controller: string, by: 1 | -1): void;
  /** From now on depth and unfinished work of `queue` are exported. */
  queueSeen(name: string, queue: QueueSight): void;
  sealingKeyInCluster(inCluster: boolean): void;
  /** Everything in Prometheus's text format, piece by piece. */
  scrape(): AsyncGenerator<string>;
}
