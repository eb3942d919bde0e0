import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { type Asked, cross, endToEnd, type Gate } from './crossing.ts';

/** Stands before the Square simulator: plain HTTP on the loopback. */
export interface SquareProxy {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startSquareProxy(origin: string, gate: Gate): Promise<SquareProxy> {
  const dispatcher = new Agent();
  const server = createServer((incoming, outgoing) => {
    carry(origin, dispatcher, gate, incoming, outgoing).catch(() => incoming.socket.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await dispatcher.destroy();
    },
  };
}

async function carry(
  origin: string,
  dispatcher: Dispatcher,
  gate: Gate,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = 'GET', url: path = '/' } = incoming;
  const asked: Asked = { edge: 'square', method, path, body: Buffer.concat(chunks).toString(), watch: false };
  // The time of an answer is Square's, not this proxy's.
  outgoing.sendDate = false;
  const left = once(outgoing, 'close');
  await cross(gate(asked), {
    left,
    async forward() {
      const answer = await request(origin + path, {
        method,
        dispatcher,
        headers: endToEnd(incoming.headers),
        body: asked.body === '' ? null : asked.body,
      });
      const body = Buffer.from(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: endToEnd(answer.headers), body };
    },
    reply: ({ status, headers, body }) =>
      new Promise((resolve, reject) => {
        outgoing.once('finish', resolve).once('close', () => reject(new Error('the connection is gone')));
        outgoing.writeHead(status, { ...headers, 'content-length': body.length });
        outgoing.end(body);
      }),
    cut: () => void incoming.socket.resetAndDestroy(),
  });
}
