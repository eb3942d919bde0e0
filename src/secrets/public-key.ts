import { labels, managedBy, sealingKeyConfigMap } from '../api/names.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { configMaps, type KubeObject } from '../kube/resource.ts';
import type { PublicSealingKey } from './port.ts';

/** The name of the JWK in the ConfigMap. */
export const publicKeyField = 'public-key.json';

export interface PublicKeyDeps {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: Log;
}

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
  const held = (existing['data'] as Record<string, unknown> | undefined)?.[publicKeyField];
  if (held === jwk) return;
  const { uid, resourceVersion } = existing.metadata;
  await client.mergePatch(configMaps, namespace, name, { metadata: { uid, resourceVersion }, data });
  log.warn({ namespace, configMap: name, keyID: JSON.parse(jwk).kid }, 'replaced another public sealing key');
}
