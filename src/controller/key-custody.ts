import { type Clock, type Duration, minutes, seconds } from '../clock.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { splitKey } from '../kube/resource.ts';
import { takeKeySecrets } from '../secrets/follow-keys.ts';
import { createNextKey, noteOnKey } from '../secrets/key-secrets.ts';
import type { KeySecret } from '../secrets/port.ts';
import { publishPublicKey } from '../secrets/public-key.ts';
import { type Needs, type NeedsDeps, needsOf } from './key-needs.ts';
import { resealEscrow } from './reseal-escrow.ts';
import type { Settlement } from './settlement.ts';

export interface KeyCustodyDeps extends NeedsDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly settlement: Pick<Settlement, 'count'>;
  /** Where the key Secrets and the ConfigMap are. */
  readonly operatorNamespace: string;
}

/** While a retired key is needed, what needs it is looked at so often, and ever more rarely while nothing moves. */
const lookEvery = { first: seconds(1), most: minutes(1) };

/** A number that goes down from second to second is noted no more often than this; its end at once. */
const notedEvery = seconds(30);

/**
 * What the lease holder does for the ring as a whole: publishes the public half of the active key, makes a new key when
 * the last active one was retired, and says of each retired key how many records need it, and when nothing does any more.
 * A pass resolves to how long to wait until the next, and rejects with `KubeError`.
 */
export function createKeyCustody(deps: KeyCustodyDeps): () => Promise<Duration | undefined> {
  const { ring } = deps;
  const publish = createPublisher(deps);
  const notes = createNotes(deps);
  const sayWhatIsSo = createTelling(deps);
  let before = '';
  let wait = lookEvery.first;

  return async () => {
    if (ring.isEmpty) return undefined;
    if (ring.active.state !== 'Active') return await makeActiveKey(deps);
    await publish();
    const retired = ring.ids().filter((id) => ring.find(id)?.state === 'Retired');
    await notes.forgetAllBut(retired);
    // While a watch is broken nobody can say that nothing is there.
    const follows = deps.watches.grants.healthy() && deps.watches.connections.healthy();
    if (!follows) return retired.length === 0 ? undefined : lookEvery.most;
    const all = await Promise.all(retired.map(async (id) => [id, await allNeedsOf(deps, id)] as const));
    const now = JSON.stringify(all);
    wait = now === before ? Math.min(lookEvery.most, 2 * wait) : lookEvery.first;
    before = now;
    for (const [id, needs] of all) {
      await notes.write(id, needs);
      sayWhatIsSo(id, needs, wait === lookEvery.most);
    }
    return all.every(([, needs]) => isRemovable(needs)) ? undefined : wait;
  };
}

/** Where nothing that is followed needs the key any more, what is under way does: answers not stored, grants in escrow. */
async function allNeedsOf(deps: KeyCustodyDeps, keyID: string): Promise<Needs> {
  const needs = needsOf(deps, keyID);
  if (!isRemovable(needs)) return needs;
  return { ...needs, records: deps.settlement.count() + (await resealEscrow(deps, keyID)) };
}

const isRemovable = ({ records, credentials, digests }: Needs): boolean =>
  records === 0 && credentials === 0 && !digests;

/** Where the keys lie in the cluster, one that is active can be made here; elsewhere it is said in the log. */
async function makeActiveKey(deps: KeyCustodyDeps): Promise<undefined> {
  const { ring, watches } = deps;
  if (!ring.inCluster) return;
  const entries = [...watches.keys.entries()];
  const names = entries.map(([key]) => splitKey(key).name);
  const material = entries.flatMap(([, secret]) => secret.material ?? []);
  if (material.some(({ key }) => key.state === 'Active')) return;
  const secret = await createNextKey({ ...deps, namespace: deps.operatorNamespace }, names, material);
  // Taken in at once: before the watch tells of it the next pass would make another. Others may have changed meanwhile.
  watches.keys.absorb(secret);
  takeKeySecrets(watches.keys, ring, deps.log);
}

/** At the start it was published already. */
function createPublisher(deps: KeyCustodyDeps): () => Promise<void> {
  const { ring } = deps;
  let published = ring.active.id;
  return async () => {
    const { id, publicKey } = ring.active;
    if (id === published) return;
    await publishPublicKey({ ...deps, namespace: deps.operatorNamespace }, publicKey);
    published = id;
  };
}

function createNotes(deps: KeyCustodyDeps) {
  const { watches, clock, ring } = deps;
  const notedAt = new Map<string, Duration>();

  async function note(key: string, held: KeySecret, notes: Parameters<typeof noteOnKey>[3]): Promise<void> {
    try {
      const place = { ...deps, namespace: deps.operatorNamespace };
      watches.keys.absorb(await noteOnKey(place, splitKey(key).name, held, notes));
    } catch (error) {
      // Somebody else has changed or removed it: the watch tells, and the next pass sees it.
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
    }
  }

  return {
    async write(id: string, needs: Needs): Promise<void> {
      const notes = { records: needs.records, removable: isRemovable(needs) };
      for (const [key, held] of watches.keys.entries()) {
        if (held.id !== id || !ring.inCluster) continue;
        if (held.records === String(notes.records) && held.removable === String(notes.removable)) continue;
        const lately = clock.monotonic() - (notedAt.get(id) ?? Number.NEGATIVE_INFINITY) < notedEvery;
        if (lately && notes.records > 0 && held.removable === 'false') continue;
        notedAt.set(id, clock.monotonic());
        await note(key, held, notes);
      }
    },
    /** A key that is active again is needed by what comes. */
    async forgetAllBut(retired: readonly string[]): Promise<void> {
      for (const [key, held] of watches.keys.entries()) {
        const noted = held.records !== undefined || held.removable !== undefined;
        if (noted && ring.inCluster && !retired.includes(held.id)) await note(key, held, undefined);
      }
    },
  };
}

/** Says once that a key may go; or, when nothing moves any more, what keeps it. */
function createTelling({ log }: KeyCustodyDeps) {
  const told = new Map<string, string>();
  return (keyID: string, needs: Needs, atRest: boolean): void => {
    const word = isRemovable(needs) ? 'removable' : atRest ? 'needed' : undefined;
    if (word === undefined || told.get(keyID) === word) return;
    told.set(keyID, word);
    if (word === 'removable') {
      log.info(
        { keyID },
        'nothing in the watched namespaces needs this retired sealing key any more: it may be removed',
      );
    } else {
      log.warn({ keyID, ...needs }, 'this retired sealing key is still needed: see docs/sealing-keys.md');
    }
  };
}
