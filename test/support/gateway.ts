import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { openUpstream } from './upstream.ts';

/** One request of the operator to the API server. */
export interface GatewayEntry {
  readonly method: string;
  readonly path: string;
  readonly watch: boolean;
  /** What the API server answered; 0 until it has. */
  readonly status: number;
}

/** Stands between the operator and the API server, passes everything on and writes down what was asked. */
export interface Gateway {
  readonly url: string;
  /** What was asked since the last `clear`; watches, the lease and events aside unless asked for. */
  requests(options?: { readonly all?: boolean }): GatewayEntry[];
  clear(): void;
  /** From now on such requests are answered with 403, as an admission policy would; without one, none. */
  refuse(such?: (entry: GatewayEntry) => boolean): void;
  stop(): Promise<void>;
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'upgrade', 'content-length']);
const endToEnd = (headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));

const forbidden = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Forbidden',
  message: 'a policy of this test does not allow it',
  code: 403,
};

/** With `streamingLists` false it answers as an API server does that knows no list within a watch. */
export async function startGateway(admin: string, { streamingLists = true } = {}): Promise<Gateway> {
  const { server: upstream, dispatcher } = await openUpstream(admin);
  type Mutable<T> = { -readonly [K in keyof T]: T[K] };
  let entries: Mutable<GatewayEntry>[] = [];
  let refused: (entry: GatewayEntry) => boolean = () => false;

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    const entry = { method, path: url, watch: /[?&]watch=(1|true)/.test(url), status: 0 };
    entries.push(entry);
    if (!streamingLists && url.includes('sendInitialEvents=')) {
      outgoing.writeHead(422, { 'content-type': 'application/json' }).end('{"kind":"Status","code":422}');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    if (refused(entry)) {
      entry.status = 403;
      outgoing.writeHead(403, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify(forbidden));
      return;
    }
    const left = new AbortController();
    outgoing.on('close', () => left.abort());
    const answer = await request(`${upstream}${url}`, {
      method,
      dispatcher,
      headers: endToEnd(incoming.headers) as Record<string, string>,
      body: chunks.length === 0 ? null : Buffer.concat(chunks),
      signal: left.signal,
    });
    entry.status = answer.statusCode;
    outgoing.writeHead(answer.statusCode, endToEnd(answer.headers));
    outgoing.flushHeaders();
    for await (const chunk of answer.body) outgoing.write(chunk);
    outgoing.end();
  }

  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing).catch(() => outgoing.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const aside = ({ path, watch }: GatewayEntry) => watch || /\/leases\b|\/events\b/.test(path);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: ({ all = false } = {}) => (all ? [...entries] : entries.filter((entry) => !aside(entry))),
    clear() {
      entries = [];
    },
    refuse(such = () => false) {
      refused = such;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await dispatcher.destroy();
    },
  };
}
