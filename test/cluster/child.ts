import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, kill, type ProcessIdentity } from './os-process.ts';

export interface Program {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface Child {
  readonly name: string;
  readonly identity: ProcessIdentity;
  /** Resolves with the exit code when the program has ended, wanted or not (128 + signal number as shells count). */
  readonly ended: Promise<number>;
  running(): boolean;
  /** Kills the program, and its descendants where it is guarded. Resolves when they are gone. */
  stop(): Promise<void>;
}

// A guard, in a process group of its own, that runs a program and holds a pipe to the process that wanted it. The end of
// that pipe, which the kernel brings about however that process ends, kills the group. `exec 3<&0` is needed because a
// shell gives a program in the background /dev/null for its standard input.
const guard = `
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ while read -r _ <&3; do :; done; kill -KILL 0; } &
watch=$!
exec 3<&-
wait $program
code=$?
kill -KILL $watch
exit $code`;

/**
 * The command that runs a program under a guard. Start it `detached`, for a process group of its own, and with a pipe as
 * its standard input: all of the group is killed when that pipe is closed.
 */
export function guarded(path: string, args: readonly string[]): { path: string; args: string[] } {
  return { path: '/bin/sh', args: ['-c', guard, 'guard', path, ...args] };
}

/** Starts a program that never outlives this process, not even when this process is killed. */
export function startGuarded(program: Program): Child {
  const { path, args } = guarded(program.path, program.args);
  return start(program, path, args, 'pipe');
}

/** Starts a program that stays when this process ends. */
export function startDetached(program: Program): Child {
  return start(program, program.path, program.args, 'ignore');
}

function start(program: Program, path: string, args: readonly string[], stdin: 'pipe' | 'ignore'): Child {
  const log = openSync(program.logFile, 'a', 0o600);
  const child = spawn(path, args, {
    detached: true,
    stdio: [stdin, log, log],
    cwd: program.cwd,
    env: program.env ?? process.env,
  });
  closeSync(log);
  const ended = exitOf(child);
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (!identity) throw new Error(`${program.path} cannot be started; ${program.logFile} may say why.`);
  child.unref();
  // An `unref` of the pipe too, or the guard would keep this process alive.
  (child.stdin as { unref?(): void } | null)?.unref?.();
  child.stdin?.on('error', () => {});
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    name: program.name,
    identity,
    ended,
    running,
    async stop() {
      child.stdin?.destroy();
      if (stdin === 'ignore') await kill(identity);
      child.ref();
      await ended;
      await groupGone(identity.pid);
    },
  };
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]));
  });
}

/** Waits until the group is empty: its members are killed at one time but are gone one by one. */
async function groupGone(pid: number): Promise<void> {
  const deadline = performance.now() + 2_000;
  while (performance.now() < deadline) {
    try {
      process.kill(-pid, 0);
    } catch {
      return;
    }
    await pause(5);
  }
}

/** The last lines of a log file, for an error message; nothing when the file is gone. */
export async function tailOf(file: string, lines = 12): Promise<string> {
  if (!existsSync(file)) return '';
  await using handle = await open(file);
  const { size } = await handle.stat();
  const length = Math.min(size, 16_384);
  const { buffer } = await handle.read({ buffer: Buffer.alloc(length), position: size - length });
  return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
