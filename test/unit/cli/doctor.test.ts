import { describe, expect, test } from 'vitest';
import { connectionDefinition } from '../../../src/api/crd.ts';
import type { Cluster } from '../../../src/cli/cluster.ts';
import { apiServer, definitions, localClock, missingFields } from '../../../src/cli/doctor/cluster-checks.ts';
import type { Check, Patient } from '../../../src/cli/doctor/finding.ts';
import { applications, connections, expiring, finalizers, rotations } from '../../../src/cli/doctor/fleet-checks.ts';
import { clockOfOperator, lease, replicas, squareAsSeen } from '../../../src/cli/doctor/operator-checks.ts';
import { addresses, addressesOf, externalURLOf } from '../../../src/cli/doctor/reachable.ts';
import { flagOf, operatorRights, rightsOf } from '../../../src/cli/doctor/rights.ts';
import { samplesOf } from '../../../src/cli/doctor/samples.ts';
import { createScreen } from '../../../src/cli/screen.ts';
import { see } from '../../../src/cli/seen.ts';
import { widthOf } from '../../../src/cli/table.ts';
import { report } from '../../../src/cli/verbs/doctor.ts';
import { findingsOf } from '../../../src/cli/verbs/keys.ts';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { clusterPermissions } from '../../../src/permissions.ts';
import { customResourceDefinition } from '../../../tools/generate/crds.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aCondition, anObject, noon, paper, refused, valid } from './fixtures.ts';

const patient = (fields: Partial<Patient> = {}): Patient => ({
  cluster: {} as Cluster,
  time: { now: noon, ahead: 0 },
  namespace: undefined,
  operatorNamespace: 'square-operator',
  unread: {},
  ...fields,
});

/** `health` and what is said, of each finding. */
const findings = async (check: Check, fields: Partial<Patient>) =>
  (await check.look(patient(fields))).map(({ health, says, remedy }) => {
    // Whatever is not as it should be has a remedy.
    expect(health === 'ok' || health === 'skip' || (remedy ?? '') !== '').toBe(true);
    return `${health} ${says}`;
  });

type Wish = NonNullable<Parameters<typeof anObject>[0]>;
const fleet = (...wishes: readonly Wish[]) => wishes.map((wish) => see(anObject(wish)));

describe('the clock of this machine', () => {
  test.each([
    [undefined, 'skip the API server did not tell its time'],
    [seconds(20), 'ok agrees with the API server’s'],
    [minutes(2), 'warn 2m ahead of the API server’s'],
    [-hours(1), 'fail 60m behind the API server’s'],
  ])('%s ms', async (ahead, says) =>
    expect(await findings(localClock, { time: { now: noon, ...(ahead !== undefined && { ahead }) } })).toEqual([says]),
  );
});

describe('the lease', () => {
  const held = (spec: object) => ({ metadata: { name: 'square-operator' }, spec });
  test.each([
    ['nobody ran', {}, 'fail no lease in square-operator: no operator has ever run there'],
    ['not to be read', { unread: { lease: 'you have not the right' } }, 'skip not to be read: you have not the right'],
    ['given up', { lease: held({ holderIdentity: '' }) }, 'fail nobody holds it: no operator acts'],
    [
      'stale',
      { lease: held({ holderIdentity: 'pod_1', renewTime: '2026-07-01T11:55:00.000000Z', leaseDurationSeconds: 15 }) },
      'fail pod_1 holds it and renewed it 5m ago: no operator acts',
    ],
    [
      'fresh',
      { lease: held({ holderIdentity: 'pod_1', renewTime: '2026-07-01T11:59:50.000000Z', leaseDurationSeconds: 15 }) },
      'ok pod_1 holds it, renewed 10s ago',
    ],
  ])('%s', async (_, fields, says) => expect(await findings(lease, fields)).toEqual([says]));
});

