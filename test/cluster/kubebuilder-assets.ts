import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startLocal } from './local.ts';
import type { Provider } from './provider.ts';
import { minorOf } from './releases.ts';

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** `v1.36.3` of `Kubernetes v1.36.3`. */
async function versionOf(apiServer: string): Promise<string> {
  const { stdout } = await promisify(execFile)(apiServer, ['--version']);
  return stdout.trim().split(' ').at(-1) ?? '';
}

/** Binaries of a folder, as the tests of most operators take them. */
export const kubebuilderAssets: Provider = {
  name: 'kubebuilder-assets',
  howToGet: 'set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver (`setup-envtest use -p path` makes one)',
  async available(_, release) {
    const assets = process.env.KUBEBUILDER_ASSETS;
    if (!assets) return 'KUBEBUILDER_ASSETS is not set';
    const missing = ['etcd', 'kube-apiserver'].filter((name) => !executable(join(assets, name)));
    if (missing.length > 0) return `${assets} (KUBEBUILDER_ASSETS) has no program ${missing.join(' and no ')}`;
    if (release === undefined) return true;
    const has = await versionOf(join(assets, 'kube-apiserver'));
    return (
      minorOf(has) === minorOf(release.kubernetes) ||
      `${assets} (KUBEBUILDER_ASSETS) is Kubernetes ${has}, and ${minorOf(release.kubernetes)} was asked for`
    );
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
