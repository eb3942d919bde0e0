import { finalizer, grantKey, sealedSecretName, secretTypes } from '../api/names.ts';
import { parseInstant } from '../clock.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import type { GrantSecret, HeldSecret, WriteProblem } from './port.ts';
import { sealedBy } from './sealed-by.ts';
import { textOf, typeOf } from './secret-text.ts';
import { changeProblem, createProblem, mayHaveWritten, notOwned } from './write-problem.ts';

/** What the watch keeps of any Secret that holds a sealed grant. */
export function projectSealed(
  object: KubeObject,
): Pick<GrantSecret, 'uid' | 'resourceVersion' | 'createdAt' | 'jwe' | 'keyID'> {
  const { uid = '', resourceVersion = '', creationTimestamp = '' } = object.metadata;
  const jwe = textOf(object, grantKey);
  const keyID = jwe === undefined ? undefined : sealedBy(jwe);
  return {
    uid,
    resourceVersion,
    createdAt: parseInstant(creationTimestamp) ?? 0,
    ...(jwe !== undefined && { jwe }),
    ...(keyID !== undefined && { keyID }),
  };
}

/** What the watch keeps of `<connection>-sealed`. */
export function projectGrantSecret(object: KubeObject): GrantSecret {
  return {
    ...projectSealed(object),
    ...(object.metadata.finalizers?.includes(finalizer) === true && { finalized: true as const }),
    ...(object.metadata.deletionTimestamp !== undefined && { deleting: true as const }),
  };
}

export interface GrantToStore {
  readonly namespace: string;
  /** Name of the connection. */
  readonly connection: string;
  /** The version that may be replaced; absent when there should be none. */
  readonly held?: HeldSecret | undefined;
  readonly jwe: string;
  /** Have the API server check everything and write nothing. */
  readonly dryRun?: boolean | undefined;
}

/** `object` is the Secret as it is now, to be taken in by the informer. */
export type StoreOutcome = { readonly kind: 'Stored'; readonly object: KubeObject } | WriteProblem;

/**
 * Writes the record as a compare-and-set: `Conflict` when the Secret is not the one held, and then nothing was changed.
 * One request; after an answer that was lost, and where another Secret stands in the way, one GET more to tell what is
 * there. The Secret never has an owner reference, so no deletion takes it along. Throws nothing of the API server's.
 */
export async function storeGrant(deps: { readonly client: KubeClient }, grant: GrantToStore): Promise<StoreOutcome> {
  const where = `${grant.namespace}/${sealedSecretName(grant.connection)}`;
  try {
    return { kind: 'Stored', object: await write(deps.client, grant) };
  } catch (error) {
    const problem = (grant.held === undefined ? createProblem : changeProblem)(error, where);
    const inTheWay = isReason(error, 'AlreadyExists');
    return inTheWay || mayHaveWritten(error) ? await lookAgain(deps.client, grant, problem) : problem;
  }
}

function write(
  client: KubeClient,
  { namespace, connection, held, jwe, dryRun = false }: GrantToStore,
): Promise<KubeObject> {
  const name = sealedSecretName(connection);
  const data = { [grantKey]: Buffer.from(jwe).toString('base64') };
  if (held === undefined) {
    const metadata = { name, namespace };
    const manifest = { apiVersion: 'v1', kind: 'Secret', metadata, type: secretTypes.sealedGrant, data };
    return client.create(secrets, manifest, { dryRun });
  }
  const { uid, resourceVersion } = held;
  return client.mergePatch(secrets, namespace, name, { metadata: { uid, resourceVersion }, data }, { dryRun });
}

async function lookAgain(client: KubeClient, grant: GrantToStore, problem: WriteProblem): Promise<StoreOutcome> {
  const name = sealedSecretName(grant.connection);
  const existing = await client.get(secrets, grant.namespace, name).catch(() => undefined);
  if (existing === undefined) return problem;
  if (typeOf(existing) !== secretTypes.sealedGrant) {
    return notOwned(`${grant.namespace}/${name}`, `its type is not ${secretTypes.sealedGrant}`);
  }
  return textOf(existing, grantKey) === grant.jwe ? { kind: 'Stored', object: existing } : problem;
}
