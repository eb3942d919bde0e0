import { join, resolve } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { loadAccess } from '../../src/kube/access.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createKubeClient } from '../../src/kube/connect.ts';
import { openApi } from '../../test/cluster/api.ts';
import { applyCrds } from '../../test/cluster/crds.ts';
import { freePort } from '../../test/cluster/free-port.ts';
import type { Report } from '../../test/cluster/provider.ts';
import { startControlPlane } from '../../test/cluster/start.ts';
import { bundle } from '../bundle/bundle.ts';
import { type RunningOperator, startOperator, warmCompileCache } from './operator.ts';
import { operatorNamespace } from './scene.ts';
import { type BenchSquare, startSquare } from './square-process.ts';

/** A control plane, a Square, and an operator to be started and stopped, all on this machine. */
export interface Lab {
  readonly client: KubeClient;
  readonly square: BenchSquare;
  startOperator(): RunningOperator;
  /** Ends everything that was started. */
  close(): Promise<void>;
}

const root = resolve(import.meta.dirname, '../..');

/** Bundles the operator into `dir`, and has it compiled, as in the image. */
export async function prepareProgram(dir: string, nodeFlags: readonly string[]): Promise<string> {
  const program = join(dir, 'square-operator.js');
  await bundle(root, { entry: 'src/main.ts', outfile: program });
  warmCompileCache(program, nodeFlags);
  return program;
}

/** A client of the cluster, which has the custom resource definitions afterwards. */
export async function openClient(kubeconfig: string): Promise<KubeClient> {
  const api = await openApi(kubeconfig);
  try {
    await applyCrds(api, join(root, 'crds'));
  } finally {
    await api.close();
  }
  return createKubeClient({ access: await loadAccess({ kubeconfig, clock: systemClock }), clock: systemClock });
}

/** `dir` takes logs and the bundled operator; `nodeFlags` are given to the operator's Node. */
export async function openLab(dir: string, nodeFlags: readonly string[], report: Report): Promise<Lab> {
  const program = await prepareProgram(dir, nodeFlags);
  const controlPlane = await startControlPlane({ dir: join(dir, 'c'), report });
  const { kubeconfig } = controlPlane;
  const closing: (() => unknown)[] = [() => controlPlane.stop()];
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const client = await openClient(kubeconfig);
    closing.push(() => client.close());
    const square = await startSquare();
    closing.push(() => square.stop());
    const metricsPort = await freePort();
    let running: RunningOperator | undefined;
    closing.push(() => running?.stop().catch(() => {}));
    return {
      client,
      square,
      close,
      startOperator: () =>
        (running = startOperator({
          program,
          nodeFlags,
          kubeconfig,
          namespace: operatorNamespace,
          squareURL: square.url,
          metricsPort,
          logFile: join(dir, 'operator.log'),
        })),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
