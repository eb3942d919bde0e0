import { join } from 'node:path';
import { ensureBinaries } from './build.ts';
import { cacheDir, cached } from './cache.ts';
import { goBuilds } from './go.ts';
import type { BinaryName } from './go-modules.ts';
import { type LocalControlPlane, startLocal } from './local.ts';
import type { Provider, Report, StartOptions } from './provider.ts';
import type { Release } from './releases.ts';

const parts: readonly BinaryName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager'];

/** Kubernetes built from its source, once, and kept in the user's cache directory. */
export const builtBinaries = {
  name: 'built-binaries',
  howToGet:
    'install Go 1.21 or newer (https://go.dev/dl); the one-time build takes some minutes and about 5 GB in Go’s caches',
  async available(_?: Report, release?: Release) {
    if (parts.every((name) => cached(name, cacheDir(release)))) return true;
    return goBuilds();
  },
  async start(options: StartOptions): Promise<LocalControlPlane> {
    const bin = await ensureBinaries(parts, options.report, options.release);
    const [etcd, apiServer, controllerManager] = parts.map((name) => join(bin, name)) as [string, string, string];
    return startLocal({ etcd, apiServer, controllerManager }, options);
  },
} satisfies Provider;
