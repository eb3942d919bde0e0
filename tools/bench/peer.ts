import { execFileSync, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { labels, managedBy, squareConnections } from '../../src/api/names.ts';
import { apiVersionOf } from '../../src/kube/resource.ts';
import { freePort } from '../../test/cluster/free-port.ts';
import type { Report } from '../../test/cluster/provider.ts';
import { measure, type PeerLine } from './harness.ts';
import { openClient, prepareProgram } from './lab.ts';
import { nodeEnvironment } from './node-flags.ts';
import { compileCacheOf, fullWidth } from './operator.ts';
import { connectionManifest, operatorNamespace, removeConnections, setScene } from './scene.ts';

export interface PeerPlan {
  /** The folder of the harness, built: `bin/bench`, `bin/peer`, `bin/upstream`, `cluster.sh`, `targets/peer.json`. */
  readonly harness: string;
  readonly connections: number;
  readonly pairs: number;
  readonly phases: string;
  readonly nodeFlags: readonly string[];
}

/**
 * Runs this operator and a Go controller-runtime operator that does the same three writes one after the other against
 * one API server, `pairs` times, each time in the other order.
 */
export async function runPairs(dir: string, plan: PeerPlan, report: Report): Promise<PeerLine[]> {
  const harness = resolve(plan.harness);
  const run = join(dir, 'run');
  await mkdir(run, { recursive: true });
  const program = await prepareProgram(dir, plan.nodeFlags);
  const env = { ...process.env, ...nodeEnvironment(compileCacheOf(program)), ...(await places(run)) };
  const cluster = (order: 'up' | 'down') =>
    execFileSync(join(harness, 'cluster.sh'), [order], { env, stdio: 'ignore' });
  const upstream = spawn(join(harness, 'bin/upstream'), { env, stdio: 'ignore' });
  const down = once(() => {
    upstream.kill();
    cluster('down');
  });
  // A signal ends this process in the midst of a measurement.
  process.once('exit', down);
  try {
    cluster('up');
    const kubeconfig = join(run, 'kubeconfig');
    const client = await openClient(kubeconfig);
    await setScene(client, plan.connections);
    const target = join(dir, 'square-operator.json');
    await writeFile(target, JSON.stringify(targetOf()));
    const ours = [
      process.execPath,
      ...plan.nodeFlags,
      program,
      `--kubeconfig=${kubeconfig}`,
      `--operator-namespace=${operatorNamespace}`,
      `--square-production-url=http://127.0.0.1:${env.BENCH_UPSTREAM_PORT}`,
      ...fullWidth,
      '--metrics-bind-address=0',
      '--health-probe-bind-address=0',
    ];
    const runOf = async (name: string, targetFile: string, command: readonly string[]) => {
      const options = ['-n', String(plan.connections), '-target', targetFile, '-name', name, '-phases', plan.phases];
      const lines = await measure(join(harness, 'bin/bench'), [...options, '--', ...command], env);
      // The harness removes the connections; their sealed grants outlive them, and would be found by the next run.
      await removeConnections(client);
      for (const line of lines) report.line(`  ${JSON.stringify(line)}`);
      return lines;
    };
    const both = [
      () => runOf('square-operator', target, ours),
      () => runOf('peer', join(harness, 'targets/peer.json'), [join(harness, 'bin/peer')]),
    ];
    const lines: PeerLine[] = [];
    for (let pair = 0; pair < plan.pairs; pair++) {
      report.line(`pair ${pair + 1} of ${plan.pairs}`);
      for (const one of pair % 2 === 0 ? both : both.toReversed()) lines.push(...(await one()));
    }
    await client.close();
    return lines;
  } finally {
    down();
    process.off('exit', down);
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

/** Where the harness finds and puts things. */
async function places(run: string): Promise<Record<string, string>> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (!assets) throw new Error('set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl');
  const port = async () => String(await freePort());
  return {
    KUBE_BIN: assets,
    PATH: `${assets}:${process.env.PATH}`,
    KUBECONFIG: join(run, 'kubeconfig'),
    BENCH_RUN: run,
    BENCH_ETCD_PORT: await port(),
    BENCH_ETCD_PEER_PORT: await port(),
    BENCH_API_PORT: await port(),
    BENCH_UPSTREAM_PORT: await port(),
  };
}

/** How the harness makes and recognises our objects. */
const targetOf = (): object => {
  const manifest = connectionManifest('{{name}}');
  return {
    resource: `${apiVersionOf(squareConnections)}/${squareConnections.plural}`,
    condition: 'Ready',
    object: { ...manifest, spec: { ...(manifest['spec'] as object), refreshInterval: '{{refresh}}' } },
    targetSelector: `${labels.managedBy}=${managedBy}`,
  };
};
