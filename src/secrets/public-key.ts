import { labels, managedBy, sealingKeyConfigMap } from '../api/names.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { configMaps, type KubeObject } from '../kube/resource.ts';
import type { PublicSealingKey } from './port.ts';
import { publicKeyField } from './seal-credential.ts';

export interface PublicKeyDeps {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: Log;
}

/**
 * The ID of the key whose public half the ConfigMap holds: of a ring that exists or existed. `undefined` when nothing is
 * published; `unknown` when what is there has no ID that can be read. Rejects with `KubeError`.
 */
export async function publishedKeyID({
  client,
  namespace,
}: Pick<PublicKeyDeps, 'client' | 'namespace'>): Promise<string | undefined> {
  const jwk = publishedIn(await client.get(configMaps, namespace, sealingKeyConfigMap));
  if (typeof jwk !== 'string' || jwk === '') return undefined;
  return /"kid":\s*"([a-z0-9-]{1,63})"/.exec(jwk)?.[1] ?? 'unknown';
}

const publishedIn = (configMap: KubeObject | undefined): unknown =>
  (configMap?.['data'] as Record<string, unknown> | undefined)?.[publicKeyField];

/** How often a write is tried when others write the ConfigMap at the same moment. */
const tries = 5;

/**
 * Makes the ConfigMap hold this public key; writes nothing when it does. What else stands in it is left alone. Whoever
 * may write it can read what is sealed offline from then on, so a foreign key found there is reported. Rejects with
 * `KubeError`.
 */
export async function publishPublicKey(deps: PublicKeyDeps, key: PublicSealingKey): Promise<void> {
  const { client, namespace } = deps;
  for (let left = tries; ; left -= 1) {
    const existing = await client.get(configMaps, namespace, sealingKeyConfigMap);
    try {
      return await write(deps, existing, JSON.stringify(key));
    } catch (error) {
      const overtaken = ['AlreadyExists', 'Conflict', 'NotFound'].some((reason) => isReason(error, reason));
      if (!overtaken || left <= 1) throw error;
    }
  }
}

async function write({ client, namespace, log }: PublicKeyDeps, existing: KubeObject | undefined, jwk: string) {
  const data = { [publicKeyField]: jwk };
  const name = sealingKeyConfigMap;
  if (existing === undefined) {
    const metadata = { name, namespace, labels: { [labels.managedBy]: managedBy } };
    await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    return;
  }
  if (publishedIn(existing) === jwk) return;
  const { uid, resourceVersion } = existing.metadata;
  await client.mergePatch(configMaps, namespace, name, { metadata: { uid, resourceVersion }, data });
  log.warn({ namespace, configMap: name, keyID: JSON.parse(jwk).kid }, 'replaced another public sealing key');
}
