import type { IncomingHttpHeaders } from 'node:http';

/** A request as the endpoints see it. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body, when it is a JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The entry of the ledger that this answers. */
  readonly tokenRequest?: number;
}

const jsonType = { 'content-type': 'application/json' };
const htmlType = { 'content-type': 'text/html; charset=utf-8' };

export const json = (status: number, body: unknown): Reply => ({
  status,
  headers: jsonType,
  body: JSON.stringify(body),
});

export const html = (status: number, body: string): Reply => ({ status, headers: htmlType, body });

export const redirect = (location: string, body = ''): Reply => ({
  status: 302,
  headers: { ...htmlType, location, 'cache-control': 'no-store' },
  body,
});

/** A field of a JSON body that holds text. */
export function field(incoming: Incoming, name: string): string | undefined {
  const value = incoming.json?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
