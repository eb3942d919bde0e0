import { labels, sealingKeyConfigMap, secretTypes } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import { isReason, type KubeClient, KubeError } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { generateKey, type KeyMaterial, keyField, parseKey, SealingKeyError } from './key-material.ts';
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

async function createFirst({ client, namespace, log, clock }: KeySecretDeps): Promise<KubeObject> {
  const text = generateKey(clock.wall());
  const { id } = parseKey(text, 'the new key').key;
  try {
    const created = await client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: firstKeySecret, namespace, labels: { [labels.sealingKey]: id } },
      type: secretTypes.sealingKey,
      data: { [keyField]: Buffer.from(text).toString('base64') },
    });
    log.info({ namespace, secret: firstKeySecret, keyID: id }, 'created the first sealing key');
    return created;
  } catch (error) {
    const taken = isReason(error, 'AlreadyExists') || (error instanceof KubeError && error.mayHaveActed);
    if (!taken) throw error;
    const existing = await client.get(secrets, namespace, firstKeySecret);
    if (existing === undefined) throw error;
    return existing;
  }
}

function readKeySecret(secret: KubeObject): KeyMaterial {
  const where = `the Secret ${secret.metadata.namespace}/${secret.metadata.name}`;
  if (typeOf(secret) !== secretTypes.sealingKey || secret.metadata.labels?.[labels.sealingKey] === undefined) {
    throw new SealingKeyError(
      'KeyNotOwned',
      `${where} is in the place of a sealing key, but lacks the type ${secretTypes.sealingKey} or the label ${labels.sealingKey}: give it back what it lost, or move it away if it is somebody else's`,
    );
  }
  return parseKey(textOf(secret, keyField) ?? '', where);
}
