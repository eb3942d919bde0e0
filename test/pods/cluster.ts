import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, openApi } from '../cluster/api.ts';
import { startGroup } from '../cluster/group.ts';
import { startLocal } from '../cluster/local.ts';
import { reportTo } from '../cluster/report.ts';
import { network } from './enclosure.ts';
import { startNode } from './node.ts';
import type { Plan } from './plan.ts';
import { startRelay } from './relay.ts';

export const nodeNames = ['node-a', 'node-b'] as const;

/** What means something where there are nodes. */
const controllers = ['node-lifecycle-controller', 'pod-garbage-collector-controller', 'disruption-controller'];

/** A control plane with a scheduler and two nodes that run pods. Only in an enclosure. */
export interface PodCluster {
  readonly kubeconfig: string;
  readonly api: Api;
  /** In order, so that a failed start says why; what stays is ended with the enclosure. */
  stop(): Promise<void>;
}

export async function startPodCluster(plan: Plan): Promise<PodCluster> {
  const { dir, bin, images, repository, tags } = plan;
  const report = reportTo(process.stderr);
  const aliases = tags.slice(1).map((tag) => [`${repository}:${tags[0]}`, `${repository}:${tag}`] as const);
  const part = (name: string) => join(bin, name);
  const binaries = {
    etcd: part('etcd'),
    apiServer: part('kube-apiserver'),
    controllerManager: part('kube-controller-manager'),
  };
  const apiServerArgs = ['--kubelet-preferred-address-types=InternalIP'];
  const controlPlane = await startLocal(binaries, { dir: join(dir, 'cluster'), report, apiServerArgs, controllers });
  const group = startGroup({ dir, outlive: false, report });
  const { kubeconfig } = controlPlane;
  const api = await openApi(kubeconfig);
  try {
    await startRelay({ host: network.kubernetes, port: 443 }, addressOf(api));
    const own = [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
    ];
    const args = [...own, '--leader-elect=false', '--secure-port=0'];
    await group.launch({
      name: 'kube-scheduler',
      path: part('kube-scheduler'),
      args,
      logFile: join(dir, 'kube-scheduler.log'),
    });
    await Promise.all(
      nodeNames.map(async (name, index) => {
        const own = join(dir, name);
        await mkdir(own, { recursive: true });
        const options = {
          name,
          dir: own,
          port: 10_250 + index * 2,
          kubelet: part('kubelet'),
          kubeconfig,
          images,
          aliases,
          group,
        };
        await startNode(options);
        await group.until(`${name} is ready`, () => isSchedulable(api, name));
      }),
    );
  } catch (error) {
    await group.stopAll();
    throw error;
  }
  return {
    kubeconfig,
    api,
    async stop() {
      await group.stopAll();
      await api.close();
      await controlPlane.stop();
    },
  };
}

function addressOf(api: Api) {
  const { hostname, port } = new URL(api.server);
  return { host: hostname, port: Number(port) };
}

interface Node {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function isSchedulable(api: Api, name: string): Promise<boolean> {
  const { status, body } = await api.send('GET', `/api/v1/nodes/${name}`);
  if (status !== 200) return false;
  const node = body as Node;
  const ready = node.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
  return ready && (node.spec.taints ?? []).length === 0;
}
