import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Each program that the tier runs and does not build itself, and the package of Debian that brings it. */
const needs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['containerd', 'containerd'],
  ['ctr', 'containerd'],
  ['runc', 'runc'],
  ['buildah', 'buildah'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
  ['mount', 'mount'],
  ['tar', 'tar'],
  ['ps', 'procps'],
];

const there = (program: string) =>
  program.startsWith('/')
    ? existsSync(program)
    : spawnSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status === 0;

const missing = () => needs.filter(([program]) => !there(program));

/** Why no containers can be run on this machine and what helps, or `undefined`. Only looks. */
export function lacksContainers(): string | undefined {
  if (process.platform !== 'linux') return 'containers need Linux; run this on Linux, in a virtual machine say';
  if (process.geteuid?.() !== 0) return 'containers need root here; run it as root, for example with `sudo -E`';
  if (missing().length === 0 || there('apt-get')) return undefined;
  const programs = missing().map(([program]) => program);
  return `${programs.join(', ')}: not on this machine, which has no apt-get to install them; install them by hand`;
}

/** Installs the packages whose programs are missing. No service of theirs is started: the tier starts what it needs. */
export function installPackages(say: (line: string) => void): void {
  const names = [...new Set(missing().map(([, name]) => name))];
  if (names.length === 0) return;
  say(`Installing packages of Debian: ${names.join(', ')} …`);
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
  ]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`\`apt-get ${args.join(' ')}\` failed; it says why above.`);
  }
}
