import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify } from '../cluster/os-process.ts';

export interface Command {
  readonly path: string;
  readonly args: readonly string[];
}

/** Addresses in the enclosure. `host` is the machine as pods see it; `kubernetes` is where the Service of that name stands. */
export const network = { bridge: 'pods0', subnet: '10.85.0.0/16', host: '10.85.0.1', kubernetes: '10.96.0.1' } as const;

/**
 * What kubelet wants of the kernel (`setupKernelTunables`). It writes what is different, for the whole machine; in the
 * enclosure it reads that nothing is.
 */
const wanted = [
  'vm/overcommit_memory 1',
  'vm/panic_on_oom 0',
  'kernel/panic 10',
  'kernel/panic_on_oops 1',
  'kernel/keys/root_maxkeys 1000000',
  'kernel/keys/root_maxbytes 25000000',
];

// Runs as the first process of the enclosure; when it ends, the kernel ends all others with it.
const script = `
set -eu
dir=$1
shift
mkdir -p "$dir/kernel"
ip link set lo up
ip address add ${network.kubernetes}/32 dev lo
ip link add ${network.bridge} type bridge
ip address add ${network.host}/16 dev ${network.bridge}
ip link set ${network.bridge} up
for place in /run /var/log; do mount -t tmpfs tmpfs "$place"; done
# What programs keep there by custom goes into the folder of the run.
mkdir -p "$dir/var-lib/upper" "$dir/var-lib/work"
mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$dir/var-lib/upper,workdir=$dir/var-lib/work" /var/lib
while read -r name value; do
  file=$dir/kernel/$(echo "$name" | tr / .)
  echo "$value" >"$file"
  mount --bind "$file" "/proc/sys/$name"
done <<'WANTED'
${wanted.join('\n')}
WANTED
"$@" &
wait $!`;

/**
 * The command that runs a program with network interfaces, mounts and process numbers of its own. Of what is started,
 * mounted or configured in there nothing stays when the program ends, or when this command is killed: the kernel clears it
 * away. There is no way out of its network. What is left is in `dir`, and the control groups.
 */
export function enclosed(dir: string, path: string, args: readonly string[]): Command {
  const own = ['--net', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc'];
  return { path: 'unshare', args: [...own, 'sh', '-c', script, 'enclosure', dir, path, ...args] };
}

/** The same with the machine's network: no mount and no process of the program outlives it. */
export function contained(path: string, args: readonly string[]): Command {
  return { path: 'unshare', args: ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', path, ...args] };
}

const prefix = 'square-operator-pods-';

/** The control group, in every hierarchy, of all containers of this run. */
export const controlGroup = (): string => `${prefix}${process.pid}`;

/** Removes the control groups of this run and of runs that were killed; waits until the last process has left. */
export async function removeControlGroups(within = 10_000): Promise<void> {
  const deadline = performance.now() + within;
  const left = () =>
    hierarchies().flatMap((root) =>
      groupsIn(root)
        .filter(isOver)
        .map((name) => join(root, name)),
    );
  for (let groups = left(); groups.length > 0; groups = left()) {
    if (groups.map(removeTree).every(Boolean)) return;
    if (performance.now() > deadline) throw new Error(`Processes are still in ${groups.join(', ')}.`);
    await pause(50);
  }
}

const isOver = (name: string) => name === controlGroup() || identify(Number(name.slice(prefix.length))) === undefined;

const folders = (dir: string) => {
  try {
    return readdirSync(dir, { withFileTypes: true }).filter((one) => one.isDirectory());
  } catch {
    return [];
  }
};
const top = '/sys/fs/cgroup';
const hierarchies = () => [top, ...folders(top).map(({ name }) => join(top, name))];
const groupsIn = (root: string) => folders(root).flatMap(({ name }) => (name.startsWith(prefix) ? [name] : []));

/** Folders only: the files of a control group are the kernel's. False while there are processes in it. */
function removeTree(dir: string): boolean {
  for (const { name } of folders(dir)) removeTree(join(dir, name));
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return false;
  }
}
