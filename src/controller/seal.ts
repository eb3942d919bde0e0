import { sealedSecretName, squareConnections } from '../api/names.ts';
import { type Clock, type Duration, seconds, sleep } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import type { Observation } from '../domain/observation.ts';
import type { Fact } from '../domain/step.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Log } from '../kube/log.ts';
import { keyFrom, secrets } from '../kube/resource.ts';
import { openGrant, sealGrant } from '../secrets/grant.ts';
import { projectGrantSecret, type StoreOutcome, storeGrant } from '../secrets/grant-secret.ts';
import type { Binding, GrantSecret, KeyRing } from '../secrets/port.ts';
import type { Watches } from './watches.ts';
import { sentence } from './write-refused.ts';

export interface SealDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: KeyRing;
  readonly watches: Watches;
  readonly events: EventRecorder;
}

const retry = { first: seconds(0.5), most: seconds(10) };

/** So many attempts, about half a minute, a key that is not in the ring is waited for. */
const patience = 8;

/** How a seal ended; anything else is tried until it is stored. */
export type Sealed = 'Stored' | 'Stale' | 'NotOwned';

/**
 * Stores a grant that cannot be fetched again: a write that fails is repeated until it is stored, or until its namespace
 * is gone; that the connection was deleted is no reason, since its grant is retained. A compare-and-set: a record that is
 * as new as this one, or newer, is somebody else's rotation and stays. Anything older, or unreadable, was put there in
 * the meantime and would be lost by nobody: this one holds what Square gave last.
 */
export async function seal(deps: SealDeps, binding: Binding, grant: Grant): Promise<Sealed> {
  const { watches, clock, log } = deps;
  const key = keyFrom(binding.namespace, sealedSecretName(binding.name));
  const jwe = sealGrant(deps.ring, binding, grant);
  let held: GrantSecret | undefined = watches.grants.get(key);
  for (let attempt = 1; ; attempt++) {
    const outcome = await store(deps, key, binding, held, jwe);
    switch (outcome.kind) {
      case 'Stored':
        if (attempt > 1) tell(deps, binding, 'Normal', 'GrantStored', 'The new grant is stored now.');
        return 'Stored';
      case 'NotOwned':
        return 'NotOwned';
      case 'Conflict': {
        const now = await look(deps, binding);
        if (now === 'Unknown' || (attempt < patience && isUnderUnseenKey(deps, now))) break;
        if (now !== undefined && generationOf(deps, binding, now) >= grant.generation) return 'Stale';
        held = now;
        continue;
      }
      case 'Failed':
        // Its namespace is gone, and everything in it.
        if (outcome.status === 404) return 'Stale';
        if (attempt === 1) tell(deps, binding, 'Warning', 'GrantNotStored', unstored(outcome.message));
        log.error(
          { connection: `${binding.namespace}/${binding.name}`, attempt, status: outcome.status, why: outcome.message },
          'a new grant could not be stored and is stored again',
        );
    }
    await sleep(clock, delayOf(attempt));
  }
}

const unstored = (why: string): string =>
  `Square has issued a new token, but its grant is not stored yet: ${sentence(why)} It is written again until it is stored. Mend what refuses it, and do not end the operator before: a single-use refresh token would be lost.`;

/** Told at once: until the grant is stored the pass does not come to its status. */
function tell(
  { events, watches }: SealDeps,
  { namespace, name }: Binding,
  type: 'Normal' | 'Warning',
  reason: string,
  note: string,
): void {
  const uid = watches.connections.get(keyFrom(namespace, name))?.connection.uid;
  events.record({ about: { resource: squareConnections, namespace, name, uid }, type, reason, action: 'Seal', note });
}

const delayOf = (attempt: number): Duration => Math.min(retry.most, retry.first * 2 ** Math.min(attempt - 1, 10));

async function store(
  { client, watches }: SealDeps,
  key: string,
  { namespace, name }: Binding,
  held: GrantSecret | undefined,
  jwe: string,
): Promise<StoreOutcome> {
  const written = watches.grants.writing(key);
  try {
    const outcome = await storeGrant({ client }, { namespace, connection: name, held, jwe });
    if (outcome.kind === 'Stored') watches.grants.absorb(outcome.object);
    return outcome;
  } finally {
    written();
  }
}

/** What is stored now, asked of the API server itself. */
async function look({ client }: SealDeps, { namespace, name }: Binding): Promise<GrantSecret | undefined | 'Unknown'> {
  try {
    const object = await client.get(secrets, namespace, sealedSecretName(name));
    return object && projectGrantSecret(object);
  } catch {
    return 'Unknown';
  }
}

/**
 * Somebody sealed it by a key that this process has not seen yet: whose it is, is judged when the key is there. One that
 * does not come is of nobody who could have got a later answer of Square than this one.
 */
const isUnderUnseenKey = ({ ring }: SealDeps, now: GrantSecret | undefined): boolean =>
  now?.keyID !== undefined && ring.find(now.keyID) === undefined;

function generationOf({ ring }: SealDeps, binding: Binding, secret: GrantSecret): number {
  const opened = secret.jwe === undefined ? undefined : openGrant(ring, binding, secret.jwe);
  return opened?.ok ? opened.value.generation : 0;
}

/**
 * Makes sure that a sealed grant could be stored, before a token is spent that may be used only once: the name is free
 * or ours, the Secret may be changed, the role allows it, the namespace is not going, no quota or policy refuses it. Writes
 * nothing.
 */
export async function canStore(
  deps: SealDeps,
  namespace: string,
  connection: string,
): Promise<Sealed | { readonly kind: 'Refused'; readonly message: string }> {
  const name = sealedSecretName(connection);
  const held = deps.watches.grants.get(keyFrom(namespace, name));
  const jwe = held?.jwe ?? '';
  const outcome = await storeGrant({ client: deps.client }, { namespace, connection, held, jwe, dryRun: true });
  switch (outcome.kind) {
    case 'Stored':
      return 'Stored';
    case 'NotOwned':
      return 'NotOwned';
    // Something that the watch has not shown yet.
    case 'Conflict':
      return 'Stale';
    case 'Failed':
      return { kind: 'Refused', message: sentence(outcome.message) };
  }
}

/** Nothing is asked of Square that could not be opened again. */
export const unsealable = ({ credential }: Observation): Fact => ({
  kind: 'Unwritten',
  message: 'There is no sealing key: restore it from a backup. Until then nothing is asked of Square.',
  ...(credential.kind === 'Given' && { credential: credential.digest }),
});
