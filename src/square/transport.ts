import { Client, type Dispatcher, Pool } from 'undici';
import type { Clock, Duration } from '../clock.ts';

/** One HTTP request. `headers` is a flat list of names and values. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: string[];
  readonly body?: string;
  /** The longest body in bytes that is taken in. */
  readonly limit: number;
  /**
   * Sent on a connection of its own. For what must not be asked twice: on one that idled the peer may have closed, nobody
   * could tell whether the request was read.
   */
  readonly fresh?: boolean;
}

/** Why no whole answer came. */
export type FaultKind = 'TimedOut' | 'NotResolved' | 'Refused' | 'Lost' | 'TLS' | 'Truncated' | 'TooLarge';

export type Answer = {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
};

export type Fault = {
  readonly kind: 'fault';
  readonly fault: FaultKind;
  /** Whether the request was, or may have been, written to a connection. */
  readonly written: boolean;
  readonly status?: number;
};

/** HTTP to one origin. `send` never rejects, follows no redirect and writes a request at most once. */
export interface Transport {
  send(call: Call): Promise<Answer | Fault>;
  /** Waits for the calls under way. A call after it fails as one that was never written. */
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly origin: string;
  readonly clock: Clock;
  readonly connectTimeout: Duration;
  readonly callTimeout: Duration;
  /** The most connections open at once; further calls wait for one, within their time limit. */
  readonly connections: number;
}

/**
 * Keep-alive is short on purpose. A peer may close an idle connection just as a request is written to it, and then
 * nobody knows whether it was read. undici (HTTP/1.1, no pipelining) looks at an idle connection before it writes, opens
 * a new one when that has ended, and fails a request that was written to a connection that then closed: it writes none
 * twice. HTTP/2 stays off, since there it does write refused streams again.
 */
const keepAlive = 4_000;

export function createTransport(options: TransportOptions): Transport {
  const common: Client.Options = {
    allowH2: false,
    pipelining: 1,
    connectTimeout: options.connectTimeout,
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const pool = new Pool(options.origin, { ...common, connections: options.connections });
  const alone = new Set<Promise<unknown>>();
  const send = (dispatcher: Dispatcher, call: Call) =>
    new Promise<Answer | Fault>((resolve) => {
      dispatcher.dispatch(
        { method: call.method, path: call.path, headers: call.headers, body: call.body ?? null, idempotent: false },
        receiver(call.limit, options, resolve),
      );
    });
  async function sendAlone(call: Call): Promise<Answer | Fault> {
    const client = new Client(options.origin, common);
    try {
      return await send(client, call);
    } finally {
      void client.destroy();
    }
  }
  let closing: Promise<void> | undefined;
  return {
    send(call) {
      // Closed to calls of this kind too.
      if (call.fresh !== true || closing !== undefined) return send(pool, call);
      const sent = sendAlone(call);
      alone.add(sent);
      return sent.finally(() => alone.delete(sent));
    },
    close: () => (closing ??= (async () => void (await Promise.all([pool.close(), ...alone])))()),
  };
}

/** Collects one answer; settles exactly once, at the latest when the time is up. */
function receiver(limit: number, options: TransportOptions, settle: (result: Answer | Fault) => void) {
  let controller: Dispatcher.DispatchController | undefined;
  let status = 0;
  let headers: Answer['headers'] = {};
  let chunks: Uint8Array[] = [];
  let size = 0;
  let settled = false;
  const finish = (result: Answer | Fault) => {
    if (settled) return;
    settled = true;
    cancelTimer();
    settle(result);
  };
  const fail = (fault: FaultKind) => {
    finish({ kind: 'fault', fault, written: controller !== undefined, ...(status === 0 ? {} : { status }) });
    chunks = [];
    controller?.abort(new Error(fault));
  };
  const timedOut = () => {
    if (controller === undefined) return fail('TimedOut');
    // Where the process itself stood still the answer may be waiting to be read: look once more before judging.
    setImmediate(() => setImmediate(() => fail('TimedOut')));
  };
  const cancelTimer = options.clock.after(options.callTimeout, timedOut);
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      if (settled) started.abort(new Error('TimedOut'));
      else controller = started;
    },
    onResponseStart(_, statusCode, responseHeaders) {
      if (statusCode < 200) return;
      status = statusCode;
      headers = responseHeaders;
      if (Number(responseHeaders['content-length']) > limit) fail('TooLarge');
    },
    onResponseData(_, chunk) {
      size += chunk.length;
      if (size > limit) fail('TooLarge');
      else chunks.push(chunk);
    },
    onResponseEnd() {
      const [only] = chunks;
      finish({ kind: 'answer', status, headers, body: only && chunks.length === 1 ? only : Buffer.concat(chunks) });
    },
    onResponseError: (_, error) => fail(faultOf(error, status)),
  };
  return handler;
}

const kinds: Readonly<Record<string, FaultKind>> = {
  UND_ERR_CONNECT_TIMEOUT: 'TimedOut',
  ETIMEDOUT: 'TimedOut',
  ENOTFOUND: 'NotResolved',
  EAI_AGAIN: 'NotResolved',
  EAI_FAIL: 'NotResolved',
  EAI_NODATA: 'NotResolved',
  ECONNREFUSED: 'Refused',
  EHOSTUNREACH: 'Refused',
  ENETUNREACH: 'Refused',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'Truncated',
  UND_ERR_HEADERS_OVERFLOW: 'TooLarge',
};

/** Codes that OpenSSL and Node give when a peer's certificate is not to be trusted, or is no TLS peer at all. */
const tls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/;

function faultOf(error: Error, status: number): FaultKind {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const kind = kinds[code];
  if (kind !== undefined) return kind;
  if (tls.test(code)) return 'TLS';
  return status === 0 ? 'Lost' : 'Truncated';
}
