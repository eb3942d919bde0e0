import type { Clock, Duration } from '../clock.ts';
import type { Access } from './access.ts';
import { createHttp1Transport } from './http1.ts';
import type { Keepalive } from './http2.ts';
import { createHttp2Transport, NoHttp2 } from './http2-transport.ts';
import type { Transport } from './transport.ts';

/** HTTP/2 where the server takes it (ALPN), else HTTP/1.1: plain http, a `proxy-url`, a proxy without HTTP/2. */
export function createTransport(options: {
  access: Access;
  clock: Clock;
  timeout: Duration;
  keepalive: Keepalive;
}): Transport {
  const { access } = options;
  const http1 = createHttp1Transport(options);
  if (access.server.protocol === 'http:' || access.proxy !== undefined) return http1;

  const http2 = createHttp2Transport(options);
  let current = http2;
  const carry = async <R>(send: (transport: Transport) => Promise<R>): Promise<R> => {
    try {
      return await send(current);
    } catch (error) {
      if (!(error instanceof NoHttp2)) throw error;
      current = http1;
      return send(http1);
    }
  };
  return {
    request: (call) => carry((transport) => transport.request(call)),
    stream: (call, streamOptions) => carry((transport) => transport.stream(call, streamOptions)),
    async close() {
      await Promise.all([http1.close(), http2.close()]);
    },
  };
}
