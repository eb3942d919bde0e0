import { type Clock, type Duration, seconds, sleep } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { fillIncoming, type IncomingPlace, sealIncoming } from './incoming.ts';
import type { Binding, KeyRing } from './port.ts';

/** What a sign-in gave, on its way into the cluster. */
export interface IncomingDue {
  readonly place: IncomingPlace;
  readonly binding: Binding;
  readonly grant: Grant;
  /** Told once it is stored, or nobody could take it up any more: what else keeps it may go. */
  readonly settled: () => Promise<void>;
}

/** `Waiting`: it is written again until it is stored. */
export type IncomingSettled = 'Stored' | 'Gone' | 'Waiting';

/**
 * Stores what sign-ins gave, on whichever replica: needs no lease, since nothing that is held is touched. What the API
 * server refuses is written again without end, as long as the process lives; the journal keeps it beyond that.
 */
export interface IncomingSettlement {
  /** Resolves when it is settled, or after `patience`, and then goes on. Never rejects. */
  store(due: IncomingDue, patience: Duration): Promise<IncomingSettled>;
  /** How many wait to be stored. */
  count(): number;
  /** Resolves when everything is settled. */
  safe(): Promise<void>;
  /** Writes nothing any more: the process ends. */
  close(): void;
}

export interface IncomingSettlementDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: KeyRing;
}

const retry = { first: seconds(0.25), most: seconds(10) };
const pauseAfter = (attempt: number): Duration => Math.min(retry.most, retry.first * 2 ** Math.min(attempt - 1, 10));

export function createIncomingSettlement(deps: IncomingSettlementDeps): IncomingSettlement {
  const { client, clock, log, ring } = deps;
  const open = new Set<Promise<'Stored' | 'Gone'>>();
  const closing = new AbortController();

  async function settle({ place, binding, grant, settled }: IncomingDue): Promise<'Stored' | 'Gone'> {
    const connection = `${place.namespace}/${place.connection}`;
    for (let attempt = 1; ; attempt++) {
      // Anew each time: the key may have retired meanwhile.
      const outcome = await fillIncoming(client, place, sealIncoming(ring, binding, grant));
      if (outcome.kind === 'Stored' || outcome.kind === 'Gone') {
        await settled();
        if (attempt > 1) log.info({ connection, attempt, outcome: outcome.kind }, 'a sign-in that waited is settled');
        return outcome.kind;
      }
      const why = outcome.message;
      log.error({ connection, attempt, why }, 'what a sign-in gave could not be stored and is stored again');
      await sleep(clock, pauseAfter(attempt), closing.signal);
    }
  }

  return {
    async store(due, patience) {
      const work = settle(due);
      open.add(work);
      void work.then(
        () => open.delete(work),
        // Closed: whoever starts next finds it in the journal.
        () => open.delete(work),
      );
      const done = new AbortController();
      const late = sleep(clock, patience, done.signal).then(
        () => 'Waiting' as const,
        () => 'Waiting' as const,
      );
      const first = await Promise.race([work.catch(() => 'Waiting' as const), late]);
      done.abort();
      return first;
    },
    count: () => open.size,
    safe: async () => void (await Promise.allSettled(open)),
    close: () => closing.abort(),
  };
}
