import type { ClientHttp2Session } from 'node:http2';
import type { Clock, Duration } from '../clock.ts';
import type { Access, Credentials } from './access.ts';
import { dial } from './dial.ts';
import { exchange, follow, type Keepalive, openSession } from './http2.ts';
import { createSlots } from './slots.ts';
import type { Call, Transport } from './transport.ts';
import { ConnectionLost, credentialsOf, longestGoodbye } from './transport.ts';

/** Streams in flight at once; kube-apiserver takes 100 or more. */
const streamsAtOnce = 100;

/** How often a request is offered again that a closing connection did not take. */
const offers = 4;

/** Thrown by a server that does not speak HTTP/2. */
export class NoHttp2 extends Error {}

/** HTTP/2: one session for all requests, another for each stream. Rejects with `NoHttp2` where ALPN says so. */
export function createHttp2Transport(options: {
  access: Access;
  clock: Clock;
  timeout: Duration;
  keepalive: Keepalive;
}): Transport {
  const { access, clock, timeout, keepalive } = options;
  const { server } = access;
  const prefix = server.pathname.replace(/\/$/, '');
  const slots = createSlots(streamsAtOnce);
  const following = new Set<ClientHttp2Session>();
  let shared: { session: ClientHttp2Session; generation: number } | undefined;
  let opening: Promise<ClientHttp2Session> | undefined;

  const open = async (credentials: Credentials): Promise<ClientHttp2Session> => {
    const socket = await dial(server, credentials.tls, clock);
    if (socket.alpnProtocol === 'h2') return openSession(socket, server.origin, clock, keepalive);
    socket.destroy();
    throw new NoHttp2();
  };
  const openShared = async (credentials: Credentials): Promise<ClientHttp2Session> => {
    const session = await open(credentials);
    const former = shared?.session;
    shared = { session, generation: credentials.generation };
    session.once('close', () => {
      if (shared?.session === session) shared = undefined;
    });
    former?.close();
    return session;
  };
  const sharedSession = (credentials: Credentials): ClientHttp2Session | Promise<ClientHttp2Session> => {
    // After a GOAWAY the session is closed to new requests while those in flight go on.
    const usable = shared && !shared.session.closed && shared.generation === credentials.generation;
    if (shared && usable) return shared.session;
    return (opening ??= openShared(credentials).finally(() => (opening = undefined)));
  };
  const withAuth = (call: Call, credentials: Credentials): Call => ({
    ...call,
    headers: { ...call.headers, ...credentials.headers },
  });

  return {
    async request(call) {
      await slots.take();
      try {
        for (let offer = 1; ; offer++) {
          const credentials = await credentialsOf(access);
          const session = await sharedSession(credentials);
          try {
            return await exchange(session, withAuth(call, credentials), prefix, clock, timeout);
          } catch (error) {
            if (!(error instanceof ConnectionLost) || error.stage !== 'refused' || offer === offers) throw error;
            if (shared?.session === session) shared = undefined;
            session.close();
          }
        }
      } finally {
        slots.give();
      }
    },
    async stream(call, streamOptions) {
      const credentials = await credentialsOf(access);
      const session = await open(credentials);
      following.add(session);
      try {
        return await follow(session, withAuth(call, credentials), prefix, streamOptions);
      } finally {
        following.delete(session);
        session.destroy();
      }
    },
    async close() {
      for (const session of following) session.destroy();
      await opening?.catch(() => {});
      const session = shared?.session;
      if (session === undefined || session.destroyed) return;
      const cancel = clock.after(longestGoodbye, () => session.destroy());
      await new Promise<void>((resolve) => {
        session.once('close', resolve);
        session.close();
      });
      cancel();
    },
  };
}
