import { hours, seconds, sleep } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import { clearEscrow } from '../secrets/clear-escrow.ts';
import { type Escrowed, type EscrowSecret, openEscrow } from '../secrets/escrow.ts';
import type { IncomingPlace } from '../secrets/incoming.ts';
import type { Binding, LiveKeyRing, Unopened } from '../secrets/port.ts';
import { type Found, findRecord, firstWord, holdForLater, type RecoverDeps } from './recover.ts';
import { over } from './succession.ts';
import type { Watches } from './watches.ts';

export interface EscrowRecoveryDeps extends RecoverDeps {
  readonly ring: LiveKeyRing;
  readonly watches: Pick<Watches, 'connections' | 'escrow'>;
}

/** So long what a sign-in gave is waited for, so that the first status can say why it is not stored. */
const patience = seconds(1);

/** What could not be taken up when it came, since something else of its connection was in hand, is looked at again. */
const lookEvery = hours(1);

/**
 * Stores what lies in escrow, whoever put it there, and takes away what is stored by now. What it is at already, it leaves
 * alone.
 */
export interface EscrowRecovery {
  /**
   * For the holder of the lease, until `signal` is aborted: from now on what comes is taken up at once. Resolves when what is
   * there is in hand, before which nothing is worked on. Rejects only when the term ends before.
   */
  begin(signal: AbortSignal): Promise<void>;
}

export function createEscrowRecovery(deps: EscrowRecoveryDeps): EscrowRecovery {
  const { clock, incoming, log, ring, settlement, watches } = deps;
  /** The Secrets that are worked at, by their names, each with the term that does. */
  const atWork = new Map<string, AbortSignal>();
  /** Connections that wait for a later version of the operator, by the Secrets that it left. */
  const waiting = new Map<string, Key>();
  let term = AbortSignal.abort();

  watches.escrow.onChange(({ key, now }) => {
    if (now === undefined) waitNoMore(splitKey(key).name);
    else if (!term.aborted) inBackground(recover(key, now, term));
  });
  // What could not be opened may be now.
  ring.onChange(() => term.aborted || inBackground(recoverAll(term)));

  return {
    async begin(signal) {
      term = signal;
      await recoverAll(signal);
      inBackground(lookAgain(signal));
    },
  };

  async function lookAgain(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(clock, lookEvery, signal);
      await recoverAll(signal);
    }
  }

  async function recoverAll(signal: AbortSignal): Promise<void> {
    await Promise.all([...watches.escrow.entries()].map(([key, secret]) => recover(key, secret, signal)));
  }

  async function recover(key: Key, secret: EscrowSecret, signal: AbortSignal): Promise<void> {
    const { name } = splitKey(key);
    const escrowed = openEscrow(ring, name, secret);
    const { grant, incoming: place } = escrowed;
    if (!grant.ok) return leave(escrowed, grant);
    waitNoMore(name);
    if (place !== undefined) return await bring(escrowed, place, grant.value);
    if (atWork.get(name) === signal) return;
    atWork.set(name, signal);
    const release = () => void (atWork.get(name) === signal && atWork.delete(name));
    await firstWord((goOn) => recoverGrant(deps, escrowed, grant.value, signal, goOn, release));
  }

  async function bring({ held, binding }: Escrowed, place: IncomingPlace, grant: Grant): Promise<void> {
    const settled = await incoming.store({ place, binding, grant, inEscrow: held }, patience);
    const connection = keyFrom(binding.namespace, binding.name);
    log.info({ connection, settled }, 'what a sign-in gave, in escrow, is taken up');
  }

  function leave({ held: { name }, binding }: Escrowed, { problem, message }: Unopened): void {
    if (problem !== 'UnsupportedVersion') waitNoMore(name);
    else if (waiting.has(name)) return;
    log.error({ secret: name, why: message }, 'a grant in escrow cannot be opened and is left there');
    if (problem !== 'UnsupportedVersion') return;
    waiting.set(name, keyFrom(binding.namespace, binding.name));
    holdForLater(deps, binding, message, { kept: 'Escrow', source: name });
  }

  function waitNoMore(name: string): void {
    const connection = waiting.get(name);
    if (connection === undefined) return;
    waiting.delete(name);
    settlement.hold(connection, undefined, name);
  }
}

/** A term that ends ends it. */
const inBackground = (work: Promise<void>): void => void work.catch(() => {});

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
  const since = grant.accessToken.issuedAt;
  settlement.hold(connection, { since, message: 'It was found there and is looked at.', kept: place.kept }, held);
  try {
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
