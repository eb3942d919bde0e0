import { sealedSecretName } from '../api/names.ts';
import { type Clock, type Instant, seconds, sleep } from '../clock.ts';
import { doubtsLeft } from '../domain/attempt.ts';
import type { Grant, Vacant } from '../domain/grant.ts';
import { type Backoff, backoffDelay } from '../domain/schedule.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { keyFrom, secrets } from '../kube/resource.ts';
import { bindingIn } from '../secrets/bound-header.ts';
import type { EscrowDeps } from '../secrets/escrow.ts';
import { projectGrantSecret } from '../secrets/grant-secret.ts';
import type { JournalEntry } from '../secrets/journal-entries.ts';
import { type Issued, openIssued } from '../secrets/journal-record.ts';
import type { Binding, GrantSecret, KeyRing } from '../secrets/port.ts';
import type { IncomingSettlement } from '../secrets/settle-incoming.ts';
import { grantFrom } from '../square/grant-from.ts';
import type { TokenGrant } from '../square/port.ts';
import { parseTokenReply } from '../square/token-reply.ts';
import { recoverSignIn } from './recover-sign-in.ts';
import { setAside } from './set-aside.ts';
import type { Settlement } from './settlement.ts';
import { over, recordAt } from './succession.ts';
import type { Watches } from './watches.ts';
import { sentence } from './write-refused.ts';

export interface RecoverDeps extends EscrowDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: KeyRing;
  readonly settlement: Settlement;
  readonly watches: Pick<Watches, 'connections'>;
  readonly incoming: IncomingSettlement;
}

const lookAgain: Backoff = { first: seconds(0.5), most: seconds(10) };

/**
 * Stores the answers that ended processes left in the journal. Needs no lease: an answer is of the attempt that was noted
 * in the record, whoever leads by now. Resolves when each was handed to the settlement, or is to stay where it is: what
 * cannot be opened or understood is never thrown away. Never rejects.
 *
 * @param onStay told of each that stays in the journal, whenever that is found.
 */
export async function recoverJournal(
  deps: RecoverDeps,
  left: readonly JournalEntry[],
  onStay: () => void,
): Promise<void> {
  const recover = async (entry: JournalEntry, goOn: () => void) => {
    if (await recoverEntry(deps, entry, goOn)) onStay();
  };
  await Promise.all(left.map((entry) => firstWord((goOn) => recover(entry, goOn))));
}

/** What comes of it, or nothing yet: it goes on in the background, and the rest need not wait for it. */
export const firstWord = <T>(work: (goOn: () => void) => Promise<T>): Promise<T | undefined> =>
  new Promise((resolve, reject) => void work(() => resolve(undefined)).then(resolve, reject));

/** Whether it stays in the journal. */
async function recoverEntry(deps: RecoverDeps, entry: JournalEntry, goOn: () => void): Promise<boolean> {
  const { log } = deps;
  const opened = openIssued(deps.ring, entry.text);
  if (!opened.ok) {
    log.error({ why: opened.message }, 'an answer of Square in the journal cannot be opened and is left there');
    if (opened.problem === 'UnsupportedVersion')
      holdForLater(deps, bindingIn(entry.text), opened.message, { kept: 'Journal', source: entry });
    return true;
  }
  const issued = opened.value;
  if (issued.incoming !== undefined) return await recoverSignIn(deps, entry, issued, issued.incoming);
  const { namespace, name } = issued.binding;
  return await recoverAnswer(deps, entry, issued, goOn).finally(() =>
    deps.settlement.hold(keyFrom(namespace, name), undefined, entry),
  );
}

/** Whether the answer to a request for a token stays in the journal. */
async function recoverAnswer(
  deps: RecoverDeps,
  entry: JournalEntry,
  issued: Issued,
  goOn: () => void,
): Promise<boolean> {
  const { log } = deps;
  const { binding, issuedAt } = issued;
  const connection = `${binding.namespace}/${binding.name}`;
  const found = await findRecord(deps, binding, issuedAt, { kept: 'Journal', source: entry }, goOn);
  const parsed = parseTokenReply({ grantType: issued.grantType, body: issued.body, at: issuedAt });
  const merchantID = parsed.ok ? parsed.value.merchantID : undefined;
  const holder = holderOf(issued, found.record);
  // Whose a renewed token is, is known; whose a credential is, is not.
  const isOfHolder = merchantID === undefined ? issued.taken === undefined : merchantID === holder;
  if (parsed.ok && holder !== undefined && !isOfHolder) return await recoverAside(deps, entry, issued, parsed.value);
  if (!parsed.ok) {
    log.error({ connection }, 'an answer of Square in the journal is not understood and is left there');
    return true;
  }
  const grant = grantOf(deps.clock, issued, parsed.value, found.record);
  if (grant === undefined) {
    log.info({ connection }, 'an answer of Square in the journal is older than what is stored');
    await entry.discard();
    return false;
  }
  const settled = await deps.settlement.store({
    binding,
    grant,
    held: found.held,
    attempt: issued.attempt,
    since: issuedAt,
    settled: () => entry.discard(),
  });
  log.info({ connection, settled }, 'an answer of Square that an ended process left in the journal is taken up');
  return false;
}

