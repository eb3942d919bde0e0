import type { Agent, Dispatcher } from 'undici';
import { type Clock, type Duration, seconds } from '../clock.ts';
import type { Access, Credentials } from './access.ts';
import { createLineReader } from './lines.ts';
import type { Stage, Transport } from './transport.ts';
import { ConnectionLost, credentialsOf, longestGoodbye, parseDate, parseRetryAfter } from './transport.ts';

/** Connections for requests, at most. */
const connections = 32;

/** A peer that is gone is found by TCP: 20 s without traffic, then probes (libuv sends ten, a second apart). */
const keepAlive = { keepAlive: true, keepAliveInitialDelay: seconds(20), timeout: seconds(10) };

const beforeSending = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

function lost(error: unknown): ConnectionLost {
  if (error instanceof ConnectionLost) return error;
  const { code, message } = error as { code?: string; message?: string };
  const stage: Stage = code !== undefined && beforeSending.has(code) ? 'connecting' : 'sent';
  return new ConnectionLost(message || (code ?? 'no answer'), stage, error);
}

/** HTTP/1.1, for servers and proxies that do not speak HTTP/2: `kubectl proxy`, a `proxy-url`. */
export function createHttp1Transport({
  access,
  clock,
  timeout,
}: {
  access: Access;
  clock: Clock;
  timeout: Duration;
}): Transport {
  const origin = access.server.origin;
  const prefix = access.server.pathname.replace(/\/$/, '');
  const streams = new Set<Dispatcher>();
  let shared: { agent: Promise<Dispatcher>; generation: number } | undefined;

  const open = async ({ tls }: Credentials, options: Agent.Options): Promise<Dispatcher> => {
    const undici = await import('undici');
    const connect = { ...tls, ...keepAlive };
    if (access.proxy === undefined) return new undici.Agent({ ...options, connect });
    return new undici.ProxyAgent({ ...options, uri: access.proxy, requestTls: connect });
  };
  const agentFor = (credentials: Credentials): Promise<Dispatcher> => {
    if (shared?.generation !== credentials.generation) {
      const former = shared?.agent;
      const agent = open(credentials, { connections, headersTimeout: timeout, bodyTimeout: timeout });
      shared = { agent, generation: credentials.generation };
      void former?.then((old) => old.close()).catch(() => {});
    }
    return shared.agent;
  };

  return {
    async request({ method, path, headers, body }) {
      try {
        const credentials = await credentialsOf(access);
        const dispatcher = await agentFor(credentials);
        const reply = await dispatcher.request({
          origin,
          path: prefix + path,
          method: method,
          headers: { ...headers, ...credentials.headers },
          body: body ?? null,
        });
        const text = await reply.body.text();
        const { 'retry-after': retryAfter, date } = reply.headers;
        return { status: reply.statusCode, body: text, ...parseRetryAfter(retryAfter), ...parseDate(date) };
      } catch (error) {
        throw lost(error);
      }
    },
    async stream({ method, path, headers }, { signal, onOpen, onLine }) {
      let dispatcher: Dispatcher | undefined;
      try {
        const credentials = await credentialsOf(access);
        dispatcher = await open(credentials, { connections: 1, headersTimeout: timeout, bodyTimeout: 0 });
        streams.add(dispatcher);
        const reply = await dispatcher.request({
          origin,
          path: prefix + path,
          method: method,
          headers: { ...headers, ...credentials.headers },
          signal,
        });
        if (reply.statusCode !== 200) {
          const text = await reply.body.text();
          return { status: reply.statusCode, body: text, ...parseRetryAfter(reply.headers['retry-after']) };
        }
        onOpen?.();
        const readLines = createLineReader(onLine);
        for await (const part of reply.body) readLines(part as Buffer);
        return undefined;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw lost(error);
      } finally {
        if (dispatcher) streams.delete(dispatcher);
        dispatcher?.destroy().catch(() => {});
      }
    },
    async close() {
      await Promise.all([...streams].map((dispatcher) => dispatcher.destroy()));
      const agent = await shared?.agent;
      const cancel = clock.after(longestGoodbye, () => void agent?.destroy().catch(() => {}));
      await agent?.close().catch(() => {});
      cancel();
    },
  };
}
