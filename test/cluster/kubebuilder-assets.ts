import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { startLocal } from './local.ts';
import type { Provider } from './provider.ts';

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Binaries of a folder, as the tests of most operators take them. */
export const kubebuilderAssets: Provider = {
  name: 'kubebuilder-assets',
  howToGet: 'set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver (`setup-envtest use -p path` makes one)',
  async available() {
    const assets = process.env.KUBEBUILDER_ASSETS;
    if (!assets) return 'KUBEBUILDER_ASSETS is not set';
    const missing = ['etcd', 'kube-apiserver'].filter((name) => !executable(join(assets, name)));
    return missing.length === 0 || `${assets} (KUBEBUILDER_ASSETS) has no program ${missing.join(' and no ')}`;
  },
  async start(options) {
    const assets = process.env.KUBEBUILDER_ASSETS ?? '';
    const controllerManager = join(assets, 'kube-controller-manager');
    const managed = executable(controllerManager);
    if (!managed) {
      options.report.line(
        `${assets} has no kube-controller-manager: no ServiceAccount is made by itself and no namespace is ever emptied.`,
      );
    }
    return startLocal(
      {
        etcd: join(assets, 'etcd'),
        apiServer: join(assets, 'kube-apiserver'),
        ...(managed && { controllerManager }),
      },
      options,
    );
  },
};
