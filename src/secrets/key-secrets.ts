import { annotations, labels, sealingKeyConfigMap, secretTypes } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import { isReason, type KubeClient, KubeError } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { generateKey, type KeyMaterial, keyField, parseKey, SealingKeyError } from './key-material.ts';
import type { HeldSecret, KeySecret } from './port.ts';
import { publishedKeyID } from './public-key.ts';
import { textOf, typeOf } from './secret-text.ts';

/** The first key's Secret has a fixed name, so that of two operators that start at once only one can create it. */
export const firstKeySecret = 'square-operator-sealing-key-1';

export interface KeySecretDeps {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * All keys of the operator's namespace; creates the first one when there is none and never was: a public key that is
 * published already is that of a ring that got lost (`KeyRingLost`). Rejects as `loadKeyRing` does.
 */
export async function readOrCreateKeySecrets(deps: KeySecretDeps): Promise<KeyMaterial[]> {
  const found = await listed(deps);
  if (found.length > 0) return found;
  const published = await publishedKeyID(deps);
  if (published === undefined) return [readKeySecret(await createFirst(deps))];
  // Another operator may have made the first key since the list, and then published it.
  const since = await listed(deps);
  if (since.length > 0) return since;
  const unlabelled = await deps.client.get(secrets, deps.namespace, firstKeySecret);
  if (unlabelled !== undefined) return [readKeySecret(unlabelled)];
  throw ringLost(deps.namespace, published);
}

async function listed({ client, namespace }: KeySecretDeps): Promise<KeyMaterial[]> {
  const { items } = await client.list(secrets, { namespace, labelSelector: labels.sealingKey });
  return items.map(readKeySecret);
}

const ringLost = (namespace: string, keyID: string) =>
  new SealingKeyError(
    'KeyRingLost',
    `the sealing key ${keyID} is gone: no Secret of the namespace ${namespace} holds a sealing key, but the ConfigMap ${namespace}/${sealingKeyConfigMap} names that one. Nothing is lost yet, and no new key was made. Restore the Secret ${firstKeySecret}, and the Secrets of further keys, from a backup; if the keys lie in files, give --sealing-key-dir. Only if there is no copy, delete the ConfigMap ${sealingKeyConfigMap}: the operator then starts anew, which gives up all sealed grants, and every seller has to sign in again`,
  );

function createFirst(deps: KeySecretDeps): Promise<KubeObject> {
  return createKey(deps, firstKeySecret, generateKey(deps.clock.wall()));
}

/** The Secret of this name with the new key, or what lies there already. */
async function createKey({ client, namespace, log }: KeySecretDeps, name: string, text: string): Promise<KubeObject> {
  const { id } = parseKey(text, 'the new key').key;
  try {
    const created = await client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels: { [labels.sealingKey]: id, [labels.sealingKeyState]: 'active' } },
      type: secretTypes.sealingKey,
      data: { [keyField]: Buffer.from(text).toString('base64') },
    });
    log.info({ namespace, secret: name, keyID: id }, 'created a sealing key');
    return created;
  } catch (error) {
    const taken = isReason(error, 'AlreadyExists') || (error instanceof KubeError && error.mayHaveActed);
    if (!taken) throw error;
    const existing = await client.get(secrets, namespace, name);
    if (existing === undefined) throw error;
    return existing;
  }
}

/**
 * One more key, which is active: `square-operator-sealing-key-2` and so on. It takes over the digests of the ring, so that
 * credentials that were taken are still known when the oldest key is gone. `held`: the names that are there. A Secret of
 * the next name that is a key already was made by another operator a moment ago, and is given in the place of a new one.
 * Rejects with `KubeError`.
 */
export async function createNextKey(
  deps: KeySecretDeps,
  held: readonly string[],
  material: readonly KeyMaterial[],
): Promise<KubeObject> {
  const numbers = held.map((name) => Number(/^square-operator-sealing-key-(\d{1,6})$/.exec(name)?.[1] ?? 1));
  const oldest = material.toSorted((a, b) => a.key.createdAt - b.key.createdAt)[0];
  const text = generateKey(deps.clock.wall(), oldest?.digestKey);
  for (let number = Math.max(1, ...numbers) + 1; ; number++) {
    const there = await createKey(deps, `square-operator-sealing-key-${number}`, text);
    if (typeOf(there) === secretTypes.sealingKey) return there;
  }
}

/** What is noted on the Secret of a retired key; `undefined` takes the notes away, for a key that is active again. */
export async function noteOnKey(
  { client, namespace }: Pick<KeySecretDeps, 'client' | 'namespace'>,
  name: string,
  { uid, resourceVersion }: HeldSecret,
  notes: { readonly records: number; readonly removable: boolean } | undefined,
): Promise<KubeObject> {
  const values = {
    [annotations.records]: notes === undefined ? null : String(notes.records),
    [annotations.removable]: notes === undefined ? null : String(notes.removable),
  };
  const metadata = { uid, resourceVersion, annotations: values };
  return await client.mergePatch(secrets, namespace, name, { metadata });
}

/** What the watch keeps of a key's Secret. */
export function projectKeySecret(secret: KubeObject): KeySecret {
  const seen = projectKeyName(secret);
  try {
    return { ...seen, material: readKeySecret(secret) };
  } catch (error) {
    if (error instanceof SealingKeyError) return { ...seen, problem: error };
    throw error;
  }
}

/** The same without the key: where keys come from files, a Secret is only looked at to tell that it is there. */
export function projectKeyName({ metadata }: KubeObject): KeySecret {
  const records = metadata.annotations?.[annotations.records];
  const removable = metadata.annotations?.[annotations.removable];
  return {
    id: metadata.labels?.[labels.sealingKey] ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    ...(records === undefined ? {} : { records }),
    ...(removable === undefined ? {} : { removable }),
  };
}

function readKeySecret(secret: KubeObject): KeyMaterial {
  const where = `the Secret ${secret.metadata.namespace}/${secret.metadata.name}`;
  if (typeOf(secret) !== secretTypes.sealingKey || secret.metadata.labels?.[labels.sealingKey] === undefined) {
    throw new SealingKeyError(
      'KeyNotOwned',
      `${where} is in the place of a sealing key, but lacks the type ${secretTypes.sealingKey} or the label ${labels.sealingKey}: give it back what it lost, or move it away if it is somebody else's`,
    );
  }
  const material = parseKey(textOf(secret, keyField) ?? '', where);
  const state = stateOf(secret, where) ?? material.key.state;
  return { ...material, key: { ...material.key, state } };
}

/** The state by the label, which goes before what the key says, since a label can be set by hand. */
function stateOf({ metadata }: KubeObject, where: string): KeyMaterial['key']['state'] | undefined {
  const label = metadata.labels?.[labels.sealingKeyState];
  switch (label) {
    case undefined:
      return undefined;
    case 'active':
      return 'Active';
    case 'retired':
      return 'Retired';
    default:
      throw new SealingKeyError(
        'KeyMalformed',
        `${where} has the label ${labels.sealingKeyState}=${label}: set it to active or retired`,
      );
  }
}
