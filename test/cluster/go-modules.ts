import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GoProgram } from './build.ts';
import { type Release, releaseToBuild } from './releases.ts';

const run = promisify(execFile);

export type BinaryName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'kube-scheduler'
  | 'kubelet';

/** Pure Go: the binaries need no C compiler to be built, and run in an image that is empty but for them. */
export const goEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  CGO_ENABLED: '0',
  GOFLAGS: '-mod=mod',
  GOWORK: 'off',
});

// Without these the version is unparsable and kubectl and client libraries complain.
const stamps = ({ kubernetes }: Release): string =>
  ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .map((path) => `-X ${path}.gitVersion=${kubernetes}`)
    .join(' ');

/** Where a part's source is, and the flags that its linker needs: a module of which its package is a dependency. */
export function programOf(name: BinaryName, release: Release = releaseToBuild()): GoProgram {
  const etcd = name === 'etcd';
  return {
    name,
    package: etcd ? 'go.etcd.io/etcd/server/v3' : `k8s.io/kubernetes/cmd/${name}`,
    ldflags: etcd ? '-s -w' : `-s -w ${stamps(release)}`,
    async write(dir) {
      await mkdir(dir, { recursive: true });
      const module = etcd ? etcdModule(release) : await kubernetesModule(dir, goEnvironment(), release);
      await writeFile(join(dir, 'go.mod'), module);
    },
  };
}

const etcdModule = ({ etcd }: Release): string => `module control-plane/etcd

go 1.26.0

require go.etcd.io/etcd/server/v3 ${etcd}
`;

interface ModuleFile {
  readonly Go: string;
  readonly Require: readonly { readonly Path: string; readonly Version: string }[];
}

/**
 * Kubernetes requires its own libraries, which it develops in its folder `staging`, at v0.0.0 and replaces them by that
 * folder. A replacement counts in the main module only, so it is said here again, by the versions that they are
 * published under: v0.36.3 for v1.36.3.
 */
async function kubernetesModule(dir: string, environment: NodeJS.ProcessEnv, { kubernetes }: Release): Promise<string> {
  const options = { cwd: dir, env: environment, maxBuffer: 16 * 1024 * 1024 };
  const downloaded = await run('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${kubernetes}`], options);
  const { GoMod } = JSON.parse(downloaded.stdout) as { GoMod: string };
  const edited = await run('go', ['mod', 'edit', '-json', GoMod], options);
  const { Go, Require } = JSON.parse(edited.stdout) as ModuleFile;
  const published = kubernetes.replace(/^v1\./, 'v0.');
  const staging = Require.filter(({ Version }) => Version === 'v0.0.0').map(({ Path }) => Path);
  const godebug = /^godebug default=\S+$/m.exec(await readFile(GoMod, 'utf8'))?.[0] ?? '';
  return `module control-plane/kubernetes

go ${Go}

${godebug}

require (
	k8s.io/kubernetes ${kubernetes}
${staging.map((path) => `\t${path} v0.0.0`).join('\n')}
)

replace (
${staging.map((path) => `\t${path} => ${path} ${published}`).join('\n')}
)
`;
}
