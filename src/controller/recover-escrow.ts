import { sealedSecretName } from '../api/names.ts';
import { type Duration, hours, seconds, sleep } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import { clearEscrow } from '../secrets/clear-escrow.ts';
import { type Escrowed, listEscrow, openEscrow } from '../secrets/escrow.ts';
import type { IncomingPlace } from '../secrets/incoming.ts';
import type { LiveKeyRing, Unopened } from '../secrets/port.ts';
import type { ConnectionID } from '../secrets/settle-incoming.ts';
import { createEscrowLooks, type EscrowLooks, lookAgain } from './escrow-looks.ts';
import { findRecord, firstWord, holdForLater, type RecoverDeps, wasStored } from './recover.ts';
import { over, recordAt } from './succession.ts';
import type { Watches } from './watches.ts';

export interface EscrowRecoveryDeps extends RecoverDeps {
  readonly ring: LiveKeyRing;
  readonly watches: Pick<Watches, 'connections' | 'escrow' | 'grants'>;
}

/** So long what a sign-in gave is waited for, so that the first status can say why it is not stored. */
const patience: Duration = seconds(1);

/** A watch may miss something. */
const lookEvery: Duration = hours(1);

/**
 * Stores what lies in escrow, whoever put it there, and takes away what is stored by now. What it is at already, it leaves
 * alone. The watch only tells when to look: what is there the API server says itself, since a watch may be late, and a
 * token that is presented again, or an authorization that is left alone, by an old sight cannot be helped.
 */
export interface EscrowRecovery {
  /**
   * For the holder of the lease: resolves when it has looked, before which nothing is worked on. What comes until `signal` is
   * aborted is taken up at once. Rejects only then.
   */
  begin(signal: AbortSignal): Promise<void>;
  /** Looks now: what was seen is stored then, or is known to wait. */
  readonly look: EscrowLooks['look'];
  /** Looks now; `Something` of this connection that nobody knew of waits to be stored, or was stored now. Never rejects. */
  lookFor(connection: ConnectionID): Promise<'Nothing' | 'Something' | 'Unseen'>;
  /** Nothing else of this connection waits to be stored any more: what was put off for that is looked at. */
  settled(connection: Key): void;
}

/** A grant that has just come, and holds its connection: no look has found it yet. */
interface News {
  readonly connection: Key;
}

/** A grant that is taken out of escrow. */
interface Work {
  readonly version: string;
  readonly stop: AbortController;
  /** With the term, or since something else lies there by now. */
  readonly ends: AbortSignal;
}

