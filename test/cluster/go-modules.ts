import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const versions = { kubernetes: 'v1.36.3', etcd: 'v3.6.16' } as const;

export type BinaryName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl';

/** Where a binary's source is, and the flags that its linker needs. */
export interface Source {
  readonly module: 'kubernetes' | 'etcd';
  readonly package: string;
  readonly ldflags: string;
}

// Without these the version is unparsable and kubectl and client libraries complain.
const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  .map((path) => `-X ${path}.gitVersion=${versions.kubernetes}`)
  .join(' ');

export function sourceOf(name: BinaryName): Source {
  if (name === 'etcd') return { module: 'etcd', package: 'go.etcd.io/etcd/server/v3', ldflags: '-s -w' };
  return { module: 'kubernetes', package: `k8s.io/kubernetes/cmd/${name}`, ldflags: `-s -w ${stamps}` };
}

/** Writes a Go module of which the binary's package is a dependency, and nothing else. */
export async function writeModule(
  dir: string,
  module: Source['module'],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'go.mod');
  await writeFile(file, module === 'etcd' ? etcdModule : await kubernetesModule(dir, environment));
}

const etcdModule = `module control-plane/etcd

go 1.26.0

require go.etcd.io/etcd/server/v3 ${versions.etcd}
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
async function kubernetesModule(dir: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const options = { cwd: dir, env: environment, maxBuffer: 16 * 1024 * 1024 };
  const downloaded = await run('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${versions.kubernetes}`], options);
  const { GoMod } = JSON.parse(downloaded.stdout) as { GoMod: string };
  const edited = await run('go', ['mod', 'edit', '-json', GoMod], options);
  const { Go, Require } = JSON.parse(edited.stdout) as ModuleFile;
  const published = versions.kubernetes.replace(/^v1\./, 'v0.');
  const staging = Require.filter(({ Version }) => Version === 'v0.0.0').map(({ Path }) => Path);
  const godebug = /^godebug default=\S+$/m.exec(await readFile(GoMod, 'utf8'))?.[0] ?? '';
  return `module control-plane/kubernetes

go ${Go}

${godebug}

require (
	k8s.io/kubernetes ${versions.kubernetes}
${staging.map((path) => `\t${path} v0.0.0`).join('\n')}
)

replace (
${staging.map((path) => `\t${path} => ${path} ${published}`).join('\n')}
)
`;
}
