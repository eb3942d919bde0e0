import type { Clock } from '../clock.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../kube/log.ts';
import { readKeyFiles } from './key-files.ts';
import { readOrCreateKeySecrets } from './key-secrets.ts';
import { createLiveRing } from './live-ring.ts';
import type { LiveKeyRing } from './port.ts';
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
export async function loadKeyRing(deps: KeyRingDeps): Promise<LiveKeyRing> {
  const { sealingKeyDir, log, namespace } = deps;
  const inCluster = sealingKeyDir === undefined;
  const material = inCluster ? await readOrCreateKeySecrets(deps) : await readKeyFiles(sealingKeyDir);
  const ring = createLiveRing({ log, material, inCluster });
  await publishPublicKey(deps, ring.active.publicKey);
  if (inCluster) {
    log.warn(
      { namespace, keyIDs: ring.ids() },
      'sealing keys lie unwrapped in Secrets of the cluster: a backup of etcd holds the sealed grants and their keys; use --sealing-key-dir to keep them apart',
    );
  }
  return ring;
}
