import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request of a browser, or of Square, and what the operator answered. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** As text; what came of a stream until now. */
  readonly body: string;
}

/** The one address of the web parts, as an ingress gives it: which replica answers is chosen here. */
export interface FrontDoor {
  /** For `--external-url`. */
  readonly url: string;
  readonly exchanges: Exchange[];
  /** From now on this port answers. */
  lead(port: number): void;
  stop(): Promise<void>;
}

export async function startFrontDoor(): Promise<FrontDoor> {
  const exchanges: Exchange[] = [];
  let target = 0;

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    const upstream = request({ host: '127.0.0.1', port: target, method, path: url, headers });
    upstream.on('response', (answer) => {
      const chunks: Buffer[] = [];
      const status = answer.statusCode ?? 0;
      exchanges.push({
        method,
        url,
        status,
        headers: answer.headers,
        get body() {
          return Buffer.concat(chunks).toString();
        },
      });
      outgoing.writeHead(status, answer.headers);
      answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
      answer.on('error', () => outgoing.destroy());
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }

  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    lead: (port) => void (target = port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
