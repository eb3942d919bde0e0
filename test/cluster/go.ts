import { spawnSync } from 'node:child_process';

/** `true` where Go can build what is asked of it here, or why it cannot. */
export function goBuilds(): true | string {
  const go = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  if (go.status !== 0) return 'there is no program `go`, and nothing was built before';
  const [, minor = '0'] = /^go1\.(\d+)/.exec(go.stdout.trim()) ?? [];
  // Since 1.21 Go fetches the toolchain that a module asks for by itself.
  return Number(minor) >= 21 || `Go is ${go.stdout.trim()}, too old`;
}
