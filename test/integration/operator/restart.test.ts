import { expect, test } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import type { FaultSpec } from '../../simulator/faults.ts';
import { aConnection, aSecret } from '../../support/objects.ts';
import { idle } from '../../support/operator.ts';
import { matches, type Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const refused: FaultSpec['effect'] = { kind: 'answer', status: 401, shape: 'V1', message: 'Invalid refresh token' };
const unavailable: FaultSpec['effect'] = { kind: 'answer', status: 503 };
const unauthorized: FaultSpec['effect'] = {
  kind: 'answer',
  status: 401,
  shape: 'V2',
  category: 'AUTHENTICATION_ERROR',
  code: 'UNAUTHORIZED',
};

operatorSuite('another process takes over', { gateway: true }, (world, scene) => {
  const situations: Record<string, string> = {
    healthy: 'True/Valid',
    single: 'True/Valid',
    personal: 'True/Valid',
    waiting: 'False/AwaitingAuthorization',
    revoked: 'False/Revoked',
    rejected: 'False/TokenRejected',
    ending: 'True/ReauthorizationNeeded',
    unverified: 'True/Unverified',
    expired: 'False/Expired',
    suspended: 'False/Suspended',
    refusing: 'False/CredentialRefused',
    damaged: 'False/GrantUnreadable',
    retained: 'False/RetainedGrantFound',
  };

  /** Every version that the API server holds of what the operator writes. */
  const versions = () =>
    (['connections', 'secrets', 'applications'] as const)
      .flatMap((collection) => world.live.all(collection, world.namespace))
      .map(({ metadata: { name, resourceVersion } }) => `${name}@${resourceVersion}`)
      .sort();
  const writes = () =>
    (world.gateway?.requests() ?? [])
      .filter(({ method }) => method !== 'GET')
      .map(({ method, path }) => `${method} ${path}`);
  /** An application's status is written every 30 s at most, so it may be behind. */
  const counted = () =>
    world.live.all('applications', world.namespace).every(({ metadata: { name }, status }) => {
      const own = world.live
        .all('connections', world.namespace)
        .filter(({ spec }) => spec.applicationRef?.name === name);
      const ready = own.filter((one) => matches(one, { Ready: 'True' })).length;
      return status?.connections?.total === own.length && status.connections.ready === ready;
    });
  const tokenRequests = () => world.square.requests.counts()['token'] ?? 0;
  const strike = ({ merchantID }: Party, endpoint: FaultSpec['endpoint'], effect: FaultSpec['effect']) =>
    world.square.faults.add({ endpoint, merchantID, effect });
  const connect = (name: string, spec: object = {}) => scene.connected({ name, spec });

  test('connections in every situation', async () => {
    // At the end of this Square's clock is right, so that a process that has not heard of Square yet is not misled.
    world.square.clock.advance(-days(9));
    const pkce = await scene.application('pkce', { flow: 'PKCE', clientSecretRef: null });
    await scene.connected({ name: 'single', app: pkce, flow: 'PKCE' });
    await scene.settle();
    await connect('healthy');
    const revoked = await connect('revoked');
    const rejected = await connect('rejected');
    const ending = await connect('ending');
    const unverified = await connect('unverified');
    const expired = await connect('expired', { shortLived: true });
    await connect('suspended');
    const { clientID } = revoked;
    const { merchantID } = world.sandbox.addSeller();
    const personal = world.sandbox.addPersonalAccessToken({
      clientID: world.sandbox.addApplication().clientID,
      merchantID,
    });
    const secret = (name: string, token: string) => scene.create('secrets', aSecret(world.namespace, name, { token }));
    await secret('personal-credential', personal.value);
    await secret('refusing-credential', `EQAA${'x'.repeat(60)}`);
    const ref = (name: string) => ({ secretRef: { name, key: 'token' } });
    const applicationRef = { name: 'app' };
    const create = (name: string, spec: object) =>
      scene.create('connections', aConnection(world.namespace, name, spec));
    await create('personal', {
      environment: 'Sandbox',
      credential: { personalAccessToken: ref('personal-credential') },
    });
    await create('refusing', { applicationRef, credential: { refreshToken: ref('refusing-credential') } });
    await create('waiting', { applicationRef });
    await connect('damaged');
    await connect('retained');

    world.square.disconnect({ clientID, merchantID: revoked.merchantID });
    strike(rejected, 'locations', unauthorized);
    strike(rejected, 'token', refused);
    strike(ending, 'token', refused);
    strike(expired, 'token', unavailable);
    await scene.edit('connections', 'suspended', { spec: { suspend: true } });
    await scene.edit('secrets', 'damaged-sealed', { stringData: { 'grant.jwe': 'nonsense' } });
    await scene.remove('connections', 'retained');
    await create('retained', { applicationRef });
    await scene.pass(days(8));
    strike(unverified, 'any', unavailable);
    for (let slot = 0; slot < 23; slot += 4) await scene.pass(hours(4));
    world.square.clock.set(Date.now());
    await scene.settle();
    for (const [name, wanted] of Object.entries(situations)) await scene.becomes(name, { Ready: wanted });
    await world.live.until('the applications have counted their connections', counted, 45_000);
  }, 120_000);

  test('after a restart nothing is written and no token is asked for, and all is as it was', async () => {
    const before = { versions: versions(), tokens: tokenRequests() };
    await world.operators[0]?.stop();
    world.gateway?.clear();
    const operator = await world.startOperator();
    await world.live.until('the next one leads', () => operator.isLeader());
    await idle(operator);
    expect(writes(), operator.log.join('')).toEqual([]);
    expect(versions()).toEqual(before.versions);
    expect(tokenRequests()).toBe(before.tokens);
    for (const [name, wanted] of Object.entries(situations)) await scene.becomes(name, { Ready: wanted });
  });

  test('a standby only watches, and when it leads it writes nothing and asks for no token', async () => {
    const leading = world.operators.at(-1);
    const standby = await world.startOperator();
    await world.live.until('it is ready', () => standby.log.join('').includes('"msg":"watching"'));
    expect(standby.isLeader()).toBe(false);
    // News of work that another one does: none of it waits here.
    await scene.settle();
    const { text } = await standby.get('metrics');
    expect(text).not.toMatch(/^square_connection_token_age_seconds/m);
    expect(text).toMatch(/^workqueue_depth\{name="squareconnection"\} 0$/m);
    expect(text).not.toMatch(/^workqueue_adds_total/m);
    const before = { versions: versions(), tokens: tokenRequests() };
    world.gateway?.clear();
    await leading?.stop();
    await world.live.until('the standby leads', () => standby.isLeader());
    await idle(standby);
    expect(writes()).toEqual([]);
    expect(versions()).toEqual(before.versions);
    expect(tokenRequests()).toBe(before.tokens);
    expect((await standby.get('metrics')).text).toMatch(/^square_connection_token_age_seconds\{[^}]*name="healthy"/m);
  });

  test('and it goes on with the work', async () => {
    await scene.pass(days(7));
    await scene.becomes('healthy', { Ready: 'True/Valid' });
    await scene.edit('connections', 'suspended', { spec: { suspend: null } });
    await scene.becomes('suspended', { Ready: 'True/Valid' });
    expect(world.square.ledger.spentAgain()).toEqual([]);
  });
});
