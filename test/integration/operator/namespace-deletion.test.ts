import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { hours, minutes } from '../../../src/clock.ts';
import type { FaultSpec } from '../../simulator/faults.ts';
import { collectionPath } from '../../support/live.ts';
import { aConnection, anApplication, aSecret } from '../../support/objects.ts';
import { ownControlPlane } from '../../support/own-control-plane.ts';
import { matches } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const unavailable: FaultSpec['effect'] = { kind: 'answer', status: 503 };

/** One namespace for each test: it is deleted with all that is in it. */
const doomed = { revoked: {}, retained: {}, unreachable: {}, orphaned: {}, elsewhere: {}, resumed: {}, later: {} };
type Doomed = keyof typeof doomed;

// Rights that lie in the namespace itself would go with it.
const options = { namespaces: doomed, clusterWide: true, kubeconfig: ownControlPlane() };

vi.setConfig({ testTimeout: minutes(4) });

operatorSuite('a namespace that is deleted', options, (world, scene) => {
  const namespaceOf = (short: Doomed) => world.others[short] ?? '';
  const live = (merchantID: string) => world.square.ledger.liveRefreshTokens({ merchantID });
  const find = (short: Doomed, name = 'bakery') => world.live.get('connections', namespaceOf(short), name);
  const toldAtHome = () =>
    world.live.all('events', world.operatorNamespace).map(({ reason, note }) => `${reason} ${note}`);
  const strike = (merchantID: string) =>
    world.square.faults.add({ endpoint: 'revoke', merchantID, effect: unavailable });
  const remove = (short: Doomed) => world.api.ask('DELETE', `/api/v1/namespaces/${namespaceOf(short)}`);
  async function gone(short: Doomed): Promise<void> {
    const path = `/api/v1/namespaces/${namespaceOf(short)}`;
    // A try that failed is followed by a growing pause, and the namespace controller has pauses of its own.
    const until = performance.now() + minutes(3);
    // Nothing of the tests follows namespaces.
    for (;;) {
      const { status, body } = await world.api.send('GET', path);
      if (status === 404) return;
      const left = () => `${JSON.stringify(find(short)?.status)}\n${JSON.stringify(body)}`;
      if (performance.now() > until) throw new Error(`the namespace ${short} is still there: ${left()}`);
      await pause(50);
    }
  }

  /** Finalizers of somebody else on the application and its Secret: they stay when their namespace goes. */
  async function keepApplication(short: Doomed, finalizers: readonly string[]): Promise<void> {
    const options = { body: { metadata: { finalizers } }, contentType: 'application/merge-patch+json' };
    const paths = { secrets: 'pos-client', applications: 'pos' } as const;
    for (const [collection, name] of Object.entries(paths)) {
      await world.api.ask(
        'PATCH',
        `${collectionPath(collection as keyof typeof paths, namespaceOf(short))}/${name}`,
        options,
      );
    }
  }

  /** A connection with its application and both users' Secrets in the namespace, ready. */
  async function settled(short: Doomed, spec: object = { deletionPolicy: 'Revoke' }): Promise<string> {
    const namespace = namespaceOf(short);
    const { clientID, clientSecret } = world.square.addApplication();
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID, merchantID });
    await scene.create('secrets', aSecret(namespace, 'pos-client', { 'client-secret': clientSecret }));
    await scene.create('secrets', aSecret(namespace, 'bakery-token', { token: refreshToken.value }));
    await scene.create('applications', anApplication(namespace, 'pos', { clientID }));
    const credential = { refreshToken: { secretRef: { name: 'bakery-token', key: 'token' } } };
    await scene.create(
      'connections',
      aConnection(namespace, 'bakery', { applicationRef: { name: 'pos' }, credential, ...spec }),
    );
    await scene.becomes('bakery', { Ready: 'True/Valid' }, namespace);
    return merchantID;
  }

  test('takes the authorization along under Revoke, although its Secrets and its application go first', async () => {
    const merchantID = await settled('revoked');
    await remove('revoked');
    await gone('revoked');
    expect(live(merchantID)).toEqual([]);
    expect(scene.revocations({ merchantID })).toHaveLength(1);
    expect(toldAtHome()).toEqual([]);
  });

  test('revokes nothing under Retain', async () => {
    const merchantID = await settled('retained', {});
    await remove('retained');
    await gone('retained');
    expect(live(merchantID)).toHaveLength(1);
    expect(scene.revocations({ merchantID })).toEqual([]);
  });

  test('is not held up for ever while Square cannot be had', async () => {
    const merchantID = await settled('unreachable');
    strike(merchantID);
    await remove('unreachable');
    // What is gone has been given up. A try whose pause is short may follow at once on the one before it; and before the
    // connection itself is deleted its token Secret goes, which cannot be written again.
    const hasTried = (times: number) => {
      const connection = find('unreachable');
      const { operation, count = 0 } = connection?.status?.lastFailure ?? {};
      return connection === undefined || (operation === 'Revoke' && count >= times);
    };
    for (let done = 1; done < 10; done++) {
      await world.live.until(`${done} tries`, () => hasTried(done));
      await scene.pass(minutes(7));
    }
    await gone('unreachable');
    expect(live(merchantID)).toHaveLength(1);
    const told = await world.live.until('it is told at home', () =>
      toldAtHome().find((one) => one.includes(namespaceOf('unreachable'))),
    );
    expect(told).toMatch(/^RevokeGivenUp .*\/bakery \(merchant \w+\): .*Given up after 10 tries.* goes on at Square/);
    expect(told).not.toContain('keeps the grant');
  });

  test('is let go at once by an operator that was not there when the application went', async () => {
    const merchantID = await settled('orphaned');
    await world.operators.at(-1)?.stop();
    await remove('orphaned');
    const namespace = namespaceOf('orphaned');
    await world.live.until(
      'only what bears a finalizer is left',
      () =>
        world.live.get('applications', namespace, 'pos') === undefined &&
        world.live
          .all('secrets', namespace)
          .map(({ metadata }) => metadata.name)
          .join() === 'bakery-sealed',
    );
    expect(find('orphaned')).toBeDefined();
    await world.startOperator();
    await gone('orphaned');
    expect(live(merchantID)).toHaveLength(1);
    const told = await world.live.until('it is told at home', () =>
      toldAtHome().find((one) => one.includes(namespace)),
    );
    expect(told).toMatch(
      /^RevokeGivenUp .*\(merchant \w+\).*\/pos does not exist any more.*Its namespace is being deleted/,
    );
  });

  test('is let go by an operator that ends in the midst of it and comes back', async () => {
    const merchantID = await settled('resumed');
    const fault = strike(merchantID);
    await remove('resumed');
    await world.live.until('it is tried', () => matches(find('resumed') ?? missing(), { Ready: 'False/Revoking' }));
    await world.operators.at(-1)?.stop();
    world.square.faults.remove(fault);
    await world.startOperator();
    await gone('resumed');
    // Whether the application was still there when the operator came back is the namespace controller's affair.
    const isTold = () => toldAtHome().some((one) => one.includes(namespaceOf('resumed')));
    await world.live.until('it is ended, or told at home', () => live(merchantID).length === 0 || isTold());
  });

  test('takes the authorization along by an operator that comes back and has not heard the time of Square yet', async () => {
    const merchantID = await settled('later');
    await keepApplication('later', ['example.com/kept']);
    await scene.pass(hours(1));
    const fault = strike(merchantID);
    await remove('later');
    await world.live.until('it failed', () => find('later')?.status?.lastFailure?.operation === 'Revoke');
    await world.operators.at(-1)?.stop();
    world.square.faults.remove(fault);
    await world.startOperator();
    await world.live.until('it is ended', () => live(merchantID).length === 0);
    await keepApplication('later', []);
    await gone('later');
  });

  test('ends the authorization by an application that is in another namespace', async () => {
    const app = await scene.application('shared', { allowedNamespaces: { from: 'All' } });
    const namespace = namespaceOf('elsewhere');
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID });
    await scene.create('secrets', aSecret(namespace, 'bakery-token', { token: refreshToken.value }));
    const credential = { refreshToken: { secretRef: { name: 'bakery-token', key: 'token' } } };
    const spec = { applicationRef: { name: app.name, namespace: app.namespace }, credential, deletionPolicy: 'Revoke' };
    await scene.create('connections', aConnection(namespace, 'bakery', spec));
    await scene.becomes('bakery', { Ready: 'True/Valid' }, namespace);
    await world.operators.at(-1)?.stop();
    await remove('elsewhere');
    await world.live.until(
      'only what bears a finalizer is left',
      () =>
        world.live
          .all('secrets', namespace)
          .map(({ metadata }) => metadata.name)
          .join() === 'bakery-sealed',
    );
    await world.startOperator();
    await gone('elsewhere');
    expect(live(merchantID)).toEqual([]);
  });
});

function missing(): never {
  throw new Error('there is no connection');
}
