import { request } from 'undici';
import type { Api } from '../cluster/api.ts';
import { type Pod, until } from './operator-pods.ts';

/** A server that says what it has of the token: what the file holds now, and what its environment held at its start. */
const program = `
const { readFileSync } = require('node:fs');
const file = '/etc/square/access-token';
process.on('SIGTERM', () => process.exit(0));
require('node:http').createServer((_, response) => {
  let mounted = null;
  try { mounted = readFileSync(file, 'utf8'); } catch {}
  response.end(JSON.stringify({ mounted, variable: process.env.SQUARE_ACCESS_TOKEN ?? null }));
}).listen(8000);`;

export interface Workload {
  readonly name: string;
  /** What its pod says, and who that is. */
  token(): Promise<{ readonly pod: string; readonly mounted: string | null; readonly variable: string | null }>;
  /** How many versions of its pod template there were. */
  versions(): Promise<number>;
}

interface Wish {
  readonly namespace: string;
  readonly name: string;
  /** Any image with Node; the operator's will do. */
  readonly image: string;
  readonly secret: string;
  readonly by: 'volume' | 'variable';
}

/** A Deployment of one pod that has a connection's Secret, under the restricted standard, and consents to restarts. */
export async function createWorkload(api: Api, wish: Wish): Promise<Workload> {
  const { namespace, name, secret, by } = wish;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  await api.ask('POST', `${apps}/deployments`, { body: deploymentOf(wish) });
  const selector = `labelSelector=${encodeURIComponent(`app=${name}`)}`;
  const list = async <T>(path: string) => (await api.ask<{ items: T[] }>('GET', `${path}?${selector}`)).items;
  const token: Workload['token'] = async () => {
    const pods = (await list<Pod>(`/api/v1/namespaces/${namespace}/pods`)).filter(
      ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.podIP !== undefined,
    );
    const [pod] = pods;
    if (pods.length !== 1 || pod === undefined) throw new Error(`${pods.length} pods of ${name}`);
    const { body } = await request(`http://${pod.status.podIP}:8000/`);
    return { pod: pod.metadata.uid, ...((await body.json()) as { mounted: string | null; variable: string | null }) };
  };
  await until(`${name} has the Secret ${secret} by ${by}`, async () => {
    const { mounted, variable } = await token().catch(() => ({ mounted: null, variable: null }));
    return (by === 'volume' ? mounted : variable) ?? undefined;
  });
  return { name, token, versions: async () => (await list(`${apps}/replicasets`)).length };
}

function deploymentOf({ name, image, secret, by }: Wish) {
  const labels = { app: name };
  const variable = { name: 'SQUARE_ACCESS_TOKEN', valueFrom: { secretKeyRef: { name: secret, key: 'access-token' } } };
  const container = {
    name: 'main',
    image,
    command: ['node', '-e', program],
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ...(by === 'variable' && { env: [variable] }),
    ...(by === 'volume' && { volumeMounts: [{ name: 'square', mountPath: '/etc/square', readOnly: true }] }),
  };
  const spec = {
    containers: [container],
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    ...(by === 'volume' && { volumes: [{ name: 'square', secret: { secretName: secret } }] }),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, annotations: { 'square-operator.dev/allow-restart': 'true' } },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}
