import { sealedSecretName } from '../api/names.ts';
import { type Clock, type Duration, seconds, sleep } from '../clock.ts';
import { isLeftIn, isTakenIn } from '../domain/custody.ts';
import type { Grant } from '../domain/grant.ts';
import type { Connection } from '../domain/observation.ts';
import type { Log } from '../kube/log.ts';
import { type Key, keyFrom, secrets } from '../kube/resource.ts';
import { clearEscrow } from './clear-escrow.ts';
import { type EscrowDeps, type EscrowHeld, isInEscrow, putIncomingIntoEscrow } from './escrow.ts';
import { openGrantAt } from './grant.ts';
import { projectSealed } from './grant-secret.ts';
import { type Filled, fillIncoming, type IncomingPlace, signInKept } from './incoming.ts';
import type { Binding } from './port.ts';

/** What a sign-in gave, on its way into the cluster. */
export interface IncomingDue {
  readonly place: IncomingPlace;
  readonly binding: Binding;
  readonly grant: Grant;
  /** Told once it is stored, or nobody could take it up any more: what else keeps it may go. */
  readonly settled?: () => Promise<void>;
  /** Where it lies in escrow already. It is taken from there in the end. */
  readonly inEscrow?: EscrowHeld;
}

/** A connection, and no other of its name. */
export type ConnectionID = Pick<Connection, 'namespace' | 'name' | 'uid'>;

/** `Escrowed`, `Waiting`: it is written again until it is stored; meanwhile it lies in escrow, or not even there. */
export type IncomingSettled = 'Stored' | 'Gone' | 'Escrowed' | 'Waiting';

/** What is not stored yet. */
export interface IncomingWaiting extends Pick<IncomingDue, 'place' | 'grant'> {
  /** What the API server said to it last; absent: nothing yet. */
  readonly message?: string;
  /** Where it lies in escrow, if it does. */
  readonly inEscrow?: EscrowHeld | undefined;
}

/**
 * Stores what sign-ins gave, on whichever replica: needs no lease, since nothing that is held is touched. What the API
 * server refuses is written again without end, as long as the process lives; meanwhile it also lies in escrow, if that can
 * be written, and in the journal.
 */
export interface IncomingSettlement {
  /** Resolves when it is settled, or after `patience`, and then goes on. Never rejects. */
  store(due: IncomingDue, patience: Duration): Promise<IncomingSettled>;
  /** What is on its way for this connection and not stored yet, or so lately that no watch may show it. */
  waiting(connection: ConnectionID): readonly IncomingWaiting[];
  /** What waits for this Secret was taken up, or will be by nobody any more: it is not written, and kept nowhere. */
  abandon(connection: ConnectionID, secret: string): void;
  /** From now on `told` has each connection of which something waits that did not, or waits for another reason, or no more. */
  onChange(told: (connection: Key) => void): void;
  /** How many wait to be stored. */
  count(): number;
  /** Resolves when everything is settled or in escrow: nothing would be lost by the end of this process. */
  safe(): Promise<void>;
  /** Writes nothing any more: the process ends. */
  close(): void;
}

export interface IncomingSettlementDeps extends EscrowDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/** A watch shows a write within so long. */
const shownWithin = seconds(10);

const retry = { first: seconds(0.25), most: seconds(10) };
const pauseAfter = (attempt: number): Duration => Math.min(retry.most, retry.first * 2 ** Math.min(attempt - 1, 10));

/** One on its way. Whoever finds it somewhere else, too, waits for the same. */
interface Work extends IncomingWaiting, Pick<IncomingDue, 'binding'> {
  readonly told: (() => Promise<void>)[];
  readonly abandoned: AbortController;
  readonly done: Promise<IncomingSettled>;
  message?: string;
  inEscrow?: EscrowHeld | undefined;
}

