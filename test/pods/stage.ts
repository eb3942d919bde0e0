import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Api } from '../cluster/api.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { run } from '../support/chart.ts';
import { runBlock } from '../support/documented.ts';
import { createLive, type Live } from '../support/live.ts';
import { createScene, type Scene } from '../support/scene.ts';
import { type PodCluster, startPodCluster } from './cluster.ts';
import { createPods, type Pods } from './operator-pods.ts';
import { type Plan, readPlan } from './plan.ts';
import { edgeCertificate, startSquareEdge } from './square-edge.ts';

export const home = 'square-operator';
export const shop = 'shop';

const chart = resolve(import.meta.dirname, '../../charts/square-operator');

/** A cluster that runs pods, Square, and what a user has at hand. */
export interface Stage {
  readonly plan: Plan;
  readonly api: Api;
  readonly live: Live;
  readonly square: Simulator;
  readonly scene: Scene;
  readonly pods: Pods;
  /** Gives what kubectl printed; rejects where it fails. */
  kube(...args: string[]): Promise<string>;
  /** The same, and gives its complaint where it fails. */
  kubeRefused(...args: string[]): Promise<string>;
  /** Installs or upgrades the chart with that tag of the image, and resolves when all its pods are ready. */
  release(verb: 'install' | 'upgrade', tag: string): Promise<void>;
  /** Goes back to the release before, and resolves when all its pods are ready. */
  rollBack(): Promise<void>;
  /** Runs a block of the docs, and gives what it said; rejects where it fails. */
  paste(block: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startStage(): Promise<Stage> {
  const plan = readPlan();
  const cluster = await startPodCluster(plan);
  const square = await startSimulator();
  const edge = await startSquareEdge(square);
  const { api, kubeconfig } = cluster;
  await mkdir(join(plan.dir, 'helm'), { recursive: true });
  const client = (program: string, args: readonly string[], input?: string) =>
    run(program, [`--kubeconfig=${kubeconfig}`, ...args], {
      ...(input !== undefined && { input }),
      env: Object.fromEntries(['CACHE', 'CONFIG', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, join(plan.dir, 'helm')])),
    });
  const kube: Stage['kube'] = async (...args) => {
    const { code, stdout, stderr } = await client(plan.kubectl, args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  await furnish(api);
  const pods = createPods(cluster, plan);
  const live = await createLive(kubeconfig, api, () => pods.log().split('\n').slice(-30).join('\n'));
  const scene = createScene({ api, live, square, namespace: shop, operators: [] });
  return {
    plan,
    api,
    live,
    square,
    scene,
    pods,
    kube,
    async kubeRefused(...args) {
      const { code, stderr } = await client(plan.kubectl, args);
      if (code === 0) throw new Error(`kubectl ${args.join(' ')} was not refused`);
      return stderr;
    },
    async release(verb, tag) {
      const args = [verb, 'square-operator', chart, `--namespace=${home}`, '--values=-', '--wait', '--timeout=180s'];
      const { code, stderr } = await client(plan.helm, args, JSON.stringify(valuesOf(plan, tag, edge)));
      if (code !== 0) throw new Error(`helm ${verb}: ${stderr}`);
      if (verb === 'install') await live.follow();
      await pods.look();
    },
    async rollBack() {
      const args = ['rollback', 'square-operator', `--namespace=${home}`, '--wait', '--timeout=180s'];
      const { code, stderr } = await client(plan.helm, args);
      if (code !== 0) throw new Error(`helm rollback: ${stderr}`);
      await pods.look();
    },
    async paste(block) {
      const PATH = [dirname(plan.kubectl), process.env['PATH']].join(':');
      const { code, said } = await runBlock(block, plan.dir, { PATH, HOME: plan.dir, KUBECONFIG: kubeconfig });
      if (code !== 0) throw new Error(`${block}: ${said}`);
      return said;
    },
    stop: () => stop(cluster, square, live, pods),
  };
}

async function stop(cluster: PodCluster, square: Simulator, live: Live, pods: Pods): Promise<void> {
  live.stop();
  pods.stop();
  await square.stop();
  await cluster.stop();
}

/** Both namespaces take no pod that is not `restricted` by the Pod Security Standards. */
async function furnish(api: Api): Promise<void> {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
  for (const name of [home, shop])
    await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name, labels } } });
  const body = { metadata: { name: 'square-edge' }, data: { 'ca.crt': edgeCertificate } };
  await api.ask('POST', `/api/v1/namespaces/${home}/configmaps`, { body });
}

/** As a user behind a gateway with a certificate of its own has them: nothing but values. */
const valuesOf = ({ repository }: Plan, tag: string, edge: string) => ({
  image: { repository, tag },
  settings: { squareProductionURL: edge, squareSandboxURL: edge, externalURL: 'https://square.example.com' },
  rolloutRestart: { enabled: true },
  extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/square-edge/ca.crt' }],
  extraVolumes: [{ name: 'square-edge', configMap: { name: 'square-edge' } }],
  extraVolumeMounts: [{ name: 'square-edge', mountPath: '/etc/square-edge', readOnly: true }],
});