describe('a cluster without the operator', () => {
  const absent = new KubeError({ status: 404, reason: 'NotFound', message: 'not found', mayHaveActed: false });
  /** It serves no definitions, and gives nobody any right but to ask for rights. */
  const client = {
    async requestRaw(_: string, path: string) {
      if (path.startsWith('/openapi/')) throw absent;
      return { body: { status: { allowed: path.endsWith('/selfsubjectaccessreviews') } } };
    },
  };
  const cluster = { client } as unknown as Cluster;
  const remediesOf = async (check: Check, fields: Partial<Patient>) =>
    (await check.look(patient({ cluster, ...fields }))).map(({ remedy }) => remedy);

  test('it is to be installed, and not its definitions alone', async () => {
    const says = 'the API server does not serve square-operator.dev/v1alpha1';
    expect(await findings(definitions, { cluster })).toEqual([`fail no operator is installed here: ${says}`]);
    for (const remedies of [await remediesOf(definitions, {}), await remediesOf(lease, {})]) {
      expect(remedies).toEqual([expect.stringMatching(/helm install .* or deploy\/install\.yaml/)]);
      expect(remedies).not.toEqual([expect.stringContaining('crds/')]);
    }
  });

  test('no rights are asked for, and no chart is to be upgraded', async () => {
    expect(await findings(operatorRights, { cluster })).toEqual(['skip no operator is installed in square-operator']);
  });

  test('where one runs, its definitions and its rights are what is missing', async () => {
    const deployment = { metadata: { name: 'square-operator' } };
    expect(await remediesOf(definitions, { deployment })).toEqual([
      expect.stringMatching(
        /^Upgrade the chart .* or, with crds\.install=false, kubectl apply --server-side -f crds\//,
      ),
    ]);
    expect(await remediesOf(operatorRights, { deployment })).toEqual([expect.stringContaining('Upgrade the chart')]);
    // Whoever may not look for it is not told that it is not there.
    expect(await findings(definitions, { cluster, unread: { lease: 'you have not the right' } })).toEqual([
      'fail the API server does not serve square-operator.dev/v1alpha1',
    ]);
  });
});

describe('replicas', () => {
  const deployment = (wanted: number, availableReplicas?: number) => ({
    metadata: { name: 'square-operator' },
    spec: { replicas: wanted },
    status: { availableReplicas },
  });
  test.each([
    [undefined, 'skip no Deployment of the operator in square-operator'],
    [deployment(2), 'fail none of 2 is available'],
    [deployment(2, 1), 'warn 1 of 2 are available'],
    [deployment(1, 1), 'warn only one: while it moves, nothing is refreshed and no seller can sign in'],
    [deployment(2, 2), 'ok 2 of 2 are available'],
  ])('%j', async (one, says) =>
    expect(await findings(replicas, one === undefined ? {} : { deployment: one })).toEqual([says]),
  );
});

describe('what the operator measures', () => {
  const metrics = (...lines: readonly string[]) => ({ metrics: lines.join('\n') });

  test('samples are read with their labels', () => {
    const text = '# HELP a x\na{b="c",d="e\\"f"} 3\na 4\nab 5\n';
    expect(samplesOf(text, 'a')).toEqual([
      { labels: { b: 'c', d: 'e\\"f' }, value: 3 },
      { labels: {}, value: 4 },
    ]);
  });

  test.each([
    ['', 'skip Square has not told its time to it yet'],
    ['square_api_clock_skew_seconds 0.4', 'ok agrees with Square’s'],
    ['square_api_clock_skew_seconds{environment="Sandbox"} -3600', 'fail 60m behind Square’s'],
  ])('its clock: %s', async (line, says) => expect(await findings(clockOfOperator, metrics(line))).toEqual([says]));

  test.each([
    [['square_api_requests_total{code="200"} 90', 'square_api_requests_total{code="0"} 10'], 'ok of 100 calls'],
    [['square_api_requests_total{code="200"} 10', 'square_api_requests_total{code="503"} 20'], 'fail of 30 calls'],
    [['square_api_requests_total{code="200"} 10', 'square_api_requests_total{code="429"} 5'], 'warn of 15 calls'],
    [[], 'skip it has not called Square since its start'],
  ])('Square: %j', async (lines, says) =>
    expect(await findings(squareAsSeen, metrics(...lines))).toEqual([expect.stringContaining(says)]),
  );

  test('Square: connections that cannot be verified', async () => {
    const unverified = { conditions: [aCondition('Valid', 'Unknown', 'Unverified')] };
    const found = fleet(
      { name: 'a', status: unverified },
      { name: 'b', status: valid() },
      { name: 'c', status: valid() },
    );
    expect(await findings(squareAsSeen, { connections: found })).toEqual([
      'warn 1 of 3 connections cannot be verified',
    ]);
    expect(await findings(squareAsSeen, { connections: found.slice(0, 1) })).toEqual([
      'fail 1 of 1 connections cannot be verified',
    ]);
  });
});

