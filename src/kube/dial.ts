import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { seconds } from '../clock.ts';
import type { TlsOptions } from './access.ts';
import { ConnectionLost } from './transport.ts';

const connectTimeout = seconds(10);

/** A TLS connection on which the server has said whether it speaks HTTP/2 (ALPN, RFC 7301). */
export function dial(server: URL, tls: TlsOptions, clock: Clock): Promise<TLSSocket> {
  // Node keeps the brackets of an IPv6 address in `hostname`.
  const host = server.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(server.port || 443),
      ALPNProtocols: ['h2', 'http/1.1'],
      ...(isIP(host) ? {} : { servername: host }),
      ...tls,
    });
    socket.setNoDelay(true);
    const fail = (error: Error) => {
      cancel();
      socket.destroy();
      reject(new ConnectionLost(`cannot connect to ${server.host}: ${error.message}`, 'connecting', error));
    };
    const cancel = clock.after(connectTimeout, () => fail(new Error(`no answer within ${connectTimeout / 1_000} s`)));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      cancel();
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