export function createEscrowRecovery(deps: EscrowRecoveryDeps): EscrowRecovery {
  const { clock, incoming, log, ring, settlement, watches } = deps;
  // All by the names of the Secrets in escrow.
  const atWork = new Map<string, Work>();
  /** Connections that wait for a later version of the operator. */
  const waiting = new Map<string, Key>();
  /** Something else of their connection waits to be stored. */
  const putOff = new Map<string, Escrowed>();
  const announced = new Map<string, News>();
  const looks = createEscrowLooks(deps, see);

  watches.escrow.onChange(({ key, now }) => {
    const { name } = splitKey(key);
    if (now === undefined) waitNoMore(name);
    else if (!looks.term.aborted) announce(openEscrow(ring, name, now));
    looks.lookSoon();
  });
  // Its keys may open now what they did not.
  ring.onChange(() => looks.lookSoon());

  return {
    async begin(signal) {
      looks.begin(signal);
      putOff.clear();
      signal.addEventListener('abort', () => void (looks.term === signal && retract(announced)), {
        once: true,
      });
      while ((await looks.look()) !== undefined) await sleep(clock, patience, signal);
    },
    look: () => looks.look(),
    async lookFor(connection) {
      const known = incoming.waiting(connection).length;
      if ((await looks.look()) !== undefined) return 'Unseen';
      const isHeld = settlement.of(keyFrom(connection.namespace, connection.name)) !== undefined;
      return isHeld || incoming.waiting(connection).length !== known ? 'Something' : 'Nothing';
    },
    settled(connection) {
      for (const [name, escrowed] of putOff) {
        if (keyFrom(escrowed.binding.namespace, escrowed.binding.name) !== connection || !putOff.delete(name)) continue;
        if (!looks.term.aborted) announce(escrowed);
        looks.lookSoon();
      }
    },
  };

  async function see(term: AbortSignal): Promise<Duration> {
    const told = new Map(announced);
    const found = await listEscrow(deps);
    const names = new Set(found.map(({ held }) => held.name));
    // What lies there no more is waited for no more.
    for (const [name, { stop }] of atWork) if (!names.has(name)) stop.abort();
    for (const name of waiting.keys()) if (!names.has(name)) waitNoMore(name);
    for (const name of putOff.keys()) if (!names.has(name)) putOff.delete(name);
    await Promise.all(found.map((escrowed) => recover(escrowed, term)));
    retract(told);
    return announced.size === 0 ? lookEvery : lookAgain.most;
  }

  /** A pass that begins before the look must not take for lost what came. What the watch shows to be stored is no news. */
  function announce(escrowed: Escrowed): void {
    const { binding, grant, incoming: place } = escrowed;
    const held = watches.grants.get(keyFrom(binding.namespace, sealedSecretName(binding.name)));
    const record = held && recordAt(ring, binding, held);
    if (!grant.ok || place !== undefined || record === 'OfLaterVersion') return;
    if (over(record, grant.value, undefined) !== undefined) holdUntilFound(escrowed, grant.value);
  }

  function holdUntilFound(escrowed: Escrowed, grant: Grant): void {
    const { held, binding } = escrowed;
    const news = { connection: keyFrom(binding.namespace, binding.name) };
    const before = announced.get(held.name);
    announced.set(held.name, news);
    hold(news.connection, grant, news);
    if (before !== undefined) settlement.hold(before.connection, undefined, before);
  }

  function hold(connection: Key, { accessToken: { issuedAt: since } }: Grant, source: News | Work): void {
    settlement.hold(connection, { since, message: 'It came into escrow, and is looked at.', kept: 'Escrow' }, source);
  }

  /** What came again since stays. */
  function retract(told: ReadonlyMap<string, News>): void {
    for (const [name, news] of told) {
      if (announced.get(name) === news && announced.delete(name)) settlement.hold(news.connection, undefined, news);
    }
  }

  async function recover(escrowed: Escrowed, signal: AbortSignal): Promise<void> {
    const { grant, held, binding, incoming: place } = escrowed;
    if (!grant.ok) return leave(escrowed, grant);
    waitNoMore(held.name);
    if (place !== undefined) return await bring(escrowed, place, grant.value);
    const before = atWork.get(held.name);
    if (before?.version === held.resourceVersion && !before.ends.aborted) return;
    before?.stop.abort();
    const connection = keyFrom(binding.namespace, binding.name);
    // This process is at it already, or nothing is asked of Square for it anyway.
    const unsettled = settlement.of(connection, [before, ...announced.values()]);
    if (unsettled !== undefined && (unsettled.kept !== 'Journal' || unsettled.unread === true)) {
      atWork.delete(held.name);
      putOff.set(held.name, escrowed);
      return;
    }
    putOff.delete(held.name);
    const stop = new AbortController();
    const work = { version: held.resourceVersion, stop, ends: AbortSignal.any([signal, stop.signal]) };
    atWork.set(held.name, work);
    if (settlement.of(connection) !== undefined) hold(connection, grant.value, work);
    if (before !== undefined) settlement.hold(connection, undefined, before);
    await firstWord((goOn) => recoverGrant(escrowed, grant.value, work, goOn));
  }

  function release(name: string, work: Work): void {
    if (atWork.get(name) === work) atWork.delete(name);
  }

  /** Never rejects. */
  async function recoverGrant(escrowed: Escrowed, grant: Grant, work: Work, goOn: () => void): Promise<void> {
    const { held, binding } = escrowed;
    const connection = keyFrom(binding.namespace, binding.name);
    try {
      const settled = async () => void clearEscrow(deps, held, work.ends).then(() => release(held.name, work));
      const since = grant.accessToken.issuedAt;
      const place = { kept: 'Escrow', source: work } as const;
      const found = await findRecord(deps, binding, since, place, goOn, work.ends);
      const later = wasStored(deps, binding, grant, found) ? undefined : over(found.record, grant, undefined);
      if (later === undefined) {
        log.info({ connection }, 'a grant in escrow was stored before, or is older than what is stored');
        return await settled();
      }
      const due = { binding, grant: later, held: found.held, inEscrow: held, since, settled };
      const outcome = await settlement.store(due);
      log.info({ connection, settled: outcome }, 'a grant in escrow is taken up');
    } catch (error) {
      release(held.name, work);
      if (work.ends.aborted) return;
      log.error({ secret: held.name, err: error }, 'a grant in escrow met a fault, and is looked at again');
      holdUntilFound(escrowed, grant);
      looks.lookIn(lookAgain.most);
    } finally {
      settlement.hold(connection, undefined, work);
    }
  }

  async function bring({ held, binding }: Escrowed, place: IncomingPlace, grant: Grant): Promise<void> {
    const settled = await incoming.store({ place, binding, grant, inEscrow: held }, patience);
    log.info(
      { connection: keyFrom(binding.namespace, binding.name), settled },
      'what a sign-in gave, in escrow, is taken up',
    );
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
    if (connection !== undefined && waiting.delete(name)) settlement.hold(connection, undefined, name);
  }
}
