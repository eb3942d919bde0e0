import type { Clock } from '../clock.ts';
import { seconds, sleep } from '../clock.ts';
import type { Access } from './access.ts';
import { KubeError, type StreamOptions } from './client.ts';
import { refusalOf, unreachable } from './refusal.ts';
import type { Call, Reply, Transport } from './transport.ts';

/** How often a request is repeated that the server turned away unread (429). */
const patience = 3;
const longestWait = seconds(10);

/** Requests as the API server means them: a 401 once with fresh credentials, a 429 again, the rest as `KubeError`. */
export interface Sender {
  send(call: Call): Promise<Reply>;
  /** The body of the answer, parsed. */
  json(call: Call): Promise<unknown>;
  stream(call: Call, options: StreamOptions): Promise<void>;
}

export function createSender({
  transport,
  access,
  clock,
}: {
  transport: Transport;
  access: Access;
  clock: Clock;
}): Sender {
  const withFreshCredentials = async <R extends Reply | undefined>(attempt: () => Promise<R>): Promise<R> => {
    const reply = await attempt();
    if (reply?.status !== 401) return reply;
    try {
      await access.refresh();
    } catch {
      return reply;
    }
    return attempt();
  };
  const send = async (call: Call): Promise<Reply> => {
    for (let attempt = 1; ; attempt++) {
      let reply: Reply;
      try {
        reply = await withFreshCredentials(() => transport.request(call));
      } catch (error) {
        throw unreachable(call, access.server, error);
      }
      if (reply.status < 300) return reply;
      const refusal = refusalOf(call, reply);
      const wait = refusal.retryAfter ?? Number.POSITIVE_INFINITY;
      if (reply.status !== 429 || wait > longestWait || attempt > patience) throw refusal;
      await sleep(clock, wait);
    }
  };
  return {
    send,
    async json(call) {
      const reply = await send(call);
      try {
        return JSON.parse(reply.body) as unknown;
      } catch {
        throw unreachable(call, access.server, new Error(`the answer (${reply.status}) is not JSON`));
      }
    },
    async stream(call, options) {
      let reply: Reply | undefined;
      try {
        reply = await withFreshCredentials(() => transport.stream(call, options));
      } catch (error) {
        if (options.signal.aborted || error instanceof KubeError) throw error;
        throw unreachable(call, access.server, error);
      }
      if (reply !== undefined) throw refusalOf(call, reply);
    },
  };
}
