import { expect, test } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import { collectionPath } from '../../support/live.ts';
import type { StoredConnection, StoredSecret } from '../../support/objects.ts';
import type { Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

/** Sellers of PKCE, whose refresh tokens work once. */
const sellers = 40;
/** So many tokens that were used up since the backup are presented, and no more, ever. */
const aHandful = 5;

operatorSuite('a cluster that is put back to what it was 8 days ago', {}, (world, scene) => {
  const application = (name: string) => world.live.get('applications', world.namespace, name);
  const ready = (name: string) => application(name)?.status?.conditions?.[0];
  const spent = () => world.square.ledger.spentAgain();
  let parties: Party[] = [];
  let backup: { connections: StoredConnection[]; secrets: StoredSecret[] };

  const restart = async () => {
    await world.operators.at(-1)?.stop();
    return await world.startOperator();
  };
  const put = (collection: 'connections' | 'secrets', name: string, body: object, part = '') =>
    world.api.ask('PUT', `${collectionPath(collection, world.namespace)}/${name}${part}`, { body });

  async function putBack(): Promise<void> {
    for (const { metadata, data, type } of backup.secrets) {
      const { name } = metadata;
      const now = world.live.get('secrets', world.namespace, name);
      await put('secrets', name, { ...now, data, type });
    }
    for (const { metadata, status } of backup.connections) {
      const now = world.live.get('connections', world.namespace, metadata.name);
      await put('connections', metadata.name, { ...now, status }, '/status');
    }
  }

  test('presents a handful of tokens that were used up since, and says why it presents no more', async () => {
    const app = await scene.application('pkce', { flow: 'PKCE', clientSecretRef: null });
    parties = await Promise.all(
      Array.from({ length: sellers }, (_, i) => scene.connected({ name: `seller-${i}`, app, flow: 'PKCE' })),
    );
    await scene.settle();
    backup = {
      connections: parties.map(({ name }) => scene.connection(name)),
      secrets: world.live
        .all('secrets', world.namespace)
        .filter(({ metadata }) =>
          parties.some(({ name }) => metadata.name === `${name}-sealed` || metadata.name === name),
        ),
    };
    expect(backup.secrets).toHaveLength(2 * sellers);
    await scene.pass(days(7));
    for (const { name } of parties)
      await world.live.until(`${name} is renewed`, () => scene.status(name).revision === 2);
    await scene.pass(days(1));
    await world.operators.at(-1)?.stop();
    await putBack();
    await world.startOperator();
    await scene.settle();
    await world.live.until('the application says so', () => ready('pkce')?.reason === 'RefreshTokensRefused');
    expect(spent()).toHaveLength(aHandful);
    expect(ready('pkce')).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/^Square refused the single-use .*seller-.* since \d{4}-.*backup.*sign in again/),
    });
    const presented = new Set(spent().map(({ merchantID }) => merchantID));
    for (const { name, merchantID } of parties) {
      const renewable = presented.has(merchantID) ? 'False/RefreshRefused' : 'Unknown/RefreshHeldBack';
      await scene.becomes(name, { Ready: 'True', Valid: 'True', Revoked: 'False', Renewable: renewable });
    }
  }, 120_000);

  test('goes on so through restarts and weeks, while the tokens run out', async () => {
    for (const time of [hours(2), days(1), days(7), days(20)]) {
      await restart();
      await scene.pass(time);
    }
    expect(spent()).toHaveLength(aHandful);
    for (const { name } of parties) await scene.becomes(name, { Ready: 'False/Expired', Stalled: 'True' });
  }, 60_000);

  test('does what a person asks for, and takes new credentials, which open the way for no dead token', async () => {
    const presented = new Set(spent().map(({ merchantID }) => merchantID));
    const [one, another] = parties.filter(({ merchantID }) => !presented.has(merchantID));
    if (one === undefined || another === undefined) throw new Error('all were presented');
    await scene.request(one.name, 'refresh');
    await scene.becomes(one.name, { Renewable: 'False/RefreshRefused' });
    expect(spent()).toHaveLength(aHandful + 1);
    const { refreshToken } = world.square.grant({ ...another, flow: 'PKCE' });
    await scene.edit('secrets', another.credential, { stringData: { token: refreshToken.value } });
    await scene.becomes(another.name, { Ready: 'True/Valid', Renewable: 'True' });
    await scene.pass(days(7));
    await world.live.until('it is renewed', () => scene.status(another.name).revision === 3);
    await restart();
    await scene.pass(days(1));
    expect(ready('pkce')?.reason).toBe('RefreshTokensRefused');
    expect(spent()).toHaveLength(aHandful + 1);
  }, 60_000);
});

operatorSuite('refusals in a row that Square takes back', {}, (world, scene) => {
  const ready = (name: string) => world.live.get('applications', world.namespace, name)?.status?.conditions?.[0];

  test('hold the others back, until one that is tried now and then is renewed', async () => {
    const app = await scene.application('code');
    const parties: Party[] = [];
    for (let i = 0; i < 12; i++) parties.push(await scene.connected({ name: `code-${i}`, app }));
    const fault = world.square.faults.add({
      endpoint: 'token',
      clientID: app.clientID,
      effect: { kind: 'answer', status: 401, shape: 'V1', message: 'Invalid refresh token' },
    });
    await scene.pass(days(7));
    await world.live.until('the application says so', () => ready('code')?.reason === 'RefreshTokensRefused');
    const refused = world.square.faults.hits(fault);
    expect(refused).toBe(5);
    await scene.pass(hours(1.5));
    expect(world.square.faults.hits(fault)).toBeLessThanOrEqual(refused + 2);
    world.square.faults.remove(fault);
    await scene.pass(hours(4));
    await world.live.until('the application can be used', () => ready('code')?.reason === 'Ready', 45_000);
    await scene.pass(days(1));
    for (const { name } of parties) {
      await world.live.until(`${name} is renewed`, () => scene.status(name).revision === 2);
      await scene.becomes(name, { Ready: 'True/Valid', Renewable: 'True' });
    }
  }, 120_000);
});
