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

const groups = '/sys/fs/cgroup';
const prefix = 'square-operator-pods-';
const controlGroup = () => `${prefix}${process.pid}`;

// Each of the two is the first process of the enclosure in its turn; when it ends, the kernel ends all others with it.
// The first puts itself into a control group of the run, in every hierarchy, which from then on seems to be their root.
const enter = `
set -eu
group=$1 inside=$2
shift 2
if [ -e ${groups}/cgroup.procs ]; then tops=${groups}; else tops=$(echo ${groups}/*/); fi
for top in $tops; do
  if [ -L "\${top%/}" ] || [ ! -e "$top/cgroup.procs" ]; then continue; fi
  mkdir "$top/$group"
  # An old cpuset takes no process before it has these.
  if [ -e "$top/cpuset.cpu_exclusive" ]; then
    for file in cpuset.cpus cpuset.mems; do cat "$top/$file" >"$top/$group/$file"; done
  fi
  echo 0 >"$top/$group/cgroup.procs"
done
exec unshare --cgroup sh -c "$inside" enclosure "$group" "$tops" "$@"`;

const furnish = `
set -eu
group=$1 tops=$2 dir=$3
shift 3
for top in $tops; do
  if [ -d "$top/$group" ] && [ ! -L "\${top%/}" ]; then mount --bind "$top/$group" "$top"; fi
done
if [ -e ${groups}/cgroup.procs ]; then
  # A group of the new kind has processes or groups with controllers, not both.
  mkdir ${groups}/first
  echo 0 >${groups}/first/cgroup.procs
fi
ip link set lo up
ip address add ${network.kubernetes}/32 dev lo
ip link add ${network.bridge} type bridge
ip address add ${network.host}/16 dev ${network.bridge}
ip link set ${network.bridge} up
for place in /run /var/log; do mount -t tmpfs tmpfs "$place"; done
# What programs keep there by custom goes into the folder of the run.
mkdir -p "$dir/kernel" "$dir/var-lib/upper" "$dir/var-lib/work"
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
  return {
    path: 'unshare',
    args: [...own, 'sh', '-c', enter, 'enclosure', controlGroup(), furnish, dir, path, ...args],
  };
}

/** The same with the machine's network: no mount and no process of the program outlives it. */
export function contained(path: string, args: readonly string[]): Command {
  return { path: 'unshare', args: ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', path, ...args] };
}

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
const hierarchies = () => [groups, ...folders(groups).map(({ name }) => join(groups, name))];
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
