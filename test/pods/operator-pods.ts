import { spawn } from 'node:child_process';
import type { PodCluster } from './cluster.ts';
import type { Plan } from './plan.ts';

export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly { readonly image: string; readonly lifecycle?: unknown }[];
  };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly containerID: string; readonly restartCount: number }[];
  };
}

/** The operator's pods, and everything that they have logged since they were first looked at. */
export interface Pods {
  /** Those that are not on their way out, and from now on their logs. */
  look(): Promise<Pod[]>;
  /** Resolves once there are so many pods, all ready. */
  ready(count: number): Promise<Pod[]>;
  /** Resolves once one of the pods that stay leads, another one than `not`. */
  leader(not?: string): Promise<Pod>;
  /** What the kubelet told of probes of these pods that failed. */
  failedProbes(pods: readonly Pod[]): Promise<string[]>;
  /** Of all containers of that pod, or of all pods. */
  log(pod?: string): string;
  /** How many containers there were. */
  containers(): number;
  stop(): void;
}

const namespace = 'square-operator';
export const selector = 'app.kubernetes.io/name=square-operator';

export function createPods({ api, kubeconfig }: PodCluster, { kubectl }: Plan): Pods {
  const logs = new Map<string, string[]>();
  const stopping = new AbortController();

  function follow({ metadata: { name }, status }: Pod): void {
    const container = `${name} ${status.containerStatuses?.[0]?.containerID}`;
    if (logs.has(container)) return;
    const lines: string[] = [];
    logs.set(container, lines);
    const args = [`--kubeconfig=${kubeconfig}`, 'logs', '--follow', `--namespace=${namespace}`, name];
    const child = spawn(kubectl, args, { stdio: ['ignore', 'pipe', 'ignore'], signal: stopping.signal });
    child.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (text: string) => void lines.push(text));
  }

  const look: Pods['look'] = async () => {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
    const { items } = await api.ask<{ items: Pod[] }>('GET', path);
    for (const pod of items) if (isReady(pod)) follow(pod);
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  return {
    log: (pod) =>
      [...logs]
        .flatMap(([container, lines]) => (pod === undefined || container.startsWith(`${pod} `) ? lines : []))
        .join(''),
    containers: () => logs.size,
    look,
    ready: (count) =>
      until(`${count} pods of the operator are ready`, async () => {
        const pods = await look();
        return pods.length === count && pods.every(isReady) ? pods : undefined;
      }),
    leader: (not = '') =>
      until('a pod leads', async () => {
        const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/square-operator`;
        const { spec } = await api.ask<{ spec: { holderIdentity?: string } }>('GET', path);
        const [holder = ''] = (spec.holderIdentity ?? '').split('_');
        return (await look()).find(({ metadata }) => metadata.name === holder && metadata.name !== not);
      }),
    async failedProbes(pods) {
      const uids = new Set(pods.map(({ metadata }) => metadata.uid));
      const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=reason=Unhealthy`;
      const { items } = await api.ask<{ items: KubeletEvent[] }>('GET', path);
      return items.flatMap(({ involvedObject, message }) => (uids.has(involvedObject.uid) ? [message] : []));
    },
    stop: () => stopping.abort(),
  };
}

interface KubeletEvent {
  readonly involvedObject: { readonly uid: string };
  readonly message: string;
}

export const isReady = ({ status }: Pod): boolean =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** What `look` gives once that is something; it is asked five times a second, since not everything can be watched. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, within = 90_000): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${within / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
