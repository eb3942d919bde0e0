import { sealedSecretName } from '../api/names.ts';
import { type Clock, seconds, sleep } from '../clock.ts';
import type { Grant, Vacant } from '../domain/grant.ts';
import { type Backoff, backoffDelay } from '../domain/schedule.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { secrets } from '../kube/resource.ts';
import { type EscrowDeps, type Escrowed, listEscrow, removeFromEscrow } from '../secrets/escrow.ts';
import { openGrant } from '../secrets/grant.ts';
import { projectGrantSecret } from '../secrets/grant-secret.ts';
import type { JournalEntry } from '../secrets/journal.ts';
import { type Issued, openIssued } from '../secrets/journal-record.ts';
import type { Binding, GrantSecret, KeyRing } from '../secrets/port.ts';
import { grantFrom } from '../square/grant-from.ts';
import { parseTokenReply } from '../square/token-reply.ts';
import type { Settlement } from './settlement.ts';

export interface RecoverDeps extends EscrowDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: KeyRing;
  readonly settlement: Settlement;
}

const lookAgain: Backoff = { first: seconds(0.5), most: seconds(10) };

/**
 * Stores the answers that ended processes left in the journal. Needs no lease: an answer is of the attempt that was noted
 * in the record, whoever leads by now. Resolves when each was handed to the settlement, or is to stay where it is: what
 * cannot be opened or understood is never thrown away. Never rejects.
 *
 * @returns how many stay in the journal.
 */
export async function recoverJournal(deps: RecoverDeps, left: readonly JournalEntry[]): Promise<number> {
  const kept = await Promise.all(left.map((entry) => recoverEntry(deps, entry)));
  return kept.filter((stays) => stays).length;
}

/** Whether it stays in the journal. */
async function recoverEntry(deps: RecoverDeps, entry: JournalEntry): Promise<boolean> {
  const { log } = deps;
  const opened = openIssued(deps.ring, entry.text);
  if (!opened.ok) {
    log.error({ why: opened.message }, 'an answer of Square in the journal cannot be opened and is left there');
    return true;
  }
  const issued = opened.value;
  const { binding, issuedAt } = issued;
  const connection = `${binding.namespace}/${binding.name}`;
  const { held, record } = await until(deps, () => recordOf(deps, binding), 'the record of an answer in the journal');
  const grant = grantOf(deps.clock, issued, record);
  if (grant === 'NotUnderstood') {
    log.error({ connection }, 'an answer of Square in the journal is not understood and is left there');
    return true;
  }
  if (grant === 'Superseded') {
    log.info({ connection }, 'an answer of Square in the journal is older than what is stored');
    await entry.discard();
    return false;
  }
  const settled = await deps.settlement.store({
    binding,
    grant,
    held,
    since: issuedAt,
    settled: () => entry.discard(),
  });
  log.info({ connection, settled }, 'an answer of Square that an ended process left in the journal is taken up');
  return false;
}

/**
 * What is stored now, asked of the API server itself. One that cannot be opened is not claimed as known: whether it may
 * be replaced is for the settlement to find out.
 */
async function recordOf(
  { client, ring }: RecoverDeps,
  binding: Binding,
): Promise<{ held?: GrantSecret; record?: Grant | Vacant }> {
  const object = await client.get(secrets, binding.namespace, sealedSecretName(binding.name));
  if (object === undefined) return {};
  const held = projectGrantSecret(object);
  const opened = held.jwe === undefined ? undefined : openGrant(ring, binding, held.jwe);
  return opened?.ok ? { held, record: opened.value } : {};
}

function grantOf(clock: Clock, issued: Issued, record: Grant | Vacant | undefined) {
  const { binding, grantType, body, issuedAt, presented, taken, request, requested, connectionUID } = issued;
  const parsed = parseTokenReply({ grantType, body, at: issuedAt });
  if (!parsed.ok) return 'NotUnderstood';
  const before = record ?? issued.before;
  const holder = before !== undefined && 'merchantID' in before ? before.merchantID : undefined;
  if (record !== undefined && record.generation > issued.after) return 'Superseded';
  // A credential of another seller does not take the place of what is held.
  const { merchantID = holder } = parsed.value;
  if (holder !== undefined && merchantID !== holder) return 'Superseded';
  const next = grantFrom({
    connectionUID,
    application: binding,
    requested,
    reply: parsed.value,
    issuedAt,
    sealedAt: clock.wall(),
    after: issued.after,
    ...(before === undefined ? {} : { before }),
    ...(presented === undefined ? {} : { presented }),
    ...(taken === undefined ? {} : { taken }),
  });
  return request === undefined ? next : { ...next, handled: { ...next.handled, refresh: request } };
}

/**
 * Stores the grants that lie in escrow, whoever put them there, and takes those away that are stored by now. For the
 * holder of the lease, before it works on anything. Rejects only when `signal` is aborted.
 */
export async function recoverEscrow(deps: RecoverDeps, signal: AbortSignal): Promise<void> {
  const found = await until(deps, () => listEscrow(deps), 'what lies in escrow', signal);
  await Promise.all(found.map((escrowed) => recoverEscrowed(deps, escrowed, signal)));
}

async function recoverEscrowed(deps: RecoverDeps, escrowed: Escrowed, signal: AbortSignal): Promise<void> {
  const { secret, binding, grant, connectionUID } = escrowed;
  const { log, settlement } = deps;
  const connection = `${binding.namespace}/${binding.name}`;
  if (!grant.ok) {
    log.error({ secret, why: grant.message }, 'a grant in escrow cannot be opened and is left there');
    return;
  }
  // This process is at it already.
  if (settlement.of(connection) !== undefined) return;
  const { held, record } = await until(deps, () => recordOf(deps, binding), 'the record of a grant in escrow', signal);
  const settled = async () => {
    await removeFromEscrow(deps, connectionUID).catch((error: unknown) =>
      log.warn({ secret, err: error }, 'a grant that is stored could not be taken out of escrow'),
    );
  };
  if (record !== undefined && record.generation >= grant.value.generation) return await settled();
  const since = grant.value.accessToken.issuedAt;
  const outcome = await settlement.store({ binding, grant: grant.value, held, since, settled });
  log.info({ connection, settled: outcome }, 'a grant in escrow is taken up');
}

/** Asks the API server until it answers. */
async function until<T>(deps: RecoverDeps, ask: () => Promise<T>, what: string, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      deps.log.error({ attempt, what, err: error }, 'the API server could not be asked and is asked again');
    }
    await sleep(deps.clock, backoffDelay(lookAgain, attempt, what), signal);
  }
}