describe('the fleet', () => {
  test('applications that are not ready, with their own message', async () => {
    const application = (name: string, ...conditions: object[]) => ({
      metadata: { name, namespace: 'shop' },
      status: { conditions },
    });
    const all = [
      application('fine', aCondition('Ready', 'True', 'Ready')),
      application('slow', aCondition('Ready', 'True', 'RateLimited', '429 since noon.')),
      application('wrong', aCondition('Ready', 'False', 'ClientRefused', 'Square refuses it.')),
      application('new'),
    ];
    expect(await findings(applications, { applications: all })).toEqual([
      'warn shop/slow: RateLimited: 429 since noon.',
      'fail shop/wrong: ClientRefused: Square refuses it.',
      'fail shop/new: the operator has not looked at it',
    ]);
    expect(await findings(applications, { applications: all.slice(0, 1) })).toEqual(['ok 1 of 1 ready']);
  });

  test('connections that need somebody, by their state', async () => {
    const lost = { conditions: [aCondition('Ready', 'False', 'Revoked')] };
    const waiting = { conditions: [aCondition('Ready', 'False', 'AwaitingAuthorization')] };
    const found = fleet(
      { name: 'a', status: lost },
      { name: 'b', status: lost },
      { name: 'c', status: refused() },
      { name: 'd', status: waiting },
    );
    expect(await findings(connections, { connections: found })).toEqual([
      'fail 2 of 4 Revoked: shop/a, shop/b. Square says that the access token was revoked.',
      'warn 1 of 4 ReauthorizationNeeded: shop/c. The access token still works, but Square refuses to renew it.',
      'warn 1 of 4 AwaitingAuthorization: shop/d. There is no grant yet, and no credential that gives one.',
    ]);
    const well = fleet({ name: 'a', status: valid() }, { name: 'b', status: valid() });
    expect(await findings(connections, { connections: well })).toEqual(['ok none of 2 needs anybody']);
  });

  test('tokens about to end, but not those that live a day by wish', async () => {
    const ending = valid({ accessTokenExpiresAt: '2026-07-02T12:00:00Z' });
    const found = fleet(
      { name: 'a', status: ending },
      { name: 'b', status: ending, spec: { shortLived: true } },
      { name: 'c', status: valid() },
    );
    expect(await findings(expiring, { connections: found })).toEqual(['fail 1 of 3 within 2 days: shop/a']);
  });

  test('deletions that are not done', async () => {
    const deletedAt = (deletionTimestamp: string) => ({ metadata: { deletionTimestamp } });
    const found = fleet(
      { name: 'a', ...deletedAt('2026-07-01T09:00:00Z') },
      { name: 'b', ...deletedAt('2026-07-01T11:59:00Z') },
    );
    expect(await findings(finalizers, { connections: found })).toEqual(['fail 1 not done: shop/a (3h)']);
  });

  test('rotations in doubt', async () => {
    const doubt = (reason: string) => valid({ conditions: [aCondition('Renewable', 'Unknown', reason)] });
    const found = fleet(
      { name: 'a', status: doubt('RotationInDoubt') },
      { name: 'b', status: doubt('RotationOutcomeLost') },
    );
    expect((await findings(rotations, { connections: found })).map((one) => one.slice(0, 28))).toEqual([
      'warn 1 RotationInDoubt: shop',
      'fail 1 RotationOutcomeLost: ',
    ]);
    const metrics = (count: number) => `square_operator_rotation_in_doubt ${count}`;
    const wait = 'wait to be stored';
    expect(await findings(rotations, { connections: found, metrics: metrics(2) })).toHaveLength(2);
    expect((await findings(rotations, { connections: found, metrics: metrics(5) }))[2]).toBe(
      `warn 3 answers of Square ${wait}: sign-ins or journal entries`,
    );
    const wells = fleet({ status: valid() });
    expect(await findings(rotations, { connections: wells, metrics: metrics(0) })).toEqual(['ok none is in doubt']);
    expect(await findings(rotations, { connections: wells, metrics: metrics(2) })).toEqual([
      `warn 2 answers of Square ${wait}: sign-ins or journal entries`,
    ]);
    // The metric is of all namespaces.
    expect(await findings(rotations, { connections: wells, metrics: metrics(2), namespace: 'shop' })).toEqual([
      `warn 2 that are not in this namespace are in doubt or ${wait}, as the operator counts`,
    ]);
  });
});

