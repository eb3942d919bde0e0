import { hours, seconds, sleep } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import { type Key, keyFrom } from '../kube/resource.ts';
import { clearEscrow } from '../secrets/clear-escrow.ts';
import { type Escrowed, listEscrow } from '../secrets/escrow.ts';
import type { IncomingPlace } from '../secrets/incoming.ts';
import type { Binding, Unopened } from '../secrets/port.ts';
import { type Found, findRecord, firstWord, holdForLater, type RecoverDeps, until } from './recover.ts';
import { over } from './succession.ts';

/** So long what a sign-in gave is waited for, so that the first status can say why it is not stored. */
const patience = seconds(1);

/** So long a pass waits for a look. */
const moment = seconds(2);

/** Replicas that do not lead leave something there, too. A sign-in that is not taken up for a day is of no use any more. */
const lookEvery = hours(1);

/**
 * Stores what lies in escrow, whoever put it there, and takes away what is stored by now. What it is at already, it leaves
 * alone.
 */
export interface EscrowRecovery {
  /**
   * For the holder of the lease: resolves when it has looked, before which nothing is worked on. Looks again every hour, until
   * `signal` is aborted. Rejects only then.
   */
  begin(signal: AbortSignal): Promise<void>;
  /**
   * Looks at once, for each cause once in a term, and once more where that took longer than a moment, which nobody waits for.
   * Resolves to whether there may be something new to be seen. Never rejects.
   */
  lookFor(cause: string): Promise<boolean>;
}

export function createEscrowRecovery(deps: RecoverDeps): EscrowRecovery {
  /** The Secrets that are worked at, by their names, each with the term that does. */
  const atWork = new Map<string, AbortSignal>();
  /** Connections that wait for a later version of the operator, by the Secrets that it left. */
  const waiting = new Map<string, Key>();
  const causes = new Map<string, 'Late' | 'Looked'>();
  let term: AbortSignal | undefined;

  return {
    async begin(signal) {
      term = signal;
      causes.clear();
      await look(signal);
      void (async () => {
        for (;;) {
          await sleep(deps.clock, lookEvery, signal);
          await look(signal);
        }
      })().catch(() => {});
    },
    async lookFor(cause) {
      const before = causes.get(cause);
      if (term === undefined || term.aborted || before === 'Looked') return false;
      const late = new AbortController();
      const looked = look(term, AbortSignal.any([term, late.signal])).then(
        () => true,
        () => false,
      );
      const ended = new AbortController();
      const given = sleep(deps.clock, moment, ended.signal).then(
        () => false,
        () => false,
      );
      const hasLooked = await Promise.race([looked, given]);
      ended.abort();
      late.abort();
      causes.set(cause, hasLooked || before === 'Late' ? 'Looked' : 'Late');
      return hasLooked || before === undefined;
    },
  };

  /** @param within ends the question what is there; what was found is worked at for the term. */
  async function look(signal: AbortSignal, within = signal): Promise<void> {
    const found = await until(deps, () => listEscrow(deps), 'what lies in escrow', within);
    const unread = new Set(found.filter(isUnread).map(({ held }) => held.name));
    for (const [secret, connection] of waiting) {
      if (unread.has(secret)) continue;
      waiting.delete(secret);
      deps.settlement.hold(connection, undefined, secret);
    }
    await Promise.all(found.map((escrowed) => recover(escrowed, signal)));
  }

  async function recover(escrowed: Escrowed, signal: AbortSignal): Promise<void> {
    const { grant, held, incoming } = escrowed;
    const { name } = held;
    if (!grant.ok) return leave(escrowed, grant);
    if (incoming !== undefined) return await bring(escrowed, incoming, grant.value);
    if (atWork.get(name) === signal) return;
    atWork.set(name, signal);
    const release = () => void (atWork.get(name) === signal && atWork.delete(name));
    await firstWord((goOn) => recoverGrant(deps, escrowed, grant.value, signal, goOn, release));
  }

  async function bring({ held, binding }: Escrowed, place: IncomingPlace, grant: Grant): Promise<void> {
    const settled = await deps.incoming.store({ place, binding, grant, inEscrow: held }, patience);
    const connection = keyFrom(binding.namespace, binding.name);
    deps.log.info({ connection, settled }, 'what a sign-in gave, in escrow, is taken up');
  }

  function leave({ held, binding }: Escrowed, { problem, message }: Unopened): void {
    deps.log.error({ secret: held.name, why: message }, 'a grant in escrow cannot be opened and is left there');
    if (problem !== 'UnsupportedVersion') return;
    waiting.set(held.name, keyFrom(binding.namespace, binding.name));
    holdForLater(deps, binding, message, { kept: 'Escrow', source: held.name });
  }
}

const isUnread = ({ grant }: Escrowed): boolean => !grant.ok && grant.problem === 'UnsupportedVersion';

/** @param release told once nothing of it is left to do. */
async function recoverGrant(
  deps: RecoverDeps,
  { held, binding }: Escrowed,
  grant: Grant,
  signal: AbortSignal,
  goOn: () => void,
  release: () => void,
): Promise<void> {
  const { log, settlement } = deps;
  const settled = async () => void clearEscrow(deps, held, signal).then(release);
  const connection = keyFrom(binding.namespace, binding.name);
  // This process is at it already, or nothing is asked of Square for it anyway.
  const unsettled = settlement.of(connection);
  if (unsettled !== undefined && (unsettled.kept !== 'Journal' || unsettled.unread === true)) return release();
  // A term that ends while it asks takes back its own word alone.
  const place = { kept: 'Escrow', source: held } as const;
  try {
    const since = grant.accessToken.issuedAt;
    const found = await findRecord(deps, binding, since, place, goOn, signal);
    const next = wasStored(deps, binding, grant, found) ? undefined : over(found.record, grant, undefined);
    if (next === undefined) {
      log.info({ connection }, 'a grant in escrow was stored before, or is older than what is stored');
      return await settled();
    }
    const outcome = await settlement.store({ binding, grant: next, held: found.held, since, settled });
    log.info({ connection, settled: outcome }, 'a grant in escrow is taken up');
  } finally {
    settlement.hold(connection, undefined, place.source);
  }
}

/**
 * Whether the grant was stored in its own place before, as the status says, and somebody has taken it away since: that is
 * not undone by what was left in escrow. The status is told of a generation only when it is stored.
 */
function wasStored({ watches }: RecoverDeps, { namespace, name }: Binding, grant: Grant, { gone }: Found): boolean {
  const view = watches.connections.get(keyFrom(namespace, name));
  if (gone !== true || view?.connection.uid !== grant.connectionUID) return false;
  return view.stored.revision >= grant.generation;
}
