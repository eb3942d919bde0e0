import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { type Child, startGuarded, tailOf } from '../test/cluster/child.ts';
import { freePort } from '../test/cluster/free-port.ts';
import type { Ending } from './ending.ts';
import { operatorNamespace } from './names.ts';

/** The operator, as a process of its own. */
export interface OperatorProcess {
  readonly pid: number;
  readonly metricsURL: string;
  readonly logFile: string;
  /** Rejects, with the end of its log, when the process ends without having been stopped. Never resolves. */
  readonly broken: Promise<never>;
}

const root = resolve(import.meta.dirname, '..');
const readyWithin = 30_000;

/** Starts the operator by the flags of a deployment. Resolves when it says that it is ready. Its end is added to `ending`. */
export async function startOperatorProcess(
  options: {
    readonly kubeconfig: string;
    readonly squareURL: string;
    /** Where browsers reach the web pages. */
    readonly webURL: string;
    readonly dir: string;
    readonly built: boolean;
  },
  ending: Ending,
): Promise<OperatorProcess> {
  const program = join(root, options.built ? 'dist/square-operator.js' : 'src/main.ts');
  if (!existsSync(program)) throw new Error(`There is no ${program}. Make it with \`npm run build\`.`);
  const [metrics, health] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const logFile = join(options.dir, 'operator.log');
  const child = startGuarded({
    name: 'operator',
    path: process.execPath,
    args: [
      program,
      `--kubeconfig=${options.kubeconfig}`,
      `--operator-namespace=${operatorNamespace}`,
      `--square-production-url=${options.squareURL}`,
      `--journal-dir=${join(options.dir, 'journal')}`,
      `--external-url=${options.webURL}`,
      `--web-bind-address=127.0.0.1:${new URL(options.webURL).port}`,
      `--metrics-bind-address=${metrics}`,
      `--health-probe-bind-address=${health}`,
    ],
    logFile,
    // Settings of the person's shell are not the demo's.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SQUARE_OPERATOR_|KUBE)/.test(name))),
  });
  const { broken, stop } = watchOver(child, logFile);
  ending.add(stop);
  await Promise.race([ready(health), broken]);
  return { pid: child.identity.pid, metricsURL: `http://${metrics}/metrics`, logFile, broken };
}

function watchOver(child: Child, logFile: string): { broken: Promise<never>; stop: () => Promise<void> } {
  let wanted = false;
  const end = async (): Promise<never> => {
    const code = await child.ended;
    if (wanted) return await new Promise(() => {});
    const tail = await tailOf(logFile, 5).catch(() => '');
    throw new Error(`The operator ended by itself with exit code ${code}. The end of its log:\n${tail}`);
  };
  const broken = end();
  broken.catch(() => {});
  return {
    broken,
    stop() {
      wanted = true;
      return child.stop();
    },
  };
}

async function ready(address: string): Promise<void> {
  const deadline = performance.now() + readyWithin;
  for (;;) {
    const answer = await request(`http://${address}/readyz`).catch(() => undefined);
    const text = await answer?.body.text();
    if (answer?.statusCode === 200) return;
    if (performance.now() > deadline) throw new Error(`The operator is not ready after 30 s: ${text ?? 'no answer'}`);
    await pause(50);
  }
}