describe('the definitions', () => {
  const crd = customResourceDefinition(connectionDefinition) as {
    spec: {
      versions: {
        schema: { openAPIV3Schema: { properties: Record<string, { properties: Record<string, unknown> }> } };
      }[];
    };
  };
  const schema = () => structuredClone(crd.spec.versions[0]?.schema.openAPIV3Schema);

  test('of this version lack nothing', () => {
    expect(missingFields(connectionDefinition, schema() as never)).toEqual([]);
  });

  test('of an earlier one: what they lack is named', () => {
    const earlier = schema();
    delete earlier?.properties['status']?.properties['lastHandledAdoptRequest'];
    delete earlier?.properties['spec']?.properties['secret'];
    expect(missingFields(connectionDefinition, earlier as never)).toEqual([
      'spec.secret',
      'status.lastHandledAdoptRequest',
    ]);
  });
});

describe('what is read of the Deployment', () => {
  const deployment = (...args: readonly string[]) => ({
    metadata: { name: 'square-operator' },
    spec: {
      template: {
        spec: { containers: [{ args, env: [{ name: 'SQUARE_OPERATOR_EXTERNAL_URL', value: 'https://by.env' }] }] },
      },
    },
  });

  test('flags in both forms, and environment variables', () => {
    expect(flagOf(deployment('--watch-namespaces=a,b'), 'watch-namespaces')).toBe('a,b');
    expect(flagOf(deployment('--watch-namespaces', 'a'), 'watch-namespaces')).toBe('a');
    expect(flagOf(deployment(), 'external-url')).toBe('https://by.env');
    expect(flagOf(undefined, 'external-url')).toBeUndefined();
  });

  test('rights are asked for one by one, and by name where a rule names objects', () => {
    expect(rightsOf(clusterPermissions, undefined)).toContainEqual({
      group: '',
      resource: 'namespaces',
      verb: 'watch',
      namespace: undefined,
    });
    const rule = { why: '', apiGroups: [''], resources: ['configmaps'], resourceNames: ['x'], verbs: ['get'] };
    expect(rightsOf([rule], 'ns')).toEqual([
      { group: '', resource: 'configmaps', verb: 'get', namespace: 'ns', name: 'x' },
    ]);
  });

  test('addresses that cannot be known from here are not said to be off', async () => {
    expect(await findings(addresses, {})).toEqual([
      'skip no --external-url is known: pages, sign-in and webhooks are off',
    ]);
    expect(await findings(addresses, { unread: { deployment: 'you have not the right' } })).toEqual([
      expect.stringContaining('not to be read: you have not the right'),
    ]);
  });

  test('addresses come from it, from the pages of connections, and from applications', () => {
    const seen = fleet({ status: valid({ authorizeURL: 'https://square.example.com/base/connect/shop/bakery' }) });
    expect(externalURLOf({ connections: seen })).toBe('https://square.example.com/base');
    expect(externalURLOf({ deployment: deployment('--external-url=https://x.example.com'), connections: seen })).toBe(
      'https://x.example.com',
    );
    const application = {
      metadata: { name: 'pos', namespace: 'shop' },
      spec: { webhook: { notificationURL: 'https://hook' } },
    };
    const found = addressesOf(patient({ connections: seen, applications: [application] }));
    expect(found.map(({ what, url }) => [what, url])).toEqual([
      ['external URL', 'https://square.example.com/base/connections'],
      ['redirect URL of shop/pos', 'https://square.example.com/base/oauth/callback'],
      ['webhook of shop/pos', 'https://hook'],
    ]);
  });
});

