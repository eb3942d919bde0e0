import { createHash } from 'node:crypto';
import type { Instant } from '../../src/clock.ts';
import type { Incoming } from './reply.ts';
import type { Endpoint } from './settings.ts';

/** One request as it is remembered: no token, code, secret or query in clear. */
export interface RequestEntry {
  readonly at: Instant;
  readonly method: string;
  readonly path: string;
  readonly endpoint?: Endpoint;
  /** Only the scheme of `Authorization`. */
  readonly authorization?: string;
  readonly squareVersion?: string;
  readonly userAgent?: string;
  readonly clientID?: string;
  readonly merchantID?: string;
  readonly grantType?: string;
  /** Fields of the JSON body, with tokens, codes and secrets masked. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** HTTP status; `dropped`, `truncated` or `hung` after a fault. */
  readonly outcome: number | 'dropped' | 'truncated' | 'hung';
}

export interface RequestLog {
  add(entry: RequestEntry): void;
  /** Requests in order of arrival, the newest 50 000 of them. */
  entries(filter?: {
    readonly endpoint?: Endpoint;
    readonly clientID?: string;
    readonly merchantID?: string;
  }): RequestEntry[];
  /** All requests since the last `clear`, by endpoint. */
  counts(): Record<string, number>;
  clear(): void;
}

const kept = 50_000;

export function createRequestLog(): RequestLog {
  let entries: RequestEntry[] = [];
  let counts: Record<string, number> = {};
  return {
    add(entry) {
      const name = entry.endpoint ?? 'other';
      counts[name] = (counts[name] ?? 0) + 1;
      entries.push(entry);
      if (entries.length >= 2 * kept) entries = entries.slice(-kept);
    },
    entries: (filter = {}) =>
      entries
        .slice(-kept)
        .filter(
          (entry) =>
            (filter.endpoint === undefined || filter.endpoint === entry.endpoint) &&
            (filter.clientID === undefined || filter.clientID === entry.clientID) &&
            (filter.merchantID === undefined || filter.merchantID === entry.merchantID),
        ),
    counts: () => ({ ...counts }),
    clear() {
      entries = [];
      counts = {};
    },
  };
}

/** A stand-in for a secret value: its first four characters and a digest that tells values apart. */
export const masked = (value: string): string =>
  `${value.slice(0, 4)}…${createHash('sha256').update(value).digest('hex').slice(0, 8)}`;

const secretFields = new Set([
  'client_secret',
  'code',
  'code_verifier',
  'refresh_token',
  'migration_token',
  'access_token',
]);

export function maskedBody(incoming: Incoming): Readonly<Record<string, unknown>> | undefined {
  if (incoming.json === undefined) return undefined;
  const fields = Object.entries(incoming.json);
  return Object.fromEntries(
    fields.map(([name, value]) => [name, secretFields.has(name) && typeof value === 'string' ? masked(value) : value]),
  );
}
