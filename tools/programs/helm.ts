import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { supportedKubernetes } from '../../src/supported.ts';
import { ensurePrograms, type GoProgram } from '../../test/cluster/build.ts';
import { cached, programDir } from '../../test/cluster/cache.ts';
import { goBuilds } from '../../test/cluster/go.ts';
import type { Report } from '../../test/cluster/provider.ts';

const version = 'v3.22.0';

/** What it takes a cluster for that it does not ask: without it that would be Kubernetes 1.20. */
const [major, minor] = supportedKubernetes.newest.split('.');
const kubernetes = ['chartutil', 'lint/rules'].flatMap((part) => [
  `-X helm.sh/helm/v3/pkg/${part}.k8sVersionMajor=${major}`,
  `-X helm.sh/helm/v3/pkg/${part}.k8sVersionMinor=${minor}`,
]);

const program: GoProgram = {
  name: 'helm',
  package: 'helm.sh/helm/v3/cmd/helm',
  ldflags: `-s -w -X helm.sh/helm/v3/internal/version.version=${version} ${kubernetes.join(' ')}`,
  async write(dir) {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'go.mod'), `module programs/helm\n\ngo 1.26.0\n\nrequire helm.sh/helm/v3 ${version}\n`);
  },
};

const dir = () => programDir('helm', version);

/** A Helm 3 of `PATH`, where none can be built. */
function onPath(): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v helm && helm version --short'], { encoding: 'utf8' });
  const [path = '', said = ''] = found.stdout.split('\n');
  return said.startsWith('v3.') ? path : undefined;
}

/** Why there can be no Helm on this machine and what helps, or `undefined` when there can. */
export function lacksHelm(): string | undefined {
  if (cached(program.name, dir())) return undefined;
  const go = goBuilds();
  if (go === true || onPath() !== undefined) return undefined;
  return `no Helm: ${go}; install Go 1.21 or newer (https://go.dev/dl), by which Helm is built once, or Helm 3`;
}

/** The path of Helm: the one that was built from its Go module before, or is built now, else a Helm 3 of `PATH`. */
export async function findHelm(report: Report): Promise<string> {
  if (!cached(program.name, dir()) && goBuilds() !== true) {
    const path = onPath();
    if (path === undefined) throw new Error(lacksHelm());
    return path;
  }
  return join(await ensurePrograms([program], dir(), report), program.name);
}
