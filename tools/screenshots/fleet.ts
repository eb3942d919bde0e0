import { setTimeout as pause } from 'node:timers/promises';
import type { Maker } from '../../demo/install.ts';
import { apiVersion, secretTypes, squareApplications, squareConnections } from '../../src/api/names.ts';
import type { ConnectionStatus } from '../../src/api/status.ts';
import { days } from '../../src/clock.ts';
import { pathOf, secrets } from '../../src/kube/resource.ts';
import type { Api } from '../../test/cluster/api.ts';
import type { Simulator } from '../../test/simulator/simulator.ts';

/** Connections in every state, as an operator that looks after a few shops has them. */
export interface Fleet {
  /** Resolves when each is in its state. */
  settled(): Promise<void>;
  staffToken(): Promise<string>;
  /** The one whose seller signs in while pictures are taken. */
  readonly waiting: { readonly staffPage: string; readonly business: string };
  /** The page of one that needs somebody. */
  readonly ailing: string;
}

const scopes = ['MERCHANT_PROFILE_READ', 'ITEMS_READ', 'ORDERS_READ', 'ORDERS_WRITE', 'PAYMENTS_READ'];

type Fate = 'well' | 'revoked' | 'refused' | 'suspended' | 'waiting';

const shops: readonly (readonly [namespace: string, name: string, business: string, fate: Fate])[] = [
  ['retail', 'corner-bakery', 'The Corner Bakery', 'well'],
  ['retail', 'velo-werk', 'Velo Werk', 'well'],
  ['retail', 'papeterie', 'Papeterie Lumen', 'refused'],
  ['retail', 'kiosk-21', 'Kiosk 21', 'well'],
  ['retail', 'old-books', 'Old Books & Maps', 'suspended'],
  ['gastro', 'hafen-bistro', 'Hafen Bistro', 'well'],
  ['gastro', 'north-deli', 'North Deli', 'revoked'],
  ['gastro', 'petit-four', 'Le Petit Four', 'well'],
  ['gastro', 'coffee-north', 'Northside Coffee', 'well'],
  ['gastro', 'flower-market', 'Blumen am Markt', 'waiting'],
  ['gastro', 'noodle-bar', 'Noodle Bar', 'well'],
  ['services', 'barber', 'Barber & Sons', 'well'],
  ['services', 'yoga', 'Studio Lotus', 'well'],
];

const ready: Readonly<Record<Fate, string>> = {
  well: 'Valid',
  revoked: 'Revoked',
  refused: 'ReauthorizationNeeded',
  suspended: 'Suspended',
  waiting: 'AwaitingAuthorization',
};

const home = 'platform';

export async function setFleet(api: Api, maker: Maker, square: Simulator, webURL: string): Promise<Fleet> {
  const redirectURL = `${webURL}/oauth/callback`;
  const { clientID, clientSecret } = square.addApplication({ name: 'Point of sale', redirectURL });
  for (const name of [home, 'retail', 'gastro', 'services'])
    await maker.make('/api/v1/namespaces', { metadata: { name } });
  const create = (resource: Parameters<typeof pathOf>[0], namespace: string, name: string, content: object) =>
    maker.make(pathOf(resource, namespace), { metadata: { namespace, name }, ...content });
  const type = secretTypes.credential;
  await create(secrets, home, 'pos-client', { type, stringData: { 'client-secret': clientSecret } });
  const clientSecretRef = { name: 'pos-client' };
  const allowedNamespaces = { from: 'All' };
  await create(squareApplications, home, 'pos', {
    apiVersion,
    kind: squareApplications.kind,
    spec: { environment: 'Production', clientID, clientSecretRef, scopes, allowedNamespaces },
  });
  const merchants = new Map(
    shops.map(([, name, businessName]) => [name, square.addSeller({ businessName }).merchantID]),
  );
  for (const [namespace, name, , fate] of shops) {
    const merchantID = merchants.get(name) ?? '';
    const secretRef = { name: `${name}-credential`, key: 'token' };
    if (fate !== 'waiting') {
      const token = square.grant({ clientID, merchantID, scopes }).refreshToken.value;
      await create(secrets, namespace, secretRef.name, { type, stringData: { token } });
    }
    const credential = fate === 'waiting' ? {} : { credential: { refreshToken: { secretRef } } };
    const spec = { applicationRef: { name: 'pos', namespace: home }, verifyInterval: '1m', ...credential };
    await create(squareConnections, namespace, name, { apiVersion, kind: squareConnections.kind, spec });
  }
  await makeStaff(maker);

  const pathTo = (namespace: string, name: string) => `${pathOf(squareConnections, namespace)}/${name}`;
  const reasonOf = async (namespace: string, name: string) => {
    const { status } = await api.ask<{ status?: ConnectionStatus }>('GET', pathTo(namespace, name));
    return status?.conditions?.find((condition) => condition.type === 'Ready')?.reason;
  };
  const are = async (wanted: (fate: Fate) => string) => {
    for (const [namespace, name, , fate] of shops) {
      while ((await reasonOf(namespace, name)) !== wanted(fate)) await pause(100);
    }
  };
  return {
    async settled() {
      await are((fate) => (fate === 'waiting' ? ready.waiting : ready.well));
      const of = (fate: Fate) => merchants.get(shops.find((shop) => shop[3] === fate)?.[1] ?? '') ?? '';
      const refusal = {
        kind: 'answer',
        status: 401,
        shape: 'V1',
        code: 'service.not_authorized',
        message: 'Invalid refresh token',
      } as const;
      square.faults.add({ endpoint: 'token', merchantID: of('refused'), effect: refusal });
      square.clock.advance(days(6.9));
      square.disconnect({ clientID, merchantID: of('revoked') });
      const patch = { body: { spec: { suspend: true } }, contentType: 'application/merge-patch+json' };
      await api.ask('PATCH', pathTo('retail', 'old-books'), patch);
      await are((fate) => ready[fate]);
      square.clock.advance(days(1.3));
      await are((fate) => ready[fate]);
    },
    async staffToken() {
      const path = `/api/v1/namespaces/${home}/serviceaccounts/oncall/token`;
      const body = { spec: { audiences: ['square-operator'] } };
      return (await api.ask<{ status: { token: string } }>('POST', path, { body })).status.token;
    },
    waiting: { staffPage: '/connections/gastro/flower-market', business: 'Blumen am Markt' },
    ailing: '/connections/retail/papeterie',
  };
}

async function makeStaff(maker: Maker): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const metadata = { name: 'square-staff' };
  const subject = { kind: 'ServiceAccount', name: 'oncall', namespace: home };
  await maker.make(`/api/v1/namespaces/${home}/serviceaccounts`, { metadata: { name: subject.name } });
  const rules = [
    { apiGroups: ['square-operator.dev'], resources: ['squareconnections'], verbs: ['get', 'list', 'patch'] },
  ];
  await maker.make(`${rbac}/clusterroles`, { metadata, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name };
  await maker.make(`${rbac}/clusterrolebindings`, { metadata, roleRef, subjects: [subject] });
}
