import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock, Duration } from '../clock.ts';
import type { StreamOptions } from './client.ts';
import { createLineReader } from './lines.ts';
import type { Call, Reply } from './transport.ts';
import { ConnectionLost, parseDate, parseRetryAfter } from './transport.ts';

export interface Keepalive {
  /** Between the answer to one PING and the next. */
  interval: Duration;
  /** Without an answer for so long, the connection is dead. */
  timeout: Duration;
}

/** Room for what the server may send ahead: a list's page comes in one piece, a watch's backlog too. */
const window = 1 << 20;

/** A session on a connected socket. PING tells a dead connection within `interval + timeout`; then it is destroyed. */
export function openSession(socket: TLSSocket, origin: string, clock: Clock, keepalive: Keepalive): ClientHttp2Session {
  const session = connect(origin, {
    createConnection: () => socket,
    maxSessionMemory: 64,
    settings: { enablePush: false, initialWindowSize: window },
  });
  session.on('connect', () => session.setLocalWindowSize(4 * window));
  // What goes wrong is told to each stream; without a listener it would end the process.
  session.on('error', () => {});
  keepAlive(session, clock, keepalive);
  return session;
}

function keepAlive(session: ClientHttp2Session, clock: Clock, { interval, timeout }: Keepalive): void {
  let cancel = () => {};
  const die = () => session.destroy(new Error('the connection is dead, PING went unanswered'));
  const beat = () => {
    cancel = clock.after(interval, () => {
      if (session.destroyed) return;
      let answered = false;
      // The answer may be waiting to be read where the process itself stood still: look once more before judging.
      cancel = clock.after(timeout, () => setImmediate(() => setImmediate(() => answered || die())));
      const sent = session.ping((error: Error | null) => {
        answered = true;
        cancel();
        if (error === null) beat();
      });
      if (!sent) die();
    });
  };
  beat();
  session.once('close', () => cancel());
}

/** REFUSED_STREAM, also for streams above the last one a GOAWAY names: not acted on (RFC 9113, section 8.7). */
function lost(stream: ClientHttp2Stream, cause: Error | undefined): ConnectionLost {
  const { rstCode } = stream;
  const stage = rstCode === constants.NGHTTP2_REFUSED_STREAM ? 'refused' : 'sent';
  // Without an error of its own, CANCEL is Node's word for a connection that went away.
  const broken = rstCode === constants.NGHTTP2_CANCEL;
  const why = broken ? 'the connection broke' : `the stream was cut off (HTTP/2 code ${rstCode})`;
  return new ConnectionLost(cause?.message ?? why, stage, cause);
}

function begin(session: ClientHttp2Session, call: Call, prefix: string): ClientHttp2Stream {
  const headers = { ...call.headers, ':method': call.method, ':path': prefix + call.path };
  try {
    const stream = session.request(headers, { endStream: call.body === undefined });
    if (call.body !== undefined) stream.end(call.body);
    return stream;
  } catch (error) {
    throw new ConnectionLost('the connection is closing', 'refused', error);
  }
}

/** One request and its whole answer. Rejects with `ConnectionLost`. */
export function exchange(
  session: ClientHttp2Session,
  call: Call,
  prefix: string,
  clock: Clock,
  timeout: Duration,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const stream = begin(session, call, prefix);
    const parts: Buffer[] = [];
    let status = 0;
    let length: number | undefined;
    let retryAfter: string | undefined;
    let date: string | undefined;
    let trouble: Error | undefined;
    const cancel = clock.after(timeout, () => {
      trouble = new Error(`no answer within ${timeout / 1_000} s`);
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
      const stated = headers['content-length'];
      if (stated !== undefined) length = Number(stated);
      retryAfter = headers['retry-after'];
      date = headers.date;
    });
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', (error) => (trouble ??= error));
    stream.on('close', () => {
      cancel();
      const body = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
      const whole = stream.rstCode === constants.NGHTTP2_NO_ERROR && (length === undefined || length === body.length);
      if (trouble === undefined && status !== 0 && whole && !stream.aborted) {
        resolve({ status, body: body.toString('utf8'), ...parseRetryAfter(retryAfter), ...parseDate(date) });
      } else reject(lost(stream, trouble));
    });
  });
}

/** One request whose answer is read line by line for as long as it lasts. See `Transport.stream`. */
export function follow(
  session: ClientHttp2Session,
  call: Call,
  prefix: string,
  { signal, onOpen, onLine }: StreamOptions,
): Promise<Reply | undefined> {
  return new Promise((resolve, reject) => {
    const stream = begin(session, call, prefix);
    const refusal: Buffer[] = [];
    let status = 0;
    let retryAfter: string | undefined;
    let trouble: Error | undefined;
    const onAbort = () => stream.close(constants.NGHTTP2_CANCEL);
    signal.addEventListener('abort', onAbort, { once: true });
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
      retryAfter = headers['retry-after'];
      if (status === 200 && !signal.aborted) onOpen?.();
    });
    const readLines = createLineReader((line) => {
      if (!signal.aborted) onLine(line);
    });
    stream.on('data', (part: Buffer) => {
      try {
        if (status === 200) readLines(part);
        else refusal.push(part);
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
    stream.on('error', (error) => (trouble ??= error));
    stream.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(signal.reason as Error);
      else if (trouble !== undefined || status === 0 || stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR)
        reject(lost(stream, trouble));
      else if (status === 200) resolve(undefined);
      else resolve({ status, body: Buffer.concat(refusal).toString('utf8'), ...parseRetryAfter(retryAfter) });
    });
    if (signal.aborted) onAbort();
  });
}
