import { seconds } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import { keyFrom } from '../kube/resource.ts';
import { clearEscrow } from '../secrets/clear-escrow.ts';
import { type Escrowed, listEscrow } from '../secrets/escrow.ts';
import type { Binding } from '../secrets/port.ts';
import { type Found, findRecord, firstWord, holdForLater, type RecoverDeps, until } from './recover.ts';
import { over } from './succession.ts';

/** So long what a sign-in gave is waited for, so that the first status can say why it is not stored. */
const patience = seconds(1);

/**
 * Stores the grants that lie in escrow, whoever put them there, and takes those away that are stored by now. For the
 * holder of the lease, before it works on anything. Rejects only when `signal` is aborted.
 */
export async function recoverEscrow(deps: RecoverDeps, signal: AbortSignal): Promise<void> {
  const found = await until(deps, () => listEscrow(deps), 'what lies in escrow', signal);
  await Promise.all(found.map((escrowed) => firstWord((goOn) => recoverEscrowed(deps, escrowed, signal, goOn))));
}

async function recoverEscrowed(
  deps: RecoverDeps,
  escrowed: Escrowed,
  signal: AbortSignal,
  goOn: () => void,
): Promise<void> {
  const { held, binding, grant, incoming } = escrowed;
  const { log, settlement } = deps;
  const settled = async () => void clearEscrow(deps, held, signal);
  const connection = keyFrom(binding.namespace, binding.name);
  if (!grant.ok) {
    log.error({ secret: held.name, why: grant.message }, 'a grant in escrow cannot be opened and is left there');
    const place = { kept: 'Escrow', source: held.name } as const;
    if (grant.problem === 'UnsupportedVersion') holdForLater(deps, binding, grant.message, place);
    return;
  }
  if (incoming !== undefined) {
    const outcome = await deps.incoming.store({ place: incoming, binding, grant: grant.value, settled }, patience);
    log.info({ connection, settled: outcome }, 'what a sign-in gave, in escrow, is taken up');
    return;
  }
  // This process is at it already, or nothing is asked of Square for it anyway.
  const unsettled = settlement.of(connection);
  if (unsettled !== undefined && (unsettled.kept !== 'Journal' || unsettled.unread === true)) return;
  // A term that ends while it asks takes back its own word alone.
  const place = { kept: 'Escrow', source: escrowed } as const;
  try {
    const since = grant.value.accessToken.issuedAt;
    const found = await findRecord(deps, binding, since, place, goOn, signal);
    const next = wasStored(deps, binding, grant.value, found) ? undefined : over(found.record, grant.value, undefined);
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
