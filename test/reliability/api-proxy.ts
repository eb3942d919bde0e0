import { once } from 'node:events';
import {
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import { certificate, certificateKey } from '../support/certificate.ts';
import type { Upstream } from '../support/upstream.ts';
import { type Answered, type Asked, cross, endToEnd, type Gate } from './crossing.ts';

/** Stands before the API server and speaks as it does: HTTP/2 over TLS. */
export interface ApiProxy {
  readonly url: string;
  /** What a kubeconfig has to trust. */
  readonly certificateAuthority: string;
  stop(): Promise<void>;
}

export async function startApiProxy(upstream: Upstream, gate: Gate): Promise<ApiProxy> {
  const server = createSecureServer({ key: certificateKey, cert: certificate });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {}).on('close', () => sessions.delete(session));
  });
  server.on('sessionError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  // Whoever is killed in the midst of a handshake leaves one that never becomes a session, and that nothing else ends.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    void carry(upstream, gate, stream, headers).catch(() => stream.session?.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificateAuthority: certificate,
    async stop() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function carry(
  { server, dispatcher }: Upstream,
  gate: Gate,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const asked = await read(stream, headers);
  const left = new AbortController();
  stream.once('close', () => left.abort());
  const ask = () =>
    request(server + asked.path, {
      method: asked.method,
      dispatcher,
      headers: endToEnd(headers),
      body: asked.body === '' ? null : asked.body,
      // What was forwarded is carried out, whoever still waits for the answer; only a watch ends with its reader.
      ...(asked.watch ? { signal: left.signal } : {}),
    });
  const verdict = gate(asked);
  if (asked.watch) {
    const answer = await ask();
    stream.respond({ ':status': answer.statusCode, ...endToEnd(answer.headers) });
    await pipeline(answer.body, stream);
    return;
  }
  await cross(verdict, {
    async forward() {
      const answer = await ask();
      const body = Buffer.from(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: endToEnd(answer.headers), body };
    },
    reply: (answer) => reply(stream, answer),
    cut: () => stream.session?.destroy(),
  });
}

async function read(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const path = headers[':path'] ?? '/';
  return {
    edge: 'api',
    method: headers[':method'] ?? 'GET',
    path,
    body: Buffer.concat(chunks).toString(),
    watch: /[?&]watch=(1|true)/.test(path),
  };
}

function reply(stream: ServerHttp2Stream, { status, headers, body }: Answered): Promise<void> {
  if (stream.closed || stream.destroyed) return Promise.reject(new Error('the stream is gone'));
  stream.respond({ ':status': status, ...headers, 'content-length': body.length });
  return new Promise((resolve) => {
    stream.once('close', () => resolve());
    stream.end(body);
  });
}
