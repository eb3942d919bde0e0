import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Duration, seconds } from '../clock.ts';

/** Where to listen. Without a host on all addresses; port 0 takes a free one. */
export interface BindAddress {
  readonly host?: string | undefined;
  readonly port: number;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Takes nothing new, lets answers under way end for `grace`, then cuts them off. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly address: BindAddress;
  readonly clock: Clock;
  /** Default 5 s. */
  readonly grace?: Duration | undefined;
}

/** Serves HTTP/1.1. Rejects with the platform's error (`EADDRINUSE`, `EACCES`) when the address cannot be had. */
export async function listen(options: ListenOptions, answer: RequestListener): Promise<Listening> {
  const { address, clock, grace = seconds(5) } = options;
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, answer);
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const { address: host, port } = server.address() as AddressInfo;
  return {
    host,
    port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      const cancel = clock.after(grace, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}
