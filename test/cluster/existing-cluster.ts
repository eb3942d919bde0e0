import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Provider } from './provider.ts';
import { recordProcesses, removeFiles, writePrivately } from './record.ts';

/** The cluster of the current context of `KUBECONFIG`. Used only when it was asked for: tests make and delete things. */
export const existingCluster: Provider = {
  name: 'existing-cluster',
  howToGet:
    'point KUBECONFIG at a cluster that may be changed and pass --use-existing-cluster (or set USE_EXISTING_CLUSTER=true)',
  async available() {
    if (!process.env.KUBECONFIG) return 'KUBECONFIG is not set';
    return true;
  },
  async start({ dir }) {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromDefault();
    if (!config.getCurrentCluster()) {
      throw new Error(`KUBECONFIG (${process.env.KUBECONFIG}) has no current context that names a cluster.`);
    }
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const kubeconfig = join(dir, 'kubeconfig');
    await recordProcesses(dir, []);
    await writePrivately(kubeconfig, config.exportConfig());
    return { kubeconfig, stop: () => removeFiles(dir) };
  },
};