/** Where something lies that is not stored yet. */
export interface Place {
  readonly kept: 'Journal' | 'Escrow';
  readonly source: unknown;
}

/**
 * What a later version of the operator left for a connection may be its only good grant, and the token that it was got
 * with be spent: nothing is asked of Square for it until that version has taken it up.
 */
export function holdForLater(
  { clock, settlement }: RecoverDeps,
  { namespace, name }: Binding,
  message: string,
  { kept, source }: Place,
): void {
  const unsettled = { since: clock.wall(), message: sentence(message), kept, unread: true } as const;
  settlement.hold(keyFrom(namespace, name), unsettled, source);
}

export interface Found {
  /** There is no such Secret. */
  readonly gone?: true;
  readonly held?: GrantSecret;
  readonly record?: Grant | Vacant;
}

/**
 * What is stored now, asked of the API server itself. One that cannot be opened is not claimed as known: whether it may
 * be replaced is for the settlement to find out.
 */
async function recordOf({ client, ring }: RecoverDeps, binding: Binding): Promise<Found> {
  const object = await client.get(secrets, binding.namespace, sealedSecretName(binding.name));
  if (object === undefined) return { gone: true };
  const held = projectGrantSecret(object);
  const record = recordAt(ring, binding, held);
  return record === 'Unreadable' || record === 'OfLaterVersion' ? {} : { held, record };
}

/** Whose grant is held, or was. */
function holderOf(issued: Issued, record: Grant | Vacant | undefined): string | undefined {
  const before = record ?? issued.before;
  return before !== undefined && 'merchantID' in before ? before.merchantID : undefined;
}

/** The grant that comes next; `undefined`: what is stored is as new, or newer. */
function grantOf(clock: Clock, issued: Issued, reply: TokenGrant, record: Grant | Vacant | undefined) {
  const { binding, issuedAt, presented, taken, request, requested, connectionUID, attempt } = issued;
  const before = record ?? issued.before;
  const next = grantFrom({
    connectionUID,
    application: binding,
    requested,
    reply,
    issuedAt,
    sealedAt: clock.wall(),
    after: issued.after,
    ...(before === undefined ? {} : { before }),
    ...(presented === undefined ? {} : { presented }),
    ...(taken === undefined ? {} : { taken }),
  });
  const grant = {
    ...next,
    ...doubtsLeft({ kind: 'None', doubts: record?.doubts ?? [] }, next.taken),
    ...(request === undefined ? {} : { handled: { ...next.handled, refresh: request } }),
  };
  return over(record, grant, attempt);
}

/** A credential of another seller, or of nobody knows whom, does not take the place of what is held. Whether it stays in the journal. */
async function recoverAside(
  deps: RecoverDeps,
  entry: JournalEntry,
  { binding, connectionUID, requested, issuedAt, presented, taken }: Issued,
  reply: TokenGrant,
): Promise<boolean> {
  const connection = keyFrom(binding.namespace, binding.name);
  const given = { binding, connectionUID, requested, reply, issuedAt, taken, ...(presented && { presented }) };
  const kept = await setAside(deps, given, () => entry.discard());
  if (kept === undefined) await entry.discard();
  deps.log.info(
    { connection, ...kept },
    'an answer of Square in the journal is not known to be of the seller of what is stored',
  );
  return false;
}

/**
 * The record, asked for until the API server answers. Where it forbids the question (a role that is missing, or gone with
 * its namespace) nothing is asked of Square for that connection, and the others go on meanwhile; with what lies in escrow they
 * do so whatever is in the way, since a pass may wait for it.
 */
export async function findRecord(
  deps: RecoverDeps,
  binding: Binding,
  since: Instant,
  { kept, source }: Place,
  goOn: () => void,
  signal?: AbortSignal,
): Promise<Found> {
  const { clock, log, settlement } = deps;
  const connection = keyFrom(binding.namespace, binding.name);
  const what = kept === 'Journal' ? 'the record of an answer in the journal' : 'the record of a grant in escrow';
  for (let attempt = 1; ; attempt++) {
    try {
      return await recordOf(deps, binding);
    } catch (error) {
      signal?.throwIfAborted();
      log.error({ connection, attempt, what, err: error }, 'the API server could not be asked and is asked again');
      if (kept === 'Escrow' || isReason(error, 'Forbidden')) {
        settlement.hold(connection, { since, message: sentence((error as Error).message), kept }, source);
        goOn();
      }
    }
    await sleep(clock, backoffDelay(lookAgain, attempt, what), signal);
  }
}

/**
 * Whether the grant was stored in its own place before, as the status says, and somebody has taken it away since: that is
 * not undone by what was left in escrow. The status is told of a generation only when it is stored.
 */
export function wasStored(
  { watches }: RecoverDeps,
  { namespace, name }: Binding,
  grant: Grant,
  { gone }: Found,
): boolean {
  const view = watches.connections.get(keyFrom(namespace, name));
  if (gone !== true || view?.connection.uid !== grant.connectionUID) return false;
  return view.stored.revision >= grant.generation;
}
