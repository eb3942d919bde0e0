import {
  apiVersion,
  labels,
  managedBy,
  secretTypes,
  squareApplications,
  squareConnections,
} from '../../src/api/names.ts';
import { isReason, type KubeClient } from '../../src/kube/client.ts';
import { type KubeObject, namespaces, pathOf, type Resource, secrets } from '../../src/kube/resource.ts';

/** Where the connections are. */
export const benchNamespace = 'bench';
/** Where the operator's lease and keys are. */
export const operatorNamespace = 'bench-operator';

const application = 'bench';
const refreshTokens = 'refresh-tokens';
const atOnce = 32;

/** What is measured is the operator, not the budget that it keeps to: the widest there is. */
const rateLimit = { requestsPerSecond: 1_000, burst: 1_000 };

export const connectionName = (i: number): string => `conn-${String(i).padStart(6, '0')}`;

/** The namespaces, the application with its client secret, and one Secret with a refresh token for each connection. */
export async function setScene(client: KubeClient, count: number): Promise<void> {
  for (const name of [benchNamespace, operatorNamespace])
    await client.create(namespaces, { metadata: { name } }).catch(unlessThere);
  const names = Array.from({ length: count }, (_, i) => connectionName(i));
  await create(
    client,
    secrets,
    { name: 'client', namespace: benchNamespace },
    credential({ 'client-secret': 'bench' }),
  );
  const tokens = Object.fromEntries(names.map((name, i) => [name, `EQAA${String(i).padStart(60, '0')}`]));
  await create(client, secrets, { name: refreshTokens, namespace: benchNamespace }, credential(tokens));
  await create(
    client,
    squareApplications,
    { name: application, namespace: benchNamespace },
    {
      apiVersion,
      kind: squareApplications.kind,
      spec: { environment: 'Production', clientID: 'sq0idp-bench', clientSecretRef: { name: 'client' }, rateLimit },
    },
  );
}

const unlessThere = (error: unknown): void => {
  if (!isReason(error, 'AlreadyExists')) throw error;
};

const credential = (stringData: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: secretTypes.credential,
  stringData,
});

const create = (client: KubeClient, resource: Resource, metadata: KubeObject['metadata'], rest: object = {}) =>
  client.create(resource, { ...rest, metadata });

export const connectionManifest = (name: string): KubeObject => ({
  apiVersion,
  kind: squareConnections.kind,
  metadata: { name, namespace: benchNamespace },
  spec: {
    applicationRef: { name: application },
    credential: { refreshToken: { secretRef: { name: refreshTokens, key: name } } },
    // Rare, so that what is idle is idle: verifications have slots all over the interval.
    verifyInterval: '24h',
  },
});

/** Creates the connections, several at a time. */
export async function createConnections(client: KubeClient, count: number): Promise<void> {
  let next = 0;
  const create = async () => {
    while (next < count) await client.create(squareConnections, connectionManifest(connectionName(next++)));
  };
  await Promise.all(Array.from({ length: atOnce }, create));
}

/** Removes the connections and, which no deletion of theirs does, their sealed grants and token Secrets. */
export async function removeConnections(client: KubeClient): Promise<void> {
  const inBench = pathOf(secrets, benchNamespace);
  await client.requestRaw('DELETE', pathOf(squareConnections, benchNamespace));
  await client.requestRaw(
    'DELETE',
    `${inBench}?fieldSelector=${encodeURIComponent(`type=${secretTypes.sealedGrant}`)}`,
  );
  await client.requestRaw(
    'DELETE',
    `${inBench}?labelSelector=${encodeURIComponent(`${labels.managedBy}=${managedBy}`)}`,
  );
}
