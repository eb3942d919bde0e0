import { describe, expect, test } from 'vitest';
import { days } from '../../../src/clock.ts';
import { clusterPermissions } from '../../../src/permissions.ts';
import { neededRights } from '../../support/needed-rights.ts';
import { ownControlPlane } from '../../support/own-control-plane.ts';
import { rightsOf } from '../../support/rights.ts';
import { operatorSuite } from '../../support/suite.ts';

const options = {
  clusterWide: true,
  gateway: 'without streaming lists',
  namespaces: { platform: {}, gold: { 'example.com/tier': 'gold' } },
  kubeconfig: ownControlPlane(),
} as const;

operatorSuite('an operator of the whole cluster', options, (world, scene) => {
  const { needs, areAllOf } = neededRights(world);
  const metrics = async () => (await world.operators.at(-1)?.get('metrics'))?.text ?? '';
  /** Names of the series that carry the connection's name. */
  const seriesOf = async (name: string) =>
    [...new Set((await metrics()).split('\n').filter((line) => line.includes(`name="${name}"`)))]
      .map((line) => line.replace(/\{.*$/, ''))
      .filter((series, i, all) => all.indexOf(series) === i)
      .sort();

  test('serves connections of any namespace under the ClusterRole, as it is deployed', async () => {
    const app = await scene.application('shared', { allowedNamespaces: { from: 'All' } }, world.others['platform']);
    await scene.connected({ app });
  });

  needs(
    ['cluster list namespaces', 'cluster watch namespaces'],
    'a namespace that gets the label that an application selects by is let in at once',
    async () => {
      const allowedNamespaces = { from: 'Selector', selector: { matchLabels: { 'example.com/tier': 'gold' } } };
      const app = await scene.application('golden', { allowedNamespaces }, world.others['platform']);
      const party = await scene.connect({ app });
      await scene.becomes(party.name, { Ready: 'False/NotAllowedByApplication' });
      const label = (value: string | null) =>
        world.api.ask('PATCH', `/api/v1/namespaces/${world.namespace}`, {
          body: { metadata: { labels: { 'example.com/tier': value } } },
          contentType: 'application/merge-patch+json',
        });
      await label('gold');
      await scene.becomes(party.name, { Ready: 'True/Valid' });
      await label(null);
      await scene.becomes(party.name, { Ready: 'False/NotAllowedByApplication', Valid: 'True' });
      expect(scene.tokenRequests(party)).toBe(1);
    },
  );

  needs(
    ['watched get namespaces'],
    'an authorization is ended with its connection, unless its namespace goes as a whole',
    async () => {
      const party = await scene.connected({ spec: { deletionPolicy: 'Revoke' } });
      await scene.remove('connections', party.name);
      await world.live.until('it is gone', () => !world.live.get('connections', world.namespace, party.name));
      expect(scene.revocations(party)).toHaveLength(1);
    },
  );

  test("a connection's series come with it and go with it", async () => {
    const party = await scene.connected({ name: 'measured' });
    expect(await seriesOf('measured')).toEqual([
      'square_connection_last_verified_timestamp_seconds',
      'square_connection_next_refresh_timestamp_seconds',
      'square_connection_status_condition',
      'square_connection_token_age_seconds',
      'square_connection_token_expiration_timestamp_seconds',
      'square_connection_token_issued_timestamp_seconds',
    ]);
    const labels = `namespace="${world.namespace}",name="measured",application="${world.namespace}/app",environment="Production"`;
    expect(await metrics()).toContain(`square_connection_status_condition{${labels},type="Ready",status="True"} 1`);
    expect(await metrics()).not.toContain(party.merchantID);
    world.square.clock.advance(days(3));
    await scene.settle();
    const age = /^square_connection_token_age_seconds\{[^}]*name="measured"[^}]*\} (\S+)$/m.exec(await metrics())?.[1];
    expect(Number(age)).toBeGreaterThanOrEqual(days(3) / 1_000);
    expect(Number(age)).toBeLessThan(days(3) / 1_000 + 120);
    await scene.remove('connections', 'measured');
    await world.live.until(
      'it is orphaned',
      () => scene.secret('measured')?.metadata.annotations?.['square-operator.dev/state'] === 'orphaned',
    );
    expect(await seriesOf('measured')).toEqual([]);
  });

  test('what the operator did is counted, and whether it can work is told', async () => {
    const text = await metrics();
    expect(text).toMatch(/^square_connection_refresh_total\{[^}]*result="success"[^}]*\} [1-9]/m);
    expect(text).toMatch(/^square_connection_verify_total\{[^}]*result="success"[^}]*\} [1-9]/m);
    expect(text).toMatch(/^square_api_requests_total\{[^}]*operation="ObtainToken",code="200"\} [1-9]/m);
    expect(text).toMatch(/^square_operator_sealing_key_in_cluster 1$/m);
    expect(text).toMatch(/^leader_election_master_status\{name="square-operator"\} 1$/m);
    expect(text).toMatch(/^square_operator_sealed_records\{key_id="[^"]+"\} [1-9]/m);
    for (const resource of ['connections', 'applications', 'credentials', 'grants', 'tokens', 'namespaces']) {
      expect(text).toMatch(
        new RegExp(`^square_operator_watch_last_event_timestamp_seconds\\{resource="${resource}"\\} [1-9]`, 'm'),
      );
    }
    const operator = world.operators.at(-1);
    expect(await operator?.get('healthz')).toEqual({ status: 200, text: 'ok' });
    expect(await operator?.get('readyz')).toEqual({ status: 200, text: 'ok' });
  });

  // One namespace's own is asked for by its name: that counts as in it.
  describe('its rights across the cluster, beside those of single namespaces,', () =>
    areAllOf(
      rightsOf('cluster', clusterPermissions).map((right) =>
        right === 'cluster get namespaces' ? 'watched get namespaces' : right,
      ),
    ));
});
