import type { Duration, Instant } from '../clock.ts';
import type { KubeObject, Resource } from './resource.ts';

export interface ListOptions {
  /** Without it, all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Objects a page, default 500. All pages are read whatever it is. */
  limit?: number | undefined;
  /** Of each object only its metadata, so that nothing of a Secret's values is on the way. */
  metadataOnly?: boolean | undefined;
}

export interface List {
  items: KubeObject[];
  resourceVersion: string;
}

export interface StreamOptions {
  /** Ends the stream; the promise then rejects with the signal's reason. */
  signal: AbortSignal;
  /** The server has accepted the request (200). */
  onOpen?: (() => void) | undefined;
  /** One line of the body, without its newline. A part of a line that was cut off is never handed over. */
  onLine: (line: string) => void;
}

export interface Answer {
  status: number;
  /** The parsed JSON; the text where it is none; `undefined` where there is no body. */
  body: unknown;
  /** The server's time, in whole seconds. */
  date?: Instant;
}

/**
 * The API server. Every method rejects with a `KubeError` and with nothing else. Nothing is tried twice but what the
 * server or the protocol said was not acted on (429, a refused stream, one 401 with fresh credentials).
 */
export interface KubeClient {
  /** `undefined`: the API server said that this very object is not there. */
  get(resource: Resource, namespace: string | undefined, name: string): Promise<KubeObject | undefined>;
  /** All objects at one resourceVersion, read from the API server's latest state, page by page. */
  list(resource: Resource, options?: ListOptions): Promise<List>;
  /** As `list`, but `onPage` sees each page and nothing is kept. Resolves to the list's resourceVersion. */
  listPages(
    resource: Resource,
    options: ListOptions,
    onPage: (items: KubeObject[]) => void,
  ): Promise<{ resourceVersion: string }>;
  create(resource: Resource, object: KubeObject, options?: { dryRun?: boolean }): Promise<KubeObject>;
  /** PUT. With `metadata.resourceVersion` set it is a compare-and-set: `Conflict` when someone else was faster. */
  update(resource: Resource, object: KubeObject, options?: { dryRun?: boolean }): Promise<KubeObject>;
  /** `metadata.uid` and `metadata.resourceVersion` inside `patch` are preconditions: `Conflict` when one does not hold. */
  mergePatch(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    patch: object,
    options?: { subresource?: 'status'; dryRun?: boolean },
  ): Promise<KubeObject>;
  /** Resolves too when the object was gone already; `Conflict` when it is not the one meant. */
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options?: { uid?: string | undefined; resourceVersion?: string | undefined },
  ): Promise<void>;
  /** A watch, on a connection of its own. Resolves when the server ends it, rejects when it breaks. */
  stream(path: string, options: StreamOptions): Promise<void>;
  /** Anything else: subject access reviews, OpenAPI, `/version`. Rejects for every status from 400 on. */
  requestRaw(method: string, path: string, body?: object): Promise<Answer>;
  /** Lets requests in flight finish, then closes the connections. Streams are ended. */
  close(): Promise<void>;
}

/** Why the API server did not do what was asked. Its message never holds the body of a Secret. */
export class KubeError extends Error {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /**
   * The API server's word (`Conflict`, `AlreadyExists`, `NotFound`, `Forbidden`, `Invalid`, `Expired`, …), or
   * `Unreachable` when there was no answer.
   */
  readonly reason: string;
  /** The name of the object that the server's answer is about, where it says so. */
  readonly about?: string;
  /** How long the server asked to wait. */
  readonly retryAfter?: Duration;
  /** Whether the server may have acted all the same: the answer was lost or says that it gave up midway. */
  readonly mayHaveActed: boolean;

  constructor(fields: {
    status: number;
    reason: string;
    message: string;
    mayHaveActed: boolean;
    about?: string | undefined;
    retryAfter?: Duration | undefined;
    cause?: unknown;
  }) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'KubeError';
    this.status = fields.status;
    this.reason = fields.reason;
    this.mayHaveActed = fields.mayHaveActed;
    if (fields.about !== undefined) this.about = fields.about;
    if (fields.retryAfter !== undefined) this.retryAfter = fields.retryAfter;
  }
}

/** Whether `error` is the API server's answer `reason`. */
export function isReason(error: unknown, reason: string): boolean {
  return error instanceof KubeError && error.reason === reason;
}
