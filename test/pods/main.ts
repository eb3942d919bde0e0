// `npm run test:pods`: the chart and the image on real nodes. Needs Linux, root, and Go or what it built before.
import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findHelm } from '../../tools/programs/helm.ts';
import { ensureBinaries } from '../cluster/build.ts';
import { guarded } from '../cluster/child.ts';
import { reportTo } from '../cluster/report.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { type Command, contained, enclosed, removeControlGroups } from './enclosure.ts';
import { installPackages, lacksContainers } from './packages.ts';
import { buildPauseImage } from './pause.ts';
import { type Plan, planVariable } from './plan.ts';

const root = resolve(import.meta.dirname, '../..');
const report = reportTo(process.stderr);

const repository = 'localhost/square-operator';
const tags = ['installed', 'upgraded'] as const;

async function prepare(dir: string, stop: AbortSignal): Promise<Plan> {
  const parts = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kubectl'] as const;
  const bin = await ensureBinaries(parts, report);
  const helm = await findHelm(report);
  report.line('Building the image of the operator …');
  const [image, archive] = [`${repository}:${tags[0]}`, join(dir, 'operator.tar')];
  const build = contained(process.execPath, [join(root, 'test/image/main.ts'), image, archive]);
  if ((await runGuarded(build, { TMPDIR: dir }, stop)) !== 0) throw new Error('The image cannot be built; see above.');
  const images = [await buildPauseImage(dir, report), archive];
  return { dir, bin, helm, kubectl: join(bin, 'kubectl'), images, repository, tags };
}

function runTests(plan: Plan, args: readonly string[], stop: AbortSignal): Promise<number> {
  const config = join(root, 'test/pods/vitest.config.ts');
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', `--config=${config}`, ...args];
  const env = { [planVariable]: JSON.stringify(plan), TMPDIR: plan.dir };
  return runGuarded(enclosed(plan.dir, process.execPath, vitest), env, stop);
}

/** Runs a program that never outlives this process. Gives its exit code when it has ended, or `stop` has killed it. */
function runGuarded(program: Command, env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<number> {
  const { path, args } = guarded(program.path, program.args);
  const stdio: StdioOptions = ['pipe', 'inherit', 'inherit'];
  const child = spawn(path, args, { cwd: root, env: { ...process.env, ...env }, detached: true, stdio });
  child.stdin?.on('error', () => {});
  const end = () => child.stdin?.destroy();
  stop.addEventListener('abort', end);
  if (stop.aborted) end();
  return new Promise((settle, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => settle(code ?? 1));
  });
}

async function main(): Promise<number> {
  const lack = lacksContainers();
  if (lack !== undefined) throw new Error(lack);
  installPackages((line) => report.line(line));
  await removeControlGroups();
  const dir = await runDir();
  const stopping = new AbortController();
  const stopped = once(stopping.signal, 'abort').then(() => 130);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  const work = async () => runTests(await prepare(dir, stopping.signal), process.argv.slice(2), stopping.signal);
  try {
    return await Promise.race([work(), stopped]);
  } finally {
    await removeControlGroups();
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  }
}

// At once: what is being built has nobody to wait for it any more.
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    report.line(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
