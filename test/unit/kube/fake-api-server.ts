import { createServer as createHttpServer } from 'node:http';
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Access, Credentials } from '../../../src/kube/access.ts';
import { certificate, certificateKey } from '../../support/certificate.ts';

/** A request that has arrived and waits for the script to answer it. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  json(status: number, body: object, headers?: Record<string, string>): void;
  text(status: number, body: string): void;
  /** Accepts a watch. */
  open(): void;
  /** Sends one watch event. */
  event(type: string, object: object): void;
  /** Sends bytes as they are. */
  raw(text: string): void;
  end(): void;
  /** RST_STREAM with this code. */
  reset(code: number): void;
  /** The stream is over, by whichever side. */
  readonly closed: boolean;
}

export interface FakeApiServer {
  readonly access: Access & { refreshed: number };
  /** The next request, in the order of arrival. */
  next(): Promise<Incoming>;
  /** Requests that have arrived so far, as `METHOD path`. */
  readonly seen: string[];
  /** Connections made so far. */
  readonly connections: () => number;
  goaway(): void;
  /** Ends all connections as a killed process does. */
  cut(): void;
  /** From now on no byte passes on the connections there are; new ones work. */
  freeze(): void;
  /** Refuses connections until `listen`. */
  deafen(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

export type Dialect = 'h2' | 'http/1.1 over TLS' | 'plain http/1.1';

const listening = (server: Server, port = 0) =>
  new Promise<number>((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** A line of things to come, for one consumer. */
function createArrivals<T>() {
  const arrived: T[] = [];
  const awaited: ((item: T) => void)[] = [];
  return {
    push(item: T) {
      const waiter = awaited.shift();
      if (waiter) waiter(item);
      else arrived.push(item);
    },
    next(): Promise<T> {
      const item = arrived.shift();
      return item === undefined ? new Promise((resolve) => awaited.push(resolve)) : Promise.resolve(item);
    },
  };
}

type Reply = Pick<Incoming, 'json' | 'text' | 'open' | 'raw' | 'end' | 'reset'> & { closed(): boolean };

function incoming(method: string, target: string, headers: object, body: string, reply: Reply): Incoming {
  const url = new URL(target, 'https://127.0.0.1');
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: headers as Record<string, string>,
    body,
    ...reply,
    event: (type, object) => reply.raw(`${JSON.stringify({ type, object })}\n`),
    get closed() {
      return reply.closed();
    },
  };
}

function h2Reply(stream: ServerHttp2Stream): Reply {
  return {
    json(status, body, headers = {}) {
      stream.respond({ ':status': status, 'content-type': 'application/json', ...headers });
      stream.end(JSON.stringify(body));
    },
    text(status, body) {
      stream.respond({ ':status': status, 'content-type': 'text/plain' });
      stream.end(body);
    },
    open: () => stream.respond({ ':status': 200, 'content-type': 'application/json' }),
    raw: (text) => void stream.write(text),
    end() {
      if (!stream.headersSent) stream.respond({ ':status': 200 });
      stream.end();
    },
    reset: (code) => stream.close(code),
    closed: () => stream.closed || stream.destroyed,
  };
}

function h2Server(arrive: (request: Incoming) => void): { server: Server; sessions: Set<ServerHttp2Session> } {
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({ cert: certificate, key: certificateKey });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      const { ':method': method = '', ':path': path = '' } = headers;
      arrive(incoming(method, path, headers, Buffer.concat(parts).toString(), h2Reply(stream)));
    });
  });
  return { server, sessions };
}

async function h1Server(secure: boolean, arrive: (request: Incoming) => void): Promise<Server> {
  const { createServer: createHttpsServer } = await import('node:https');
  const onRequest: Parameters<typeof createHttpServer>[1] & object = (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const reply: Reply = {
        json(status, body, headers = {}) {
          response.writeHead(status, { 'content-type': 'application/json', ...headers });
          response.end(JSON.stringify(body));
        },
        text(status, body) {
          response.writeHead(status);
          response.end(body);
        },
        open() {
          response.writeHead(200);
          response.flushHeaders();
        },
        raw: (text) => void response.write(text),
        end: () => void response.end(),
        reset: () => void response.destroy(),
        closed: () => response.closed,
      };
      const body = Buffer.concat(parts).toString();
      arrive(incoming(request.method ?? '', request.url ?? '', request.headers, body, reply));
    });
  };
  return secure
    ? createHttpsServer({ cert: certificate, key: certificateKey, ALPNProtocols: ['http/1.1'] }, onRequest)
    : createHttpServer(onRequest);
}

/** Real HTTP on loopback behind a relay that can be cut or fall silent; what it answers is up to the test. */
export async function startFakeApiServer(dialect: Dialect = 'h2'): Promise<FakeApiServer> {
  const arrivals = createArrivals<Incoming>();
  const seen: string[] = [];
  const arrive = (request: Incoming) => {
    seen.push(`${request.method} ${request.path}`);
    arrivals.push(request);
  };
  const h2 = h2Server(arrive);
  const inner = dialect === 'h2' ? h2.server : await h1Server(dialect !== 'plain http/1.1', arrive);
  const innerPort = await listening(inner);

  const pairs = new Set<[Socket, Socket]>();
  let count = 0;
  const relay = createServer((outside) => {
    count++;
    const inside = connect(innerPort, '127.0.0.1');
    const pair: [Socket, Socket] = [outside, inside];
    pairs.add(pair);
    for (const [from, to] of [pair, [inside, outside] as const]) {
      from.setNoDelay(true);
      from.on('data', (part) => to.write(part));
      from.on('error', () => {});
      from.on('close', () => {
        pairs.delete(pair);
        to.destroy();
      });
      from.on('end', () => to.end());
    }
  });
  const port = await listening(relay);
  const credentials: Credentials = {
    headers: { authorization: 'Bearer first' },
    tls: { ca: certificate },
    generation: 0,
  };
  const access: FakeApiServer['access'] = {
    server: new URL(`${dialect === 'plain http/1.1' ? 'http' : 'https'}://127.0.0.1:${port}`),
    namespace: 'default',
    proxy: undefined,
    refreshed: 0,
    credentials: () =>
      access.refreshed === 0 ? credentials : { ...credentials, headers: { authorization: 'Bearer fresh' } },
    async refresh() {
      access.refreshed++;
      return access.credentials();
    },
  };
  const cut = () => {
    for (const [outside, inside] of pairs) {
      outside.resetAndDestroy();
      inside.destroy();
    }
  };
  const stopListening = () => new Promise<void>((resolve) => void relay.close(() => resolve()));
  return {
    access,
    next: () => arrivals.next(),
    seen,
    connections: () => count,
    goaway() {
      for (const session of h2.sessions) session.close();
    },
    cut,
    freeze() {
      for (const pair of pairs) {
        for (const socket of pair) {
          socket.removeAllListeners('data');
          socket.pause();
        }
      }
    },
    async deafen() {
      cut();
      await stopListening();
    },
    async listen() {
      await listening(relay, port);
    },
    async close() {
      cut();
      await stopListening();
      await new Promise<void>((resolve) => void inner.close(() => resolve()));
    },
  };
}
