import { group, leaseName, squareApplications } from '../../api/names.ts';
import { specOf } from '../../kube/lease-record.ts';
import { deployments, leases } from '../../kube/resource.ts';
import type { Cluster } from '../cluster.ts';
import { all } from '../select.ts';
import { apiServer, definitions, localClock } from './cluster-checks.ts';
import type { Check, Finding, Patient } from './finding.ts';
import { applications, connections, expiring, finalizers, rotations } from './fleet-checks.ts';
import { clockOfOperator, lease, notSeen, replicas, sealingKeys, squareAsSeen, Unanswered } from './operator-checks.ts';
import { addresses, textAt } from './reachable.ts';
import { flagOf, may, operatorRights, ownRights } from './rights.ts';

export const checks: readonly Check[] = [
  apiServer,
  localClock,
  definitions,
  ownRights,
  operatorRights,
  lease,
  replicas,
  sealingKeys,
  clockOfOperator,
  squareAsSeen,
  applications,
  connections,
  expiring,
  rotations,
  finalizers,
  addresses,
];

export interface Looking {
  /** Only this one; else all, or the one of the kubeconfig where all are not to be seen. */
  readonly namespace?: string | undefined;
  readonly operatorNamespace: string;
  /** Where the operator's metrics are, when not behind the API server's proxy. */
  readonly metricsURL?: string | undefined;
}

/** Looks at everything; what cannot be looked at is told as skipped. Rejects when the API server does not answer at all. */
export async function examine(cluster: Cluster, looking: Looking): Promise<Finding[]> {
  const patient = await admit(cluster, looking);
  const found = await Promise.all(checks.map((check) => run(check, patient)));
  return found.flat();
}

async function run(check: Check, patient: Patient): Promise<Finding[]> {
  try {
    return (await check.look(patient)).map((finding) => ({ check: check.name, ...finding }));
  } catch (error) {
    return [{ check: check.name, health: 'skip', says: `not to be seen: ${notSeen(error)}` }];
  }
}

type Unread = { -readonly [K in keyof Patient['unread']]: Patient['unread'][K] };

async function admit(cluster: Cluster, { namespace: asked, operatorNamespace, metricsURL }: Looking): Promise<Patient> {
  const time = await cluster.serverTime();
  const { client } = cluster;
  const unread: Unread = {};
  const read = async <T>(what: keyof Unread, look: () => Promise<T | undefined>): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      unread[what] = notSeen(error);
      return undefined;
    }
  };
  const namespace = asked ?? (await widestNamespace(cluster));
  const byName = { labelSelector: 'app.kubernetes.io/name=square-operator' };
  const [found, known, deployment, held] = await Promise.all([
    read('connections', () =>
      all({ ...cluster, namespace: namespace ?? '' }, { allNamespaces: namespace === undefined }),
    ),
    read('applications', async () => (await client.list(squareApplications, { namespace })).items),
    read(
      'deployment',
      async () => (await client.list(deployments, { namespace: operatorNamespace, ...byName })).items[0],
    ),
    read('lease', () => client.get(leases, operatorNamespace, leaseName)),
  ]);
  const holder = held === undefined ? undefined : specOf(held).holderIdentity;
  const metrics = await read('metrics', () =>
    readMetrics(cluster, { operatorNamespace, metricsURL, deployment, holder }),
  );
  const parts = { connections: found, applications: known, deployment, lease: held, metrics };
  return { cluster, time, namespace, operatorNamespace, unread, ...present(parts) };
}

/** Without the members that are not there. */
const present = <T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** All namespaces where they may be seen. */
async function widestNamespace({ client, namespace }: Cluster): Promise<string | undefined> {
  return (await may(client, { group, resource: 'squareconnections', verb: 'list' })) ? undefined : namespace;
}

interface Whereabouts {
  readonly operatorNamespace: string;
  readonly metricsURL: string | undefined;
  readonly deployment: object | undefined;
  readonly holder: string | undefined;
}

/** From the pod that holds the lease, by the API server's proxy, or from the address that was given. */
async function readMetrics(
  { client, clock }: Cluster,
  { operatorNamespace, metricsURL, deployment, holder }: Whereabouts,
): Promise<string> {
  if (metricsURL !== undefined) {
    const answer = await textAt(metricsURL, clock);
    if (!answer.ok) throw new Unanswered(`${metricsURL} does not answer: ${answer.why}`);
    if (answer.status !== 200) throw new Unanswered(`${metricsURL} answers ${answer.status}, and not with metrics`);
    return answer.text;
  }
  if (!holder) throw new Unanswered('no lease tells whose metrics to read; --metrics-url takes another way');
  const pod = holder.split('_')[0];
  const port = /:(\d+)$/.exec(flagOf(deployment, 'metrics-bind-address') ?? ':8080')?.[1] ?? '8080';
  const path = `/api/v1/namespaces/${operatorNamespace}/pods/${pod}:${port}/proxy/metrics`;
  try {
    return String((await client.requestRaw('GET', path)).body);
  } catch (error) {
    throw new Unanswered(
      `the metrics of pod ${pod} are not to be had (${notSeen(error)}); --metrics-url takes another way`,
    );
  }
}
