import { type Duration, type Instant, seconds } from '../clock.ts';
import type { Access, Credentials } from './access.ts';
import type { StreamOptions } from './client.ts';

/** How long requests in flight may take to end when a transport is closed. */
export const longestGoodbye = seconds(5);

export interface Call {
  method: string;
  /** With query, without the server's own path prefix. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
}

export interface Reply {
  status: number;
  body: string;
  /** What the header `Retry-After` says, when it gives seconds. */
  retryAfter?: Duration;
  /** What the header `Date` says. */
  date?: Instant;
}

/** Carries requests to the API server; knows HTTP, not Kubernetes. */
export interface Transport {
  /** Rejects with `ConnectionLost` and with nothing else. */
  request(call: Call): Promise<Reply>;
  /**
   * On a connection of its own. Resolves to `undefined` when the server ended an accepted stream in order, to the reply
   * when it did not accept it; rejects with `ConnectionLost` or, when aborted, with the signal's reason.
   */
  stream(call: Call, options: StreamOptions): Promise<Reply | undefined>;
  /** Requests in flight have 5 s to end. */
  close(): Promise<void>;
}

/**
 * How far a request got that was not answered. `connecting`: there was no connection. `refused`: the connection did not
 * take it and the next one may. `sent`: the server may have acted on it.
 */
export type Stage = 'connecting' | 'refused' | 'sent';

/** There was no answer. */
export class ConnectionLost extends Error {
  readonly stage: Stage;

  constructor(message: string, stage: Stage, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ConnectionLost';
    this.stage = stage;
  }
}

/** Rejects with `ConnectionLost` when the credentials cannot be had. */
export async function credentialsOf(access: Access): Promise<Credentials> {
  try {
    return await access.credentials();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConnectionLost(`no credentials: ${message}`, 'connecting', error);
  }
}

/** `Retry-After` in seconds (RFC 9110, section 10.2.3); a date is left out, since no clock is to be trusted with it. */
export function parseRetryAfter(value: string | string[] | undefined): { retryAfter?: Duration } {
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? { retryAfter: Number(value) * 1_000 } : {};
}

/** `Date` (RFC 9110, section 6.6.1). */
export function parseDate(value: string | string[] | undefined): { date?: Instant } {
  const date = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? {} : { date };
}
