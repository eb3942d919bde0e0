import { apiVersion, secretTypes, squareApplications, squareConnections } from '../src/api/names.ts';
import { pathOf, secrets } from '../src/kube/resource.ts';
import type { Api } from '../test/cluster/api.ts';
import type { Simulator } from '../test/simulator/simulator.ts';
import type { Maker } from './install.ts';
import * as names from './names.ts';

/** What people do in the story: at Square, and in the cluster. */
export interface Scene {
  readonly square: Simulator;
  createConnection(): Promise<void>;
  connectSellers(): Promise<void>;
  /** The seller signs in, and the refresh token of that is put into a Secret. */
  supplyCredential(): Promise<void>;
  deleteCredential(): Promise<void>;
  editTokenSecret(): Promise<void>;
}

const credential = (namespace: string, name: string, stringData: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name },
  type: secretTypes.credential,
  stringData,
});

const connectionOf = (namespace: string, name: string, secret: string, key: string, more: object = {}) => ({
  apiVersion,
  kind: squareConnections.kind,
  metadata: { namespace, name },
  spec: {
    applicationRef: { name: names.application, namespace: names.namespace },
    credential: { refreshToken: { secretRef: { name: secret, key } } },
    ...more,
  },
});

const atOnce = 16;

/** Makes the namespaces and the SquareApplication, and the application and the seller at Square. */
export async function setScene(api: Api, maker: Maker, square: Simulator, webURL: string): Promise<Scene> {
  const redirectURL = `${webURL}/oauth/callback`;
  const { clientID, clientSecret } = square.addApplication({ clientID: names.clientID, name: 'Demo', redirectURL });
  square.addSeller({ merchantID: names.merchantID, businessName: 'The Bakery' });
  square.addSeller({ businessName: 'The Florist' });
  const labels = { 'square-demo': 'true' };
  for (const name of [names.namespace, names.sellersNamespace]) {
    await maker.make('/api/v1/namespaces', { metadata: { name, labels } });
  }
  const create = (
    resource: Parameters<typeof pathOf>[0],
    object: { metadata: { namespace: string; name: string }; [field: string]: unknown },
  ) => maker.make(pathOf(resource, object.metadata.namespace), object);
  await create(secrets, credential(names.namespace, 'square-client', { 'client-secret': clientSecret }));
  await create(squareApplications, {
    apiVersion,
    kind: squareApplications.kind,
    metadata: { namespace: names.namespace, name: names.application },
    spec: {
      environment: 'Production',
      clientID,
      clientSecretRef: { name: 'square-client' },
      scopes: names.scopes,
      allowedNamespaces: { from: 'Selector', selector: { matchLabels: labels } },
    },
  });

  await create(squareConnections, {
    apiVersion,
    kind: squareConnections.kind,
    metadata: { namespace: names.namespace, name: names.webConnection },
    spec: { applicationRef: { name: names.application } },
  });
  await makeStaff(maker);

  const refreshTokenOf = (merchantID: string) =>
    square.grant({ clientID, merchantID, scopes: names.scopes }).refreshToken.value;
  return {
    square,
    createConnection: () =>
      create(
        squareConnections,
        connectionOf(names.namespace, names.connection, names.credentialSecret, 'refresh-token'),
      ),
    async connectSellers() {
      const all = Array.from({ length: names.sellers }, (_, i) => `seller-${String(i + 1).padStart(2, '0')}`);
      const tokens = all.map((name) => [name, refreshTokenOf(square.addSeller({ businessName: name }).merchantID)]);
      await create(secrets, credential(names.sellersNamespace, 'refresh-tokens', Object.fromEntries(tokens)));
      const more = { verifyInterval: names.sellersVerifyInterval };
      const next = all.values();
      const work = async () => {
        for (const name of next) {
          await create(squareConnections, connectionOf(names.sellersNamespace, name, 'refresh-tokens', name, more));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
    },
    supplyCredential: () =>
      create(
        secrets,
        credential(names.namespace, names.credentialSecret, { 'refresh-token': refreshTokenOf(names.merchantID) }),
      ),
    async deleteCredential() {
      await api.ask('DELETE', pathOf(secrets, names.namespace, names.credentialSecret));
    },
    async editTokenSecret() {
      await api.ask('PATCH', pathOf(secrets, names.namespace, names.connection), {
        contentType: 'application/merge-patch+json',
        body: { stringData: { 'access-token': 'edited by somebody' } },
      });
    },
  };
}

/** Somebody who may look at all connections, and change them, on the web pages. */
async function makeStaff(maker: Maker): Promise<void> {
  const { namespace, staffAccount: name } = names;
  const role = `square-demo-${name}`;
  await maker.make(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const rule = {
    apiGroups: [squareConnections.group],
    resources: [squareConnections.plural],
    verbs: ['get', 'list', 'patch'],
  };
  await maker.make(`${rbac}/clusterroles`, { metadata: { name: role }, rules: [rule] });
  await maker.make(`${rbac}/clusterrolebindings`, {
    metadata: { name: role },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
}
