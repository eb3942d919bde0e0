import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate, certificateKey } from './certificate.ts';

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

/**
 * The one address of the web parts, as an ingress gives it: it ends TLS where it is asked to, and which replica answers is
 * chosen here. Its name is `localhost`, so that to a browser it is another site than Square on 127.0.0.1.
 */
export interface FrontDoor {
  /** For `--external-url`. */
  readonly url: string;
  readonly exchanges: Exchange[];
  /** From now on this port answers; 0: none does. */
  lead(port: number): void;
  stop(): Promise<void>;
}

export async function startFrontDoor(scheme: 'http' | 'https'): Promise<FrontDoor> {
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
    upstream.on('error', () => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502, { 'content-type': 'text/plain' }).end('Bad gateway');
    });
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }

  const tls = { cert: certificate, key: certificateKey };
  const server = scheme === 'https' ? createSecureServer(tls, pass) : createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${scheme}://localhost:${(server.address() as AddressInfo).port}`,
    exchanges,
    lead: (port) => void (target = port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
