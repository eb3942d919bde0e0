import { connectionOfSealedSecret, sealedSecretName } from '../api/names.ts';
import type { Clock, Duration } from '../clock.ts';
import type { RetiredKey } from '../domain/observation.ts';
import { untilReseal } from '../domain/reseal.ts';
import type { Fact } from '../domain/step.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Key, keyFrom, secrets, splitKey } from '../kube/resource.ts';
import { storeGrant } from '../secrets/grant-secret.ts';
import type { GrantSecret, LiveKeyRing } from '../secrets/port.ts';
import { resealRecord } from '../secrets/reseal.ts';
import type { Watches } from './watches.ts';
import { WriteRefused } from './write-refused.ts';

export interface ResealDeps {
  readonly client: KubeClient;
  readonly ring: LiveKeyRing;
  readonly watches: Watches;
  readonly retirements: Retirements;
}

/** Since when this process has known each retired key to be so: the slots of the records under it are counted from there. */
export interface Retirements {
  /** `undefined`: it is not retired, or there is no active key to seal anew with. */
  since(keyID: string): Duration | undefined;
  now(): Duration;
  /** Counts all anew, from now. */
  restart(): void;
}

export function createRetirements(ring: LiveKeyRing, clock: Clock): Retirements {
  const since = new Map<string, Duration>();
  const isRetired = (id: string) => ring.active.state === 'Active' && ring.find(id)?.state === 'Retired';
  const look = () => {
    for (const id of since.keys()) if (!isRetired(id)) since.delete(id);
    for (const id of ring.ids()) if (isRetired(id) && !since.has(id)) since.set(id, clock.monotonic());
  };
  ring.onChange(look);
  look();
  return {
    since: (keyID) => since.get(keyID),
    now: () => clock.monotonic(),
    restart() {
      since.clear();
      look();
    },
  };
}

interface Place {
  readonly namespace: string;
  /** Name of the connection. */
  readonly name: string;
}

/** The record of a connection, and whether it is to be sealed anew: it lies under a retired key, and opens in its place. */
function underRetiredKey(deps: ResealDeps, place: Place): (RetiredKey & { readonly held: GrantSecret }) | undefined {
  const { watches, retirements, ring } = deps;
  const held = watches.grants.get(keyFrom(place.namespace, sealedSecretName(place.name)));
  const since = held?.keyID === undefined ? undefined : retirements.since(held.keyID);
  if (held?.keyID === undefined || held.jwe === undefined || since === undefined) return undefined;
  if (!resealRecord(ring, 'grant', place, held.jwe).ok) return undefined;
  return { held, keyID: held.keyID, retiredFor: retirements.now() - since, records: watches.grants.size };
}

/** What an observation says of it. */
export function retiredKeyOf(deps: ResealDeps, place: Place): { readonly retiredKey?: RetiredKey } {
  const found = underRetiredKey(deps, place);
  if (found === undefined) return {};
  const { held: _, ...retiredKey } = found;
  return { retiredKey };
}

/**
 * Seals the record anew by the active key, as a compare-and-set on the version that was seen: what somebody else wrote
 * meanwhile stays, and the same grant in the same generation lies there after it as before. Rejects with `WriteRefused`
 * when the API server does not take the write; the record then opens with the retired key as before.
 */
export async function reseal(deps: ResealDeps, place: Place): Promise<Fact> {
  const { watches, client, ring } = deps;
  const held = underRetiredKey(deps, place)?.held;
  const made = held?.jwe === undefined ? undefined : resealRecord(ring, 'grant', place, held.jwe);
  if (held === undefined || made?.ok !== true) return { kind: 'Stale' };
  const { namespace, name } = place;
  const key = keyFrom(namespace, sealedSecretName(name));
  const written = watches.grants.writing(key);
  try {
    const outcome = await storeGrant({ client }, { namespace, connection: name, held, jwe: made.value });
    switch (outcome.kind) {
      case 'Stored':
        watches.grants.absorb(outcome.object);
        return { kind: 'Resealed', keyID: made.keyID };
      case 'Conflict':
        await lookAgain(deps, namespace, key);
        return { kind: 'Stale' };
      case 'NotOwned':
        return { kind: 'Stale' };
      case 'Failed':
        throw new WriteRefused(outcome.message, outcome.status);
    }
  } finally {
    written();
  }
}

/** The watch is behind: take in what is there now, so that the next look does not meet the same conflict. */
async function lookAgain({ client, watches }: ResealDeps, namespace: string, key: Key): Promise<void> {
  const object = await client.get(secrets, namespace, splitKey(key).name);
  const held = watches.grants.get(key);
  if (object !== undefined && held !== undefined) watches.grants.absorb(object);
  else if (object === undefined && held !== undefined) watches.grants.forget(key, held.uid);
}

/**
 * The same for a record that has no connection: without it no key would ever be needed by nothing. Resolves to how long
 * to wait until the record's slot; `undefined` when there is nothing to do.
 */
export async function resealRetained(deps: ResealDeps, place: Place): Promise<Duration | undefined> {
  const found = underRetiredKey(deps, place);
  if (found === undefined) return undefined;
  const left = untilReseal(found.held.uid, found);
  if (left > 0) return left;
  const fact = await reseal(deps, place);
  return fact.kind === 'Stale' ? 0 : undefined;
}

/** The connections whose sealed records are there, whether or not the connections are. */
export function* connectionsOfRecords(watches: Watches): Generator<Key> {
  for (const [key] of watches.grants.entries()) {
    const { namespace, name } = splitKey(key);
    const connection = connectionOfSealedSecret(name);
    if (connection !== undefined) yield keyFrom(namespace, connection);
  }
}