export function createIncomingSettlement(deps: IncomingSettlementDeps): IncomingSettlement {
  const { client, clock, log, ring } = deps;
  const open = new Map<string, Work>();
  /** What was stored a moment ago, and was seen as waiting: the watch may not show it yet. */
  const lately = new Set<Work>();
  /** Names of what is stored, and is being taken out of escrow. */
  const clearing = new Set<string>();
  let changed: (connection: Key) => void = () => {};
  const waitingToBeSafe: (() => void)[] = [];
  const closing = new AbortController();

  function begin({ place, binding, grant, inEscrow }: IncomingDue): Work {
    const done = Promise.withResolvers<IncomingSettled>();
    const abandoned = new AbortController();
    const work: Work = { place, binding, grant, told: [], abandoned, done: done.promise, inEscrow };
    open.set(idOf(place), work);
    // Closed: whoever starts next finds it in the journal, and whoever leads in escrow.
    const ended = settle(work).catch(() => stateOf(work));
    void ended.then(done.resolve).finally(tellIfSafe);
    return work;
  }

  /** Rejects when the process ends. */
  async function settle(work: Work): Promise<'Stored' | 'Gone'> {
    const { place, abandoned } = work;
    const connection = keyFrom(place.namespace, place.connection);
    const began = clock.monotonic();
    for (let attempt = 1; ; attempt++) {
      // Anew each time: the key may have retired meanwhile.
      const isOver = abandoned.signal.aborted || (!place.setAside && clock.monotonic() - began > signInKept);
      const isSettled = isOver || (await wasTakenUp(work));
      const outcome: Filled = isSettled ? { kind: 'Gone' } : await fill(work);
      if (outcome.kind === 'Stored' || outcome.kind === 'Gone') {
        for (const settled of work.told) await settled();
        if (open.get(idOf(place)) === work) open.delete(idOf(place));
        if (outcome.kind === 'Stored') linger(work);
        if (work.inEscrow !== undefined) void clear(work.inEscrow);
        if (attempt > 1) log.info({ connection, attempt, outcome: outcome.kind }, 'a sign-in that waited is settled');
        if (attempt > 1) changed(connection);
        return outcome.kind;
      }
      const isNews = work.message !== outcome.message;
      work.message = outcome.message;
      work.inEscrow ??= await tryEscrow(work);
      if (isNews) changed(connection);
      const why = { escrowed: work.inEscrow !== undefined, why: outcome.message };
      log.error({ connection, attempt, ...why }, 'what a sign-in gave could not be stored and is stored again');
      tellIfSafe();
      const stop = AbortSignal.any([closing.signal, abandoned.signal]);
      await sleep(clock, pauseAfter(attempt), stop).catch(() => closing.signal.throwIfAborted());
    }
  }

  /** What a process that ends has not settled is in the journal of whoever began it, or in escrow. */
  const isSafe = () => closing.signal.aborted || [...open.values()].every(({ inEscrow }) => inEscrow !== undefined);

  function tellIfSafe(): void {
    if (isSafe()) for (const resolve of waitingToBeSafe.splice(0)) resolve();
  }

  function linger(work: Work): void {
    const { place, message, inEscrow } = work;
    if (!place.setAside && message === undefined && inEscrow === undefined) return;
    lately.add(work);
    clock.after(shownWithin, () => lately.delete(work));
  }

  /** An answer that the API server never gives is a refusal like any other: what is on its way is not dropped for it. */
  async function fill({ place, binding, grant }: Work): Promise<Filled> {
    try {
      return await fillIncoming(client, ring, place, binding, grant);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error({ secret: keyFrom(place.namespace, place.secret), err: error }, 'what a sign-in gave met a fault');
      return { kind: 'Failed', status: 0, message: `the Secret could not be written: ${message}` };
    }
  }

  /**
   * Whether another replica has stored it meanwhile, and the record says that it was taken up. What is gone from escrow
   * otherwise, nobody knows why: it is put there again.
   */
  async function wasTakenUp(work: Work): Promise<boolean> {
    const { place, binding, grant, inEscrow } = work;
    if (inEscrow === undefined || (await isInEscrow(deps, inEscrow))) return false;
    work.inEscrow = undefined;
    try {
      const sealed = await client.get(secrets, place.namespace, sealedSecretName(place.connection));
      const opened = sealed && openGrantAt(ring, binding, projectSealed(sealed).jwe ?? '');
      if (opened?.ok !== true) return false;
      return isTakenIn(opened.value, grant) && !(place.setAside && isLeftIn(opened.value, grant));
    } catch {
      return false;
    }
  }

  async function clear(held: EscrowHeld): Promise<void> {
    clearing.add(held.name);
    await clearEscrow(deps, held, closing.signal);
    clearing.delete(held.name);
  }

  async function tryEscrow({ place, binding, grant }: Work): Promise<EscrowHeld | undefined> {
    try {
      return await putIncomingIntoEscrow(deps, place, binding, grant);
    } catch (error) {
      log.error(
        { secret: keyFrom(place.namespace, place.secret), err: error },
        'what a sign-in gave cannot be put into escrow either',
      );
      return undefined;
    }
  }

  return {
    async store(due, patience) {
      const { place, settled, inEscrow } = due;
      if (inEscrow !== undefined && clearing.has(inEscrow.name)) return 'Stored';
      const there = open.get(idOf(place));
      const work = there === undefined || there.abandoned.signal.aborted ? begin(due) : there;
      if (settled !== undefined) work.told.push(settled);
      // Somebody may have sealed it anew since.
      work.inEscrow = inEscrow ?? work.inEscrow;
      tellIfSafe();
      const ended = new AbortController();
      const state = () => stateOf(work);
      const late = sleep(clock, patience, ended.signal).then(state, state);
      const first = await Promise.race([work.done, late]);
      ended.abort();
      return first;
    },
    waiting: (connection) =>
      [...open.values(), ...lately].filter(
        ({ place, abandoned }) => isOf(place, connection) && !abandoned.signal.aborted,
      ),
    abandon(connection, secret) {
      for (const { place, abandoned } of [...open.values(), ...lately]) {
        if (place.secret === secret && isOf(place, connection)) abandoned.abort();
      }
    },
    onChange: (told) => void (changed = told),
    count: () => open.size,
    safe: () => (isSafe() ? Promise.resolve() : new Promise((resolve) => waitingToBeSafe.push(resolve))),
    close: () => closing.abort(),
  };
}

/** Of one place, and of one connection: the Secret of a set-aside has the same name for the next one of its name. */
const idOf = ({ namespace, secret, uid }: Pick<IncomingPlace, 'namespace' | 'secret' | 'uid'>): string =>
  `${namespace}/${secret}/${uid}`;

const isOf = (place: IncomingPlace, { namespace, name, uid }: ConnectionID): boolean =>
  place.namespace === namespace && place.connection === name && place.uid === uid;

const stateOf = ({ inEscrow }: Work): IncomingSettled => (inEscrow === undefined ? 'Waiting' : 'Escrowed');
