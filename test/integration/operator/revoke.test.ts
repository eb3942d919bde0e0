import { expect, test } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import type { FaultSpec } from '../../simulator/faults.ts';
import { aConnection, aSecret } from '../../support/objects.ts';
import type { ConnectWish, Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const finalizer = 'square-operator.dev/connection';
const unavailable: FaultSpec['effect'] = { kind: 'answer', status: 503 };

operatorSuite(
  'a connection that is deleted under deletionPolicy: Revoke',
  { namespaces: { leaving: {} } },
  (world, scene) => {
    const connected = (wish: ConnectWish = {}) =>
      scene.connected({ ...wish, spec: { deletionPolicy: 'Revoke', ...wish.spec } });
    const state = (name: string) => scene.secret(name)?.metadata.annotations?.['square-operator.dev/state'];
    const live = ({ clientID, merchantID }: Party) => world.square.ledger.liveRefreshTokens({ clientID, merchantID });
    const find = (name: string) => world.live.get('connections', world.namespace, name);
    const gone = (name: string) => world.live.until(`${name} is gone`, () => find(name) === undefined);
    const finalized = (name: string) => find(name)?.metadata.finalizers?.includes(finalizer) === true;
    const sealedFinalized = (name: string) =>
      scene.secret(`${name}-sealed`)?.metadata.finalizers?.includes(finalizer) === true;
    const strike = ({ merchantID }: Party, effect: FaultSpec['effect']) =>
      world.square.faults.add({ endpoint: 'revoke', merchantID, effect });
    const toldAtHome = () =>
      world.live.all('events', world.operatorNamespace).map(({ reason, note }) => `${reason} ${note}`);
    const metrics = async () => (await world.operators.at(-1)?.get('metrics'))?.text ?? '';
    const retained = async () => Number(/^square_operator_retained_grants (\d+)$/m.exec(await metrics())?.[1]);

    test('ends the authorization at Square, takes both Secrets along and goes', async () => {
      const party = await connected();
      expect(finalized(party.name) && sealedFinalized(party.name)).toBe(true);
      await scene.remove('connections', party.name);
      await gone(party.name);
      expect(live(party)).toEqual([]);
      expect(scene.revocations(party)).toHaveLength(1);
      await world.live.until(
        'both Secrets are gone',
        () => !scene.secret(party.name) && !scene.secret(`${party.name}-sealed`),
      );
      expect((await scene.event(party.name, 'Disconnected')).note).toContain(party.merchantID);
      expect(await metrics()).toMatch(
        /^square_connection_revoke_total\{result="success",reason="ConnectionDeleted"\} 1$/m,
      );
      expect(await retained()).toBe(0);
      expect(toldAtHome()).toEqual([]);
    });

    test('bears finalizers only under that policy, whichever way it is switched', async () => {
      const party = await scene.connected();
      expect(finalized(party.name) || sealedFinalized(party.name)).toBe(false);
      await scene.edit('connections', party.name, { spec: { deletionPolicy: 'Revoke' } });
      await world.live.until('both have it', () => finalized(party.name) && sealedFinalized(party.name));
      await scene.edit('connections', party.name, {
        metadata: { finalizers: [...(find(party.name)?.metadata.finalizers ?? []), 'example.com/other'] },
      });
      await scene.edit('connections', party.name, { spec: { deletionPolicy: 'Retain' } });
      await world.live.until('neither has it', () => !finalized(party.name) && !sealedFinalized(party.name));
      expect(find(party.name)?.metadata.finalizers).toEqual(['example.com/other']);
      await scene.edit('connections', party.name, { metadata: { finalizers: null } });
      await scene.remove('connections', party.name);
      await world.live.until('its token is orphaned', () => state(party.name) === 'orphaned');
      expect(live(party)).toHaveLength(1);
      expect(scene.revocations(party)).toEqual([]);
      expect(await retained()).toBe(1);
      await scene.remove('secrets', `${party.name}-sealed`);
    });

    test('says what holds it up while Square cannot be had, and goes when it can', async () => {
      const party = await connected();
      const fault = strike(party, unavailable);
      await scene.remove('connections', party.name);
      const { status } = await scene.becomes(party.name, {
        Ready: 'False/Revoking',
        Valid: 'True',
        Reconciling: 'True',
      });
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toMatch(
        /not available.*Failed once.*10 tries/,
      );
      expect(state(party.name)).toBeUndefined();
      world.square.faults.remove(fault);
      await scene.pass(minutes(1));
      await gone(party.name);
      expect(live(party)).toEqual([]);
      expect(toldAtHome()).toEqual([]);
    });

    test('goes after ten tries, over a restart too; the grant is retained, and that is told where it is found', async () => {
      const party = await connected();
      strike(party, unavailable);
      await scene.remove('connections', party.name);
      // What is gone has been given up. A try whose pause is short may follow at once on the one before it.
      const hasTried = (times: number) => {
        const connection = find(party.name);
        return connection === undefined || (connection.status?.lastFailure?.count ?? 0) >= times;
      };
      for (let done = 1; done < 10; done++) {
        await world.live.until(`${done} tries`, () => hasTried(done));
        if (done === 4) {
          await world.operators.at(-1)?.stop();
          await world.startOperator();
        }
        await scene.pass(minutes(7));
      }
      await gone(party.name);
      expect(scene.revocations(party)).toHaveLength(10);
      await world.live.until('its token is orphaned', () => state(party.name) === 'orphaned');
      expect(live(party)).toHaveLength(1);
      expect(scene.secret(`${party.name}-sealed`)).toBeDefined();
      expect(sealedFinalized(party.name)).toBe(false);
      const told = await world.live.until('it is told at home', () =>
        toldAtHome().find((one) => one.includes(party.name)),
      );
      expect(told).toMatch(/^RevokeGivenUp SquareConnection .*Given up after 10 tries.*-sealed keeps the grant/);
      expect(await scene.event(party.name, 'RevokeGivenUp')).toMatchObject({ type: 'Warning' });
      expect(await metrics()).toMatch(
        /^square_connection_revoke_total\{result="given_up",reason="RevokeGivenUp"\} 1$/m,
      );
      expect(await retained()).toBe(1);

      world.square.faults.clear();
      const spec = { applicationRef: { name: 'app' }, merchantID: party.merchantID, deletionPolicy: 'Revoke' };
      await scene.create('connections', aConnection(world.namespace, party.name, spec));
      await scene.becomes(party.name, { Ready: 'True/Valid' });
      await scene.remove('connections', party.name);
      await gone(party.name);
      expect(live(party)).toEqual([]);
      expect(await retained()).toBe(0);
    });

    test('goes without an application secret, and keeps the grant', async () => {
      const app = await scene.application('pkce', { flow: 'PKCE', clientSecretRef: null });
      const party = await connected({ app, flow: 'PKCE' });
      await scene.remove('connections', party.name);
      await gone(party.name);
      expect(live(party)).toHaveLength(1);
      expect(scene.revocations(party)).toEqual([]);
      expect((await scene.event(party.name, 'RevokeUnsupported')).note).toMatch(/Square Dashboard.*keeps the grant/);
      await world.live.until('it is told at home', () =>
        toldAtHome().some((one) => one.startsWith('RevokeUnsupported')),
      );
      await world.live.until('its token is orphaned', () => state(party.name) === 'orphaned');
      expect(await retained()).toBe(1);
      await scene.remove('secrets', `${party.name}-sealed`);
    });

    test('takes the Secrets of a personal access token along, and says that Square was told nothing', async () => {
      const { clientID } = world.square.addApplication();
      const { merchantID } = world.square.addSeller();
      const personal = world.square.addPersonalAccessToken({ clientID, merchantID });
      await scene.create('secrets', aSecret(world.namespace, 'personal-credential', { token: personal.value }));
      const credential = { personalAccessToken: { secretRef: { name: 'personal-credential', key: 'token' } } };
      const spec = { environment: 'Production', credential, deletionPolicy: 'Revoke' };
      await scene.create('connections', aConnection(world.namespace, 'personal', spec));
      await scene.becomes('personal', { Ready: 'True/Valid' });
      await scene.remove('connections', 'personal');
      await gone('personal');
      await world.live.until(
        'both Secrets are gone',
        () => !scene.secret('personal') && !scene.secret('personal-sealed'),
      );
      expect((await scene.event('personal', 'PersonalAccessToken')).note).toContain('Developer Console');
      expect(scene.revocations({ merchantID })).toEqual([]);
    });

    test('ends only its access token while another connection uses the same authorization', async () => {
      const party = await connected();
      const other = await connected({ merchantID: party.merchantID });
      await scene.remove('connections', party.name);
      await gone(party.name);
      expect(scene.revocations(party)).toMatchObject([{ revoke_only_access_token: true }]);
      expect((await scene.event(party.name, 'Disconnected')).note).toContain('another connection uses it');
      await scene.request(other.name, 'refresh');
      await world.live.until('it is renewed', () => scene.status(other.name).revision === 2);
      await scene.becomes(other.name, { Ready: 'True/Valid' });
      await scene.remove('connections', other.name);
      await gone(other.name);
      expect(live(party)).toEqual([]);
    });

    test('ends the whole authorization when asked for, and tells the other connection', async () => {
      const party = await connected();
      const other = await connected({ merchantID: party.merchantID });
      await scene.edit('connections', party.name, {
        metadata: { annotations: { 'square-operator.dev/revoke-all': 'true' } },
      });
      await scene.remove('connections', party.name);
      await gone(party.name);
      expect(live(party)).toEqual([]);
      expect((await scene.event(other.name, 'SharedAuthorizationEnded')).note).toContain(party.name);
      await scene.becomes(other.name, { Ready: 'False/Revoked' });
      await scene.remove('connections', other.name);
      await gone(other.name);
    });

    test('is let go without, when the policy becomes Retain in the midst of it', async () => {
      const party = await connected();
      const fault = strike(party, unavailable);
      await scene.remove('connections', party.name);
      await scene.becomes(party.name, { Ready: 'False/Revoking' });
      await scene.edit('connections', party.name, { spec: { deletionPolicy: 'Retain' } });
      await gone(party.name);
      world.square.faults.remove(fault);
      await world.live.until('its token is orphaned', () => state(party.name) === 'orphaned');
      expect(live(party)).toHaveLength(1);
      await scene.remove('secrets', `${party.name}-sealed`);
    });

    test('is ended although it is suspended', async () => {
      const party = await connected();
      await scene.edit('connections', party.name, { spec: { suspend: true } });
      await scene.becomes(party.name, { Ready: 'False/Suspended' });
      await scene.remove('connections', party.name);
      await gone(party.name);
      expect(live(party)).toEqual([]);
    });

    test('goes at once when it never held a grant, or was disconnected', async () => {
      const spec = { applicationRef: { name: 'app' }, deletionPolicy: 'Revoke' };
      await scene.create('connections', aConnection(world.namespace, 'empty', spec));
      await scene.becomes('empty', { Ready: 'False/AwaitingAuthorization' });
      await world.live.until('it has a finalizer', () => finalized('empty'));
      await scene.remove('connections', 'empty');
      await gone('empty');
      const party = await connected();
      await scene.request(party.name, 'disconnect');
      await scene.becomes(party.name, { Ready: 'False/Disconnected' });
      await scene.remove('connections', party.name);
      await gone(party.name);
      await world.live.until(
        'both Secrets are gone',
        () => !scene.secret(party.name) && !scene.secret(`${party.name}-sealed`),
      );
      expect(scene.revocations(party)).toHaveLength(1);
    });

    test('a sealed Secret that somebody deletes goes, and the connection stays', async () => {
      const party = await connected();
      await scene.remove('secrets', `${party.name}-sealed`);
      await world.live.until('it is gone', () => scene.secret(`${party.name}-sealed`) === undefined);
      expect(scene.revocations(party)).toEqual([]);
      await world.live.until('its credential is taken up anew', () => scene.status(party.name).revision === 2);
      await world.live.until('it is finalized again', () => sealedFinalized(party.name));
      await scene.remove('connections', party.name);
      await gone(party.name);
    });

    test('a sealed Secret is let go when somebody took the finalizer off the connection', async () => {
      const party = await connected();
      const fault = strike(party, unavailable);
      await scene.remove('connections', party.name);
      await scene.becomes(party.name, { Ready: 'False/Revoking' });
      await world.api.ask(
        'PATCH',
        `/apis/square-operator.dev/v1alpha1/namespaces/${world.namespace}/squareconnections/${party.name}`,
        { body: { metadata: { finalizers: null } }, contentType: 'application/merge-patch+json' },
      );
      await gone(party.name);
      world.square.faults.remove(fault);
      await world.live.until('its finalizer is gone', () => !sealedFinalized(party.name));
      expect(scene.secret(`${party.name}-sealed`)).toBeDefined();
      await scene.remove('secrets', `${party.name}-sealed`);
    });

    test('is told at home when the rights of the operator go before it, with its namespace', async () => {
      const namespace = world.others['leaving'] ?? '';
      const app = await scene.application('shared', { allowedNamespaces: { from: 'All' } });
      const { merchantID } = world.square.addSeller();
      const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
      await scene.create('secrets', aSecret(namespace, 'bakery-token', { token: refreshToken.value }));
      const credential = { refreshToken: { secretRef: { name: 'bakery-token', key: 'token' } } };
      const applicationRef = { name: app.name, namespace: app.namespace };
      const spec = { applicationRef, credential, deletionPolicy: 'Revoke' };
      await scene.create('connections', aConnection(namespace, 'bakery', spec));
      await scene.becomes('bakery', { Ready: 'True/Valid' }, namespace);
      const bindings = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;
      type Binding = {
        readonly metadata: { readonly name: string };
        readonly roleRef: object;
        readonly subjects: object;
      };
      const { items } = await world.api.ask<{ items: readonly Binding[] }>('GET', bindings);
      for (const { metadata } of items) await world.api.ask('DELETE', `${bindings}/${metadata.name}`);
      await scene.remove('connections', 'bakery', namespace);
      const told = await world.live.until('it is told at home', () =>
        toldAtHome().find((one) => one.includes(`${namespace}/bakery`)),
      );
      expect(told).toMatch(/^FinalizerNotRemoved .*kubectl -n \S+ patch sqc\/bakery .*finalizers/);
      expect(world.live.get('connections', namespace, 'bakery')).toBeDefined();
      for (const { metadata, roleRef, subjects } of items) {
        const body = { metadata: { name: metadata.name, namespace }, roleRef, subjects };
        await world.api.ask('POST', bindings, { body });
      }
      await world.live.until('it goes', () => world.live.get('connections', namespace, 'bakery') === undefined);
      expect(world.square.ledger.liveRefreshTokens({ clientID: app.clientID, merchantID })).toEqual([]);
    });
  },
);
