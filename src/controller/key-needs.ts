import { type Key } from '../kube/resource.ts';
import type { LiveKeyRing } from '../secrets/port.ts';
import { sealedBy } from '../secrets/sealed-by.ts';
import type { IncomingSettlement } from '../secrets/settle-incoming.ts';
import { credentialOf } from './credentials.ts';
import type { Remembered } from './observe.ts';
import type { Settlement } from './settlement.ts';
import type { Watches } from './watches.ts';

export interface NeedsDeps {
  readonly ring: LiveKeyRing;
  readonly watches: Watches;
  readonly remembered: ReadonlyMap<Key, Remembered>;
  readonly settlement: Pick<Settlement, 'count'>;
  readonly incoming: Pick<IncomingSettlement, 'count'>;
}

/** What would be lost with a key. */
export interface Needs {
  /** Sealed records under it, by whatever name they lie there, and grants on their way to their place. */
  readonly records: number;
  /** Credentials that were sealed offline for it and are not known to be taken up. */
  readonly credentials: number;
  /** No other key of the ring can tell which credentials were taken up while this one was there. */
  readonly digests: boolean;
  /** The first few of the objects. */
  readonly first: readonly Key[];
}

/** The places where records of the operator lie: what is sealed for any purpose and lies in a Secret belongs here. */
const recordPlaces = (watches: Watches): readonly Iterable<readonly [Key, { readonly keyID?: string }]>[] => [
  watches.grants.entries(),
  watches.incoming.entries(),
];

const named = 5;

/** What needs a key, as far as the watched namespaces go. */
export function needsOf({ ring, watches, remembered, settlement, incoming }: NeedsDeps, keyID: string): Needs {
  const first: Key[] = [];
  const count = (key: Key) => {
    if (first.length < named) first.push(key);
    return 1;
  };
  // Escrow and journal may hold them under any key of the ring.
  let records = settlement.count() + incoming.count();
  for (const place of recordPlaces(watches)) {
    for (const [key, record] of place) if (record.keyID === keyID) records += count(key);
  }
  let credentials = 0;
  for (const [key, { connection }] of watches.connections.entries()) {
    const sealed = connection.spec.ok ? credentialOf(connection.spec.value)?.source.sealed : undefined;
    if (sealed === undefined || remembered.get(key)?.sealedCredentialTaken === sealed) continue;
    if (sealedBy(sealed.trim()) === keyID) credentials += count(key);
  }
  return { records, credentials, digests: ring.aloneMakesDigests(keyID), first };
}

/** How many sealed records there are under each key, for the metric. */
export function recordsByKey(watches: Watches): Map<string, number> {
  const counts = new Map<string, number>();
  for (const place of recordPlaces(watches)) {
    for (const [, { keyID }] of place) if (keyID !== undefined) counts.set(keyID, (counts.get(keyID) ?? 0) + 1);
  }
  return counts;
}
