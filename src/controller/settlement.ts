import { isDeepStrictEqual } from 'node:util';
import { sealedSecretName } from '../api/names.ts';
import { type Clock, type Duration, type Instant, seconds, sleep } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import type { Unsettled } from '../domain/observation.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { type Key, keyFrom, secrets } from '../kube/resource.ts';
import { clearEscrow } from '../secrets/clear-escrow.ts';
import { type EscrowDeps, type EscrowHeld, isInEscrow, putIntoEscrow } from '../secrets/escrow.ts';
import { sealGrant } from '../secrets/grant.ts';
import { projectGrantSecret, type StoreOutcome, storeGrant } from '../secrets/grant-secret.ts';
import type { Binding, GrantSecret, KeyRing } from '../secrets/port.ts';
import { over, recordAt } from './succession.ts';
import type { Watches } from './watches.ts';
import { laterVersion, sentence, unseenKey } from './write-refused.ts';

/** A grant that Square gave and that cannot be fetched again. */
export interface Due {
  readonly binding: Binding;
  readonly grant: Grant;
  /** The version of the sealed Secret that it replaces; absent when there is none. */
  readonly held?: GrantSecret | undefined;
  /** Where it lies in escrow already; whoever found it there takes it away. */
  readonly inEscrow?: EscrowHeld;
  /** ID of the attempt that it answers: while that stands in the record, the grant belongs there, whatever came of it. */
  readonly attempt?: string | undefined;
  /** Square's time. */
  readonly since: Instant;
  /** Told once it is stored, or will never be: what else keeps it may go. */
  readonly settled?: () => Promise<void>;
}

/** `Stale`: what is stored is as new, or newer, or its namespace is gone; `Waiting`: it is written again until it is stored. */
export type Settled = 'Stored' | 'Stale' | 'Waiting';

/**
 * Stores what Square gave. What the API server refuses is written again without end, whatever becomes of the lease and
 * of the worker that brought it; meanwhile it also lies in escrow, if that can be written. A compare-and-set: a record
 * that is as new as this one, or newer, is somebody else's rotation and stays, unless it still waits for this answer; so does
 * one that only a later version can judge. Anything older, or unreadable, was put there in the meantime and would be lost by
 * nobody: this one holds what Square gave last.
 */
export interface Settlement {
  store(due: Due): Promise<Settled>;
  /** Something in `source` is not stored, and cannot be looked at now; `undefined`: no such thing is there any more. */
  hold(connection: Key, unsettled: Unsettled | undefined, source: unknown): void;
  /** What is not stored yet of a connection, `besides` these sources; of several, what would be lost by the end of this process. */
  of(connection: Key, besides?: readonly unknown[]): Unsettled | undefined;
  /** Of how many connections. */
  count(): number;
  /** Resolves when everything is stored, in escrow or left in a journal: nothing would be lost by the end of this process. */
  safe(): Promise<void>;
  /** Writes nothing any more: the process ends. */
  close(): void;
}

export interface SettlementDeps extends EscrowDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: KeyRing;
  readonly watches: Watches;
  /** Told when what `of` says of a connection has changed. */
  readonly onChange: (connection: Key) => void;
}

const retry = { first: seconds(0.5), most: seconds(10) };
const delayOf = (attempt: number): Duration => Math.min(retry.most, retry.first * 2 ** Math.min(attempt - 1, 10));

