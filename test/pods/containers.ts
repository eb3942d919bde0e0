import { readdir, readFile } from 'node:fs/promises';

/** Kills the first process of a container, as `kill -9` on its node does. `containerID` is that of the pod's status. */
export async function killContainer(containerID: string): Promise<void> {
  const id = containerID.replace('containerd://', '');
  if (id === '') throw new Error('There is no container to kill.');
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const number of numbers.sort((a, b) => a - b)) {
    const groups = await readFile(`/proc/${number}/cgroup`, 'utf8').catch(() => '');
    if (groups.includes(id)) return void process.kill(number, 'SIGKILL');
  }
  throw new Error(`No process is in the control group of ${id}.`);
}
