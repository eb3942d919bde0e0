import { createHmac } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { openToken } from '../domain/token.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { readKeyFiles } from './key-files.ts';
import { type KeyMaterial, SealingKeyError } from './key-material.ts';
import { readOrCreateKeySecrets } from './key-secrets.ts';
import type { KeyRing } from './port.ts';
import { publishPublicKey } from './public-key.ts';

export interface KeyRingDeps {
  readonly client: KubeClient;
  /** The operator's own namespace. */
  readonly namespace: string;
  /** Files instead of Secrets: one key a file, as `key-material.ts` describes; names that begin with a dot are skipped. */
  readonly sealingKeyDir?: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * The ring from the operator's namespace or from the directory, and its active public half in the ConfigMap. The first
 * start creates the first key; of two at once, both end with the same. Rejects with `SealingKeyError`, which names the
 * Secret or file, when one of the keys cannot be read, and with `KubeError`: nothing is sealed by half a ring.
 */
export async function loadKeyRing(deps: KeyRingDeps): Promise<KeyRing> {
  const { sealingKeyDir, log, namespace } = deps;
  const inCluster = sealingKeyDir === undefined;
  const ring = ringOf(inCluster ? await readOrCreateKeySecrets(deps) : await readKeyFiles(sealingKeyDir), inCluster);
  await publishPublicKey(deps, ring.active.publicKey);
  if (inCluster) {
    log.warn(
      { namespace, keyIDs: ring.ids() },
      'sealing keys lie unwrapped in Secrets of the cluster: a backup of etcd holds the sealed grants and their keys; use --sealing-key-dir to keep them apart',
    );
  }
  return ring;
}

/**
 * The ring of these keys. Of several active ones the newest seals; digests are made with the oldest of all, retired ones
 * included, so that no key that is added changes them. Throws `SealingKeyError`.
 */
export function ringOf(material: readonly KeyMaterial[], inCluster: boolean): KeyRing {
  const keys = new Map(material.map(({ key }) => [key.id, key]));
  if (keys.size !== material.length) {
    throw new SealingKeyError('KeyRingAmbiguous', 'two sealing keys have the same ID: move one of them away');
  }
  const byAge = material.toSorted((a, b) => a.key.createdAt - b.key.createdAt || (a.key.id < b.key.id ? -1 : 1));
  const [oldest] = byAge;
  const newest = byAge.findLast(({ key }) => key.state === 'Active');
  if (oldest === undefined || newest === undefined) {
    throw new SealingKeyError('NoActiveKey', `none of the sealing keys ${[...keys.keys()].join(', ')} is Active`);
  }
  return {
    active: newest.key,
    find: (id) => keys.get(id),
    ids: () => [...keys.keys()],
    inCluster,
    digest: (purpose, value) =>
      createHmac('sha256', oldest.digestKey)
        .update(`square-operator/digest/1/${purpose}\0`)
        .update(value instanceof Uint8Array ? value : openToken(value))
        .digest('base64url'),
  };
}