export function createSettlement(deps: SettlementDeps): Settlement {
  const open = new Map<Key, Map<unknown, Unsettled>>();
  const closing = new AbortController();
  const waiting: (() => void)[] = [];

  const keyOf = ({ binding: { namespace, name } }: Due): Key => keyFrom(namespace, name);
  const of = (key: Key, besides: readonly unknown[] = []): Unsettled | undefined => {
    const all = [...(open.get(key) ?? [])].flatMap(([source, one]) => (besides.includes(source) ? [] : [one]));
    return all.find(({ kept }) => kept === 'Nowhere') ?? all.find(({ unread }) => unread) ?? all[0];
  };
  const isSafe = () => [...open.keys()].every((key) => of(key)?.kept !== 'Nowhere');
  const hold = (key: Key, unsettled: Unsettled | undefined, source: unknown) => {
    const held = open.get(key) ?? new Map<unknown, Unsettled>();
    const before = of(key);
    if (unsettled !== undefined) open.set(key, held.set(source, unsettled));
    else if (held.delete(source) && held.size === 0) open.delete(key);
    if (isSafe()) for (const resolve of waiting.splice(0)) resolve();
    if (!isDeepStrictEqual(before, of(key))) deps.onChange(key);
  };
  const note = (due: Due, unsettled: Unsettled | undefined) => hold(keyOf(due), unsettled, due);

  /** Never rejects. */
  async function again(due: Due, first: Refused): Promise<void> {
    const { clock, log } = deps;
    let { held, message, seal } = first;
    let inEscrow: EscrowHeld | 'Newer' | undefined = due.inEscrow;
    const tell = () => note(due, { since: due.since, message, kept: inEscrow === undefined ? 'Nowhere' : 'Escrow' });
    tell();
    for (let attempt = 1; ; attempt++) {
      const connection = keyOf(due);
      const escrowed = inEscrow !== undefined;
      log.error({ connection, attempt, escrowed, why: message }, 'a new grant could not be stored and is stored again');
      if (inEscrow === 'Newer' || (inEscrow && !(await isInEscrow(deps, inEscrow)))) inEscrow = undefined;
      inEscrow ??= await tryEscrow(deps, due);
      tell();
      await sleep(clock, delayOf(attempt), closing.signal).catch(() => {});
      if (closing.signal.aborted) return;
      // The key that it was sealed by may have retired meanwhile.
      if (seal.keyID !== deps.ring.active.id) seal = sealed(deps, due, seal.grant);
      const outcome = await tryStore(deps, due, seal, held, attempt);
      if (typeof outcome === 'string') {
        log.info({ connection, attempt, outcome }, 'a grant that waited to be stored is settled');
        await due.settled?.();
        if (typeof inEscrow === 'object' && inEscrow !== due.inEscrow) void clearEscrow(deps, inEscrow, closing.signal);
        note(due, undefined);
        return;
      }
      ({ held, message, seal } = outcome);
    }
  }

  return {
    async store(due) {
      const outcome = await tryStore(deps, due, sealed(deps, due, due.grant), due.held, 0);
      if (typeof outcome === 'string') {
        await due.settled?.();
        return outcome;
      }
      void again(due, outcome);
      return 'Waiting';
    },
    hold,
    of,
    count: () => open.size,
    close: () => closing.abort(),
    safe: () => (isSafe() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** The grant as it is written, the same text each time: so an own write is recognised. */
interface Seal {
  readonly grant: Grant;
  readonly keyID: string;
  readonly jwe: string;
}

const sealed = ({ ring }: SettlementDeps, { binding }: Due, grant: Grant): Seal => ({
  grant,
  keyID: ring.active.id,
  jwe: sealGrant(ring, binding, grant),
});

interface Refused {
  /** What is known to be stored now. */
  readonly held: GrantSecret | undefined;
  readonly message: string;
  readonly seal: Seal;
}

/** Until the API server says that it is stored, or cannot be, or refuses; what stands in the way is looked at each time. */
async function tryStore(
  deps: SettlementDeps,
  due: Due,
  first: Seal,
  known: GrantSecret | undefined,
  attempt: number,
): Promise<Exclude<Settled, 'Waiting'> | Refused> {
  const { binding } = due;
  let held = known;
  let seal = first;
  for (let conflicts = 1; ; conflicts++) {
    const outcome = await write(deps, binding, held, seal.jwe);
    switch (outcome.kind) {
      case 'Stored':
        return outcome.kind;
      case 'NotOwned':
        return { held: undefined, message: sentence(outcome.message), seal };
      case 'Failed':
        // Its namespace is gone, and everything in it.
        return outcome.namespaceGone === true ? 'Stale' : { held, message: sentence(outcome.message), seal };
      case 'Conflict': {
        if (conflicts === mostConflicts) return { held, message: 'It is changed as often as it is written.', seal };
        const now = await look(deps, binding);
        if (now === 'Unknown') return { held, message: 'The API server did not answer.', seal };
        // Nothing of it is claimed as known, so the next write does not replace it unseen.
        if (attempt < patience && isUnderUnseenKey(deps, now)) return { held: undefined, message: unseenKey, seal };
        if (now?.jwe === seal.jwe) return 'Stored';
        const there = now && recordAt(deps.ring, binding, now);
        if (there === 'OfLaterVersion') return { held: undefined, message: laterVersion, seal };
        const next = over(there, seal.grant, due.attempt);
        if (next === undefined) return 'Stale';
        if (next !== seal.grant) seal = sealed(deps, due, next);
        held = now;
      }
    }
  }
}

async function write(
  { client, watches }: SettlementDeps,
  { namespace, name }: Binding,
  held: GrantSecret | undefined,
  jwe: string,
): Promise<StoreOutcome> {
  const written = watches.grants.writing(keyFrom(namespace, sealedSecretName(name)));
  try {
    const outcome = await storeGrant({ client }, { namespace, connection: name, held, jwe });
    if (outcome.kind === 'Stored') watches.grants.absorb(outcome.object);
    return outcome;
  } catch (error) {
    return { kind: 'Failed', status: 0, message: `the Secret could not be written: ${String(error)}` };
  } finally {
    written();
  }
}

/** So many attempts, about half a minute, a key that is not in the ring is waited for. */
const patience = 8;
const mostConflicts = 5;

/**
 * Somebody sealed it by a key that this process has not seen yet: whose it is, is judged when the key is there. One that
 * does not come is of nobody who could have got a later answer of Square than this one.
 */
const isUnderUnseenKey = ({ ring }: SettlementDeps, now: GrantSecret | undefined): boolean =>
  now?.keyID !== undefined && ring.find(now.keyID) === undefined;

/** What is stored now, asked of the API server itself. */
async function look(
  { client }: SettlementDeps,
  { namespace, name }: Binding,
): Promise<GrantSecret | undefined | 'Unknown'> {
  try {
    const object = await client.get(secrets, namespace, sealedSecretName(name));
    return object && projectGrantSecret(object);
  } catch {
    return 'Unknown';
  }
}

async function tryEscrow(deps: SettlementDeps, { binding, grant }: Due): Promise<EscrowHeld | 'Newer' | undefined> {
  try {
    return (await putIntoEscrow(deps, binding, grant)) ?? 'Newer';
  } catch (error) {
    const connection = `${binding.namespace}/${binding.name}`;
    deps.log.error({ connection, err: error }, 'a grant that cannot be stored cannot be put into escrow either');
    return undefined;
  }
}
