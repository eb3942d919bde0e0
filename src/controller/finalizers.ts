import { finalizer, sealedSecretName, squareConnections } from '../api/names.ts';
import type { Connection, Observation } from '../domain/observation.ts';
import type { Fact, Step } from '../domain/step.ts';
import { isReason, type KubeClient, KubeError } from '../kube/client.ts';
import { type KubeObject, keyFrom, type Resource, secrets } from '../kube/resource.ts';
import type { Watches } from './watches.ts';
import { sentence } from './write-refused.ts';

export interface FinalizerDeps {
  readonly client: KubeClient;
  readonly watches: Watches;
}

type Place = Pick<Connection, 'namespace' | 'name'>;

/**
 * Lets the sealed Secret of a connection go that is gone itself, however it went: nobody else would. That it is gone is asked
 * of the API server itself.
 */
export async function releaseSealedSecret(deps: FinalizerDeps, connection: Place): Promise<boolean> {
  const { namespace, name } = connection;
  if (deps.watches.grants.get(keyFrom(namespace, sealedSecretName(name)))?.finalized !== true) return false;
  if ((await deps.client.get(squareConnections, namespace, name)) !== undefined) return false;
  return await ofSealedSecret(deps, connection, false);
}

/** Puts the operator's finalizer on an object, or takes it off; those of others stay. */
export async function setFinalizer(
  deps: FinalizerDeps,
  step: Step & { kind: 'AddFinalizer' | 'RemoveFinalizer' },
  o: Observation,
): Promise<Fact> {
  const wanted = step.kind === 'AddFinalizer';
  const object = step.kind === 'AddFinalizer' ? step.to : step.from;
  try {
    const done =
      object === 'Connection'
        ? await ofConnection(deps, o.connection, wanted)
        : await ofSealedSecret(deps, o.connection, wanted);
    return done ? { kind: 'Finalized', object, finalized: wanted } : { kind: 'Stale' };
  } catch (error) {
    if (isReason(error, 'Conflict')) return { kind: 'Stale' };
    if (!(error instanceof KubeError)) throw error;
    return { kind: 'Unwritten', message: sentence(error.message) };
  }
}

/** The echo is news on purpose: what a connection without its finalizer leaves behind is looked after when it is gone. */
async function ofConnection(
  { client }: FinalizerDeps,
  { namespace, name, uid }: Connection,
  wanted: boolean,
): Promise<boolean> {
  const changed = await change(client, squareConnections, namespace, name, wanted, uid);
  return changed !== 'Other' && (changed !== 'Gone' || !wanted);
}

async function ofSealedSecret(deps: FinalizerDeps, connection: Place, wanted: boolean): Promise<boolean> {
  const name = sealedSecretName(connection.name);
  const key = keyFrom(connection.namespace, name);
  const held = deps.watches.grants.get(key);
  if (held === undefined) return !wanted;
  const written = deps.watches.grants.writing(key);
  try {
    const changed = await change(deps.client, secrets, connection.namespace, name, wanted, held.uid);
    if (typeof changed === 'object' && !isGone(changed)) deps.watches.grants.absorb(changed);
    return changed !== 'Other' && (changed !== 'Gone' || !wanted);
  } finally {
    written();
  }
}

/** One that was being deleted is gone with its last finalizer. That is news: much looks different without it. */
const isGone = ({ metadata: { deletionTimestamp, finalizers = [] } }: KubeObject): boolean =>
  deletionTimestamp !== undefined && finalizers.length === 0;

/** The object as it is now; `Gone`, or `Other` when it is another one of that name or may not have the finalizer. */
async function change(
  client: KubeClient,
  resource: Resource,
  namespace: string,
  name: string,
  wanted: boolean,
  uid: string,
): Promise<KubeObject | 'Gone' | 'Other'> {
  const object = await client.get(resource, namespace, name);
  if (object === undefined) return 'Gone';
  if (object.metadata.uid !== uid) return 'Other';
  const { finalizers = [], resourceVersion, deletionTimestamp } = object.metadata;
  if (finalizers.includes(finalizer) === wanted) return object;
  if (wanted && deletionTimestamp !== undefined) return 'Other';
  const next = wanted ? [...finalizers, finalizer] : finalizers.filter((one) => one !== finalizer);
  try {
    return await client.mergePatch(resource, namespace, name, { metadata: { uid, resourceVersion, finalizers: next } });
  } catch (error) {
    if (isReason(error, 'NotFound')) return 'Gone';
    throw error;
  }
}

/** Deletes the sealed Secret that was seen, finalizer and all; one that changed since is looked at again. */
export async function discard(deps: FinalizerDeps, { connection }: Observation): Promise<Fact> {
  const { namespace, name } = connection;
  const secret = sealedSecretName(name);
  const key = keyFrom(namespace, secret);
  try {
    if (!(await ofSealedSecret(deps, connection, false))) return { kind: 'Stale' };
    const held = deps.watches.grants.get(key);
    if (held === undefined) return { kind: 'Discarded' };
    const { uid, resourceVersion } = held;
    await deps.client.delete(secrets, namespace, secret, { uid, resourceVersion });
    deps.watches.grants.forget(key, uid);
    return { kind: 'Discarded' };
  } catch (error) {
    if (isReason(error, 'Conflict')) return { kind: 'Stale' };
    if (!(error instanceof KubeError)) throw error;
    return { kind: 'Unwritten', message: sentence(error.message) };
  }
}
