import { spawn } from 'node:child_process';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheDir, cached } from './cache.ts';
import { guarded } from './child.ts';
import { type BinaryName, goEnvironment, programOf } from './go-modules.ts';
import { withLock } from './lock.ts';
import type { Report } from './provider.ts';
import { type Release, releaseToBuild } from './releases.ts';

/** A program that is built from a Go module of its own. */
export interface GoProgram {
  readonly name: string;
  readonly package: string;
  readonly ldflags: string;
  /** Writes the module, in a folder that it makes. */
  write(dir: string): Promise<void>;
}

/**
 * Builds what is missing of the binaries and gives the folder that holds them all.
 *
 * Starts at the same time build once: the others wait and say for whom. A build that is interrupted leaves nothing that
 * could be taken for a binary, and what it had finished is not done again.
 */
export const ensureBinaries = (
  names: readonly BinaryName[],
  report: Report,
  release: Release = releaseToBuild(),
): Promise<string> =>
  ensurePrograms(
    names.map((name) => programOf(name, release)),
    cacheDir(release),
    report,
  );

/** The same for any programs, in a folder that says by its name which versions and platform they are of. */
export async function ensurePrograms(programs: readonly GoProgram[], dir: string, report: Report): Promise<string> {
  const missing = () => programs.filter(({ name }) => !cached(name, dir));
  if (missing().length === 0) return dir;
  await mkdir(dir, { recursive: true });
  const what = programs.length === 1 ? programs[0]?.name : 'the control plane';
  const waiting = ({ pid, since }: { pid: number; since: string }) =>
    report.progress(`Waiting for process ${pid}, which has been building ${what} since ${since} …`);
  await withLock(`${dir}.lock`, waiting, async () => {
    await removeRemains(dir);
    const todo = missing();
    for (const [index, program] of todo.entries()) {
      await build(program, dir, `Building ${program.name} (${index + 1} of ${todo.length})`, report);
    }
  });
  report.progress(undefined);
  return dir;
}

/** What interrupted builds have left. Only for the holder of the lock. */
async function removeRemains(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => name.startsWith('.building-'));
  await Promise.all(names.map((name) => rm(join(dir, name), { recursive: true, force: true })));
}

async function build(program: GoProgram, dir: string, label: string, report: Report): Promise<void> {
  const { name, package: path, ldflags } = program;
  const work = join(dir, `.building-${name}-${process.pid}`);
  const started = performance.now();
  let doing = 'reading the modules';
  const show = () => report.progress(`${label}, ${elapsed(performance.now() - started)}: ${doing}`);
  show();
  const timer = setInterval(show, 1_000);
  try {
    await program.write(work);
    const binary = join(work, 'out', name);
    doing = 'comparing with what was built before';
    await compile(['build', '-v', '-trimpath', '-ldflags', ldflags, '-o', binary, path], work, (step) => {
      doing = step;
    });
    await publish(binary, join(dir, name), dir);
    report.line(`Built ${name} in ${elapsed(performance.now() - started)}.`);
  } finally {
    clearInterval(timer);
    report.progress(undefined);
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs `go`, which names the packages one by one, and ends it together with this process. */
async function compile(args: readonly string[], cwd: string, onStep: (step: string) => void): Promise<void> {
  const { path, args: guardedArgs } = guarded('go', args);
  const go = spawn(path, guardedArgs, { cwd, env: goEnvironment(), detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
  go.stdin.on('error', () => {});
  const said: string[] = [];
  let packages = 0;
  createInterface(go.stderr).on('line', (line) => {
    said.push(line);
    if (said.length > 20) said.shift();
    const download = /^go: downloading (.+)$/.exec(line);
    if (!download) packages += 1;
    onStep(download ? `downloading ${download[1]}` : `package ${packages}, ${line}`);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    go.on('error', reject);
    go.on('close', resolve);
  });
  if (code !== 0) throw new Error(`\`go ${args.join(' ')}\` failed in ${cwd}:\n${said.join('\n')}`);
}

/** Makes the binary appear whole and at once, and not before it is on the disk. */
async function publish(from: string, to: string, dir: string): Promise<void> {
  await sync(from);
  await rename(from, to);
  await sync(dir);
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

function elapsed(milliseconds: number): string {
  const total = Math.round(milliseconds / 1000);
  return total < 60 ? `${total} s` : `${Math.floor(total / 60)} min ${total % 60} s`;
}