describe('sealing keys', () => {
  const key = (id: string, state = 'active') => ({ id, state, secretName: id, createdAt: '', removable: false });
  const ring = (fields: object) =>
    findingsOf(
      { where: 'cluster', keys: [key('k1')], sealedBy: {}, unreadable: {}, publishedID: 'k1', ...fields },
      'ns',
    );

  test.each([
    ['all is well', {}, undefined],
    ['nothing is published', { publishedID: undefined }, 'does not exist'],
    ['what is published is no key', { publishedID: 'unreadable' }, 'holds no public key'],
    ['another key is published', { publishedID: 'k9' }, 'k9 is no active key'],
    ['a retired key is published', { keys: [key('k1', 'retired'), key('k2')] }, 'k1 is no active key'],
    ['no key is active', { keys: [key('k1', 'retired')] }, 'is no active key'],
    ['a key is gone', { unreadable: { k0: 3 } }, '3 connections cannot be opened for want of key k0'],
    ['keys lie in files', { where: 'files', keys: [], publishedID: 'f1' }, undefined],
  ])('%s', (_, fields, says) => {
    const [first] = ring(fields);
    if (says === undefined) expect(first).toBeUndefined();
    else expect(first).toContain(says);
  });
});

test('the report fits 80 columns, with each remedy below its finding, and the counts at the end', () => {
  const screen = createScreen({ stdout: paper(80), stderr: paper(), color: false, env: {} });
  const text = report(screen, [
    { check: 'API server', health: 'ok', says: 'https://10.0.0.1 is Kubernetes v1.36.3 and answers in 12 ms' },
    {
      check: 'Lease',
      health: 'fail',
      says: 'pod_1 holds it and renewed it 5m ago: no operator acts, and nothing is refreshed',
      remedy: 'See its log: kubectl -n square-operator logs deployment/square-operator, and see its events, too',
    },
  ]);
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(80);
  expect(text.split('\n')).toEqual([
    'ok    API server: https://10.0.0.1 is Kubernetes v1.36.3 and answers in 12 ms',
    'fail  Lease: pod_1 holds it and renewed it 5m ago: no operator acts, and nothing',
    '      is refreshed',
    '      → See its log: kubectl -n square-operator logs',
    '        deployment/square-operator, and see its events, too',
    '',
    '1 ok, 0 to look at, 1 failed, 0 skipped',
  ]);
});

test.each([
  ['v1.33.0', 'ok'],
  ['v1.34.2-gke.1', 'ok'],
  ['v1.36.3+k3s1', 'ok'],
  ['v1.32.9', 'fail'],
  ['v1.37.0-alpha.1', 'warn'],
  ['unheard of', 'ok'],
])('a server that is Kubernetes %s: %s', async (gitVersion, health) => {
  const client = { requestRaw: async () => ({ body: { gitVersion } }) };
  const cluster = { client, clock: createFakeClock(), server: 'https://10.0.0.1' } as unknown as Cluster;
  const [found] = await findings(apiServer, { cluster });
  expect(found).toMatch(
    new RegExp(`^${health} https://10.0.0.1 is Kubernetes ${gitVersion.replaceAll(/[.+]/g, '.')} `),
  );
});
