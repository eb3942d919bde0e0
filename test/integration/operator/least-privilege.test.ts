import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { sealingKeyConfigMap } from '../../../src/api/names.ts';
import {
  ownNamespacePermissions,
  publicPermissions,
  rolloutRestartPermissions,
  staffPagePermissions,
  watchedNamespacePermissions,
  watchedPermissions,
} from '../../../src/permissions.ts';
import { openApi } from '../../cluster/api.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { kubeconfig } from '../../support/cluster.ts';
import { neededRights } from '../../support/needed-rights.ts';
import { aConnection, aSecret } from '../../support/objects.ts';
import { createPerson } from '../../support/person.ts';
import { type Right, rightsOf } from '../../support/rights.ts';
import { operatorSuite } from '../../support/suite.ts';
import { refreshUnstored } from '../../support/unstored.ts';
import { openPerson } from '../../support/web-person.ts';

const options = {
  web: 'http',
  gateway: 'without streaming lists',
  namespaces: { platform: {} },
  flags: ['--enable-rollout-restart'],
  roles: ['rollout-restart/rbac.yaml', 'web/staff-pages.yaml'],
} as const;

// The operator acts under the roles of the chart. Each right has a test here that needs it, and there is no other right: take
// one away, and that test fails, since the API server does not let the operator do what the test waits for.
operatorSuite('the rights of the operator', options, (world, scene) => {
  const { needs, areAllOf } = neededRights(world);
  const follow = (resource: string): Right[] => [`watched list ${resource}`, `watched watch ${resource}`];

  needs(
    [...follow('squareconnections'), ...follow('squareapplications'), ...follow('secrets')],
    'to follow what it looks after, also where the API server sends no list within a watch',
    async () => {},
  );
  needs(['own create secrets'], 'to make the first sealing key', async () => {});
  needs(['own list secrets', 'own watch secrets'], 'to follow the sealing keys', async () => {});
  needs(['own get configmaps', 'own create configmaps'], 'to publish their public half', async () => {});
  needs(['own get leases', 'own create leases', 'own update leases'], 'to be the one that acts', async () => {});

  needs(
    ['watched create secrets', 'watched patch squareconnections/status', 'watched patch squareapplications/status'],
    'to seal, publish and tell',
    () => scene.connected({ name: 'first' }),
  );
  needs(['watched patch secrets'], 'to replace a token', async () => {
    world.gateway?.clear();
    await scene.request('first', 'refresh');
    await world.live.until('it is renewed', () => scene.status('first').revision === 2);
  });
  needs(
    ['watched get secrets', 'watched create events'],
    'to see whose Secret it is that is in the way, and tell',
    async () => {
      world.gateway?.clear();
      await scene.create('secrets', aSecret(world.namespace, 'taken', { a: 'b' }));
      const party = await scene.connect({ name: 'taken' });
      await scene.becomes(party.name, { Published: 'False/SecretNotOwned' });
    },
  );
  needs(['watched delete secrets'], 'to remove the earlier Secret after a renaming', async () => {
    await scene.edit('connections', 'first', { spec: { secret: { name: 'renamed' } } });
    await world.live.until('the earlier one is gone', () => scene.secret('first') === undefined);
  });
  needs(
    ['watched patch squareconnections', 'watched get namespaces'],
    'to end an authorization with its connection, unless its namespace goes as a whole',
    async () => {
      world.gateway?.clear();
      const party = await scene.connected({ spec: { deletionPolicy: 'Revoke' } });
      await scene.remove('connections', party.name);
      await world.live.until('it is gone', () => !world.live.get('connections', world.namespace, party.name));
      expect(scene.revocations(party)).toHaveLength(1);
    },
  );
  needs(['own create events', 'own patch events'], 'to tell at home what no connection tells any more', async () => {
    const app = await scene.application('pkce', { flow: 'PKCE', clientSecretRef: null });
    const policy = { deletionPolicy: 'Revoke' };
    const party = await scene.connected({ name: 'unsupported', app, flow: 'PKCE', spec: policy });
    const told = () =>
      world.live.all('events', world.operatorNamespace).filter((one) => one.reason === 'RevokeUnsupported');
    const gone = () => !world.live.get('connections', world.namespace, party.name);
    await scene.remove('connections', party.name);
    await world.live.until('it is told', () => gone() && told().length === 1);
    const spec = { applicationRef: { name: app.name }, merchantID: party.merchantID, ...policy };
    await scene.create('connections', aConnection(world.namespace, party.name, spec));
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.remove('connections', party.name);
    await world.live.until('it is gone again', gone);
    // Counts of events are written once a minute, and at the end.
    await world.operators.at(-1)?.stop();
    await world.startOperator();
  });
  needs(['own patch secrets', 'own patch configmaps'], 'to replace a sealing key', async () => {
    const key = `/api/v1/namespaces/${world.operatorNamespace}/secrets/square-operator-sealing-key-1`;
    const body = { metadata: { labels: { 'square-operator.dev/sealing-key-state': 'retired' } } };
    await world.api.ask('PATCH', key, { body, contentType: 'application/merge-patch+json' });
  });
  needs(
    ['own get secrets', 'own delete secrets'],
    'to keep a grant in escrow until it has found its place',
    async () => {
      world.gateway?.clear();
      const party = await scene.connected({ flow: 'PKCE' });
      const sealed = await refreshUnstored(world, scene, party);
      const escrowed = () =>
        world.live.all('secrets', world.operatorNamespace).some(({ type }) => type === 'square-operator.dev/escrow');
      await world.live.until('it lies in escrow', escrowed);
      await scene.remove('secrets', sealed);
      await world.live.until('it lies there no longer', () => !escrowed());
    },
  );
  for (const [kind, resource] of [
    ['Deployment', 'deployments'],
    ['StatefulSet', 'statefulsets'],
    ['DaemonSet', 'daemonsets'],
  ] as const) {
    needs([`watched get ${resource}`, `watched patch ${resource}`], `to restart a ${kind}`, async () => {
      const name = kind.toLowerCase();
      const labels = { app: name };
      const containers = [{ name: 'main', image: 'example.com/main:1' }];
      const body = {
        metadata: { name, annotations: { 'square-operator.dev/allow-restart': 'true' } },
        spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
      };
      await world.api.ask('POST', `/apis/apps/v1/namespaces/${world.namespace}/${resource}`, { body });
      const party = await scene.connected({ name, spec: { rolloutRestartTargets: [{ kind, name }] } });
      await scene.request(party.name, 'refresh');
      await world.live.until('it is renewed', () => scene.status(party.name).revision === 2);
      await scene.pass(600_000);
    });
  }
  needs(
    ['cluster create tokenreviews', 'cluster create subjectaccessreviews', 'watched get squareconnections'],
    'to show the platform team what they may see, and take their requests',
    async () => {
      world.gateway?.clear();
      const { api, operatorNamespace, namespace } = world;
      const account = `/api/v1/namespaces/${operatorNamespace}/serviceaccounts`;
      await api.ask('POST', account, { body: { metadata: { name: 'staff' } } });
      const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
      const rules = [
        { apiGroups: ['square-operator.dev'], resources: ['squareconnections'], verbs: ['get', 'list', 'patch'] },
      ];
      await api.ask('POST', `${roles}/roles`, { body: { metadata: { name: 'staff' }, rules } });
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'staff' };
      const subjects = [{ kind: 'ServiceAccount', name: 'staff', namespace: operatorNamespace }];
      await api.ask('POST', `${roles}/rolebindings`, { body: { metadata: { name: 'staff' }, roleRef, subjects } });
      const body = { spec: { audiences: ['square-operator'] } };
      const { status } = await api.ask<{ status: { token: string } }>('POST', `${account}/staff/token`, { body });
      const person = openPerson(world.frontDoor?.url ?? '');
      await person.get('/connections');
      await person.submit('/sign-in', { token: status.token });
      for (const [submit, ready] of [
        ['suspend', 'False/Suspended'],
        ['resume', 'True/Valid'],
        ['suspend', 'False/Suspended'],
        ['resume', 'True/Valid'],
      ] as const) {
        await person.get(`/connections/${namespace}/first`);
        await person.submit(`/${submit}`);
        await scene.becomes('first', { Ready: ready });
      }
    },
  );
  needs(['watched patch events'], 'to count what happens again on the event that there is', async () => {
    await world.operators.at(-1)?.stop();
    await world.startOperator();
  });

  test('anybody with an account may read the public half of the sealing key, and nothing beside it', async () => {
    const dir = await runDir();
    const anybody = await openApi(await createPerson(world.api, kubeconfig(), dir, 'viewer', [world.namespace]));
    const home = `/api/v1/namespaces/${world.operatorNamespace}`;
    const status = async (path: string) => (await anybody.send('GET', `${home}/${path}`)).status;
    expect(await status(`configmaps/${sealingKeyConfigMap}`)).toBe(200);
    for (const other of [
      'configmaps',
      'configmaps/kube-root-ca.crt',
      'secrets',
      'secrets/square-operator-sealing-key-1',
    ])
      expect([other, await status(other)]).toEqual([other, 403]);
    await anybody.close();
    await rm(dir, { recursive: true });
    expect(rightsOf('own', publicPermissions)).toEqual(['own get configmaps']);
  });

  describe('as a whole', () =>
    areAllOf([
      ...rightsOf('watched', [...watchedPermissions, ...watchedNamespacePermissions, ...rolloutRestartPermissions]),
      ...rightsOf('own', ownNamespacePermissions),
      ...rightsOf('cluster', staffPagePermissions),
    ]));
});
