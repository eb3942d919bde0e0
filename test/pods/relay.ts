import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Relay {
  stop(): Promise<void>;
}

/** Carries connections from one address to another; with a certificate and its key it ends TLS. */
export async function startRelay(from: Address, to: Address, tls?: { cert: string; key: string }): Promise<Relay> {
  const open = new Set<Socket>();
  const carry = (incoming: Socket) => {
    const outgoing = connect(to);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  };
  const server = tls === undefined ? createServer(carry) : createTlsServer(tls, carry);
  server.listen(from.port, from.host);
  await once(server, 'listening');
  return {
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
