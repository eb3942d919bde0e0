import type { Log } from '../kube/log.ts';
import type { KeyMaterial } from './key-material.ts';
import type { LiveKeyRing, RingChange } from './port.ts';
import { ringOf } from './ring.ts';

export interface LiveRingOptions {
  readonly log: Log;
  /** The keys at the start; one at least. */
  readonly material: readonly KeyMaterial[];
  readonly inCluster: boolean;
}

/** See `LiveKeyRing`. What changes is written to the log, with the keys' IDs. Throws `SealingKeyError`. */
export function createLiveRing({ log, material: first, inCluster }: LiveRingOptions): LiveKeyRing {
  const listeners: ((change: RingChange) => void)[] = [];
  let material = first;
  let ring = ringOf(first, inCluster);
  tell(log, ring.active.state, ring.active.id);
  const isEmpty = () => material.length === 0;
  return {
    get active() {
      return ring.active;
    },
    get isEmpty() {
      return isEmpty();
    },
    find: (id) => (isEmpty() ? undefined : ring.find(id)),
    ids: () => (isEmpty() ? [] : ring.ids()),
    inCluster,
    digest: (purpose, value) => ring.digest(purpose, value),
    otherDigests: (purpose, value) => ring.otherDigests(purpose, value),
    aloneMakesDigests: (id) => !isEmpty() && ring.aloneMakesDigests(id),
    replace(next) {
      const change = changeOf(material, next);
      if (change === undefined) return;
      const made = next.length === 0 ? ring : ringOf(next, inCluster);
      material = next;
      ring = made;
      log.info({ ...change, active: isEmpty() ? undefined : ring.active.id }, 'the sealing keys have changed');
      if (isEmpty())
        log.error({ lastActive: ring.active.id }, 'there is no sealing key left: restore it from a backup');
      else tell(log, ring.active.state, ring.active.id);
      for (const listener of listeners) listener(change);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

function tell(log: Log, state: 'Active' | 'Retired', keyID: string): void {
  if (state === 'Active') return;
  log.error({ keyID }, 'none of the sealing keys is active, so the newest goes on sealing: add an active key');
}

function changeOf(before: readonly KeyMaterial[], now: readonly KeyMaterial[]): RingChange | undefined {
  const find = (list: readonly KeyMaterial[], id: string) => list.find(({ key }) => key.id === id);
  const ids = (list: readonly KeyMaterial[]) => list.map(({ key }) => key.id);
  const added = ids(now).filter((id) => find(before, id) === undefined);
  const removed = ids(before).filter((id) => find(now, id) === undefined);
  const changed = now.flatMap((one) => {
    const was = find(before, one.key.id);
    return was === undefined || isSame(was, one) ? [] : [one.key.id];
  });
  const nothing = now.length === before.length && [added, removed, changed].every(({ length }) => length === 0);
  return nothing ? undefined : { added, removed, changed };
}

const isSame = (a: KeyMaterial, b: KeyMaterial): boolean =>
  a.key.state === b.key.state &&
  a.key.createdAt === b.key.createdAt &&
  a.key.root.equals(b.key.root) &&
  a.digestKey.equals(b.digestKey) &&
  a.key.publicKey.x === b.key.publicKey.x;
