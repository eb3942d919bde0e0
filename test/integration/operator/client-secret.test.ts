import { expect, test } from 'vitest';
import { days, minutes } from '../../../src/clock.ts';
import { aSecret } from '../../support/objects.ts';
import type { App, Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('a wrong client secret that 20 connections share', {}, (world, scene) => {
  const ready = (name: string) => world.live.get('applications', world.namespace, name)?.status?.conditions?.[0];
  const requests = (app: App) => world.square.requests.entries({ endpoint: 'token', clientID: app.clientID }).length;
  const give = (app: App, secret: string) =>
    scene.edit('secrets', `${app.name}-client`, { stringData: { 'client-secret': secret } });
  const twenty = Array.from({ length: 20 }, (_, i) => i);
  /** An application's status is written every 30 s at most. */
  const told = (app: App, reason: string) =>
    world.live.until(`${app.name}: ${reason}`, () => ready(app.name)?.reason === reason, 45_000);

  test('costs at most 20 token requests, then one a probe, is told once, and heals when it is corrected', async () => {
    const app = await scene.application('mistaken');
    // Nobody can tell yet, and nobody claims to.
    await world.live.until('it is looked at', () => ready(app.name)?.message?.includes('first seller'));
    await give(app, 'sq0csp-not-the-secret');
    const parties = await Promise.all(twenty.map(() => scene.connect({ app })));
    for (const { name } of parties)
      await scene.becomes(name, { Ready: 'False/ApplicationNotReady', Revoked: 'Unknown' });
    const first = requests(app);
    expect(first).toBeGreaterThanOrEqual(1);
    expect(first).toBeLessThanOrEqual(20);

    for (let probe = 1; probe <= 4; probe += 1) {
      await scene.pass(minutes(40));
      expect(requests(app)).toBe(first + probe);
    }
    await told(app, 'ClientRefused');
    expect(ready(app.name)?.message).toMatch(
      /application ID sq0\S+ with the client secret in Secret mistaken-client, key client-secret, since \d{4}-/,
    );
    const events = parties.flatMap(({ name }) => scene.events(name)).filter(({ type }) => type === 'Warning');
    expect(events).toEqual([]);

    await give(app, app.clientSecret);
    for (const { name } of parties) await scene.becomes(name, { Ready: 'True/Valid' });
    for (const { merchantID } of parties) {
      expect(world.square.ledger.tokenRequests({ merchantID, outcome: 'issued' })).toHaveLength(1);
    }
    await world.live.until('it works', () => ready(app.name)?.message === 'The application can be used.', 45_000);
    expect(ready(app.name)?.reason).toBe('Ready');
  }, 120_000);

  test('leaves grants that are held as they are', async () => {
    const app = await scene.application('rotated');
    const parties: Party[] = [];
    for (const _ of twenty) parties.push(await scene.connected({ app }));
    const before = requests(app);
    const { clientSecret } = world.square.rotateSecret(app);
    await scene.pass(days(7));
    expect(requests(app)).toBeLessThanOrEqual(before + 20);
    for (const { name } of parties) {
      await scene.becomes(name, {
        Ready: 'True',
        Valid: 'True',
        Revoked: 'False',
        Renewable: 'Unknown/ApplicationNotReady',
      });
      expect(scene.status(name).revision).toBe(1);
    }
    const beforeProbe = requests(app);
    await scene.pass(minutes(40));
    expect(requests(app)).toBe(beforeProbe + 1);
    await give(app, clientSecret);
    for (const { name } of parties) {
      await scene.becomes(name, { Ready: 'True/Valid', Renewable: 'True' });
      await world.live.until('it is renewed', () => scene.status(name).revision === 2);
    }
  });

  test('the previous secret is tried once while the new one is not known to Square yet', async () => {
    const app = await scene.application('rotating', { previousClientSecretRef: { name: 'main-client' } });
    const previous = aSecret(world.namespace, 'main-client', { 'client-secret': app.clientSecret });
    await scene.create('secrets', previous);
    await give(app, 'sq0csp-not-yet');
    const party = await scene.connected({ app });
    expect(scene.tokenRequests(party)).toBe(2);
  });

  test('an application that Square disables is told once, and noticed by verifications alone', async () => {
    const app = await scene.application('disabled');
    const parties: Party[] = [];
    for (let n = 0; n < 5; n++) parties.push(await scene.connected({ app }));
    const before = requests(app);
    const disabled = parties.map(({ merchantID }) =>
      world.square.faults.add({
        endpoint: 'locations',
        merchantID,
        effect: { kind: 'answer', status: 403, code: 'APPLICATION_DISABLED', category: 'AUTHENTICATION_ERROR' },
      }),
    );
    // Two failed verifications put in doubt what was proven before.
    await scene.pass(minutes(70));
    await scene.pass(minutes(70));
    await told(app, 'ClientDisabled');
    expect(ready(app.name)?.message).toMatch(/has disabled the application ID sq0\S+.* since \d{4}-/);
    for (const { name } of parties) {
      await scene.becomes(name, {
        Ready: 'True/ApplicationNotReady',
        Valid: 'Unknown/ApplicationNotReady',
        Revoked: 'False',
        Published: 'True',
      });
    }
    const warnings = () => parties.flatMap(({ name }) => scene.events(name)).filter(({ type }) => type === 'Warning');
    expect(warnings()).toEqual([]);
    expect(requests(app)).toBe(before);

    for (const fault of disabled) world.square.faults.remove(fault);
    await scene.pass(minutes(70));
    for (const { name } of parties) await scene.becomes(name, { Ready: 'True/Valid', Valid: 'True' });
    await told(app, 'Ready');
    expect(warnings()).toEqual([]);
  }, 120_000);
});
