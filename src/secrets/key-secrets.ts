import { labels, secretTypes } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import { isReason, type KubeClient, KubeError } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { generateKey, type KeyMaterial, keyField, parseKey, SealingKeyError } from './key-material.ts';
import { textOf, typeOf } from './secret-text.ts';

/** The first key's Secret has a fixed name, so that of two operators that start at once only one can create it. */
export const firstKeySecret = 'square-operator-sealing-key-1';

export interface KeySecretDeps {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** All keys of the operator's namespace; creates the first one when there is none. Rejects as `loadKeyRing` does. */
export async function readOrCreateKeySecrets(deps: KeySecretDeps): Promise<KeyMaterial[]> {
  const found = await deps.client.list(secrets, { namespace: deps.namespace, labelSelector: labels.sealingKey });
  if (found.items.length > 0) return found.items.map(readKeySecret);
  return [readKeySecret(await createFirst(deps))];
}

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
