import { expect, test } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('a connection that is suspended', {}, (world, scene) => {
  const suspend = (name: string, value: boolean | null) =>
    scene.edit('connections', name, { spec: { suspend: value } });
  const versions = (name: string) => [name, `${name}-sealed`].map((one) => scene.secret(one)?.metadata.resourceVersion);

  test('asks nothing of Square and writes no Secret, whatever is due; resuming does it once', async () => {
    const party = await scene.connected({ spec: { verifyInterval: '1h' } });
    await suspend(party.name, true);
    await scene.becomes(party.name, { Ready: 'False/Suspended', Valid: 'True', Revoked: 'False', Stalled: 'absent' });
    const [calls, before] = [scene.calls(party), versions(party.name)];
    await scene.request(party.name, 'refresh');
    await scene.edit('connections', party.name, { spec: { shortLived: true, deletionPolicy: 'Revoke' } });
    await scene.pass(days(9));
    await world.live.until(
      'it has its finalizer',
      () => scene.connection(party.name).metadata.finalizers?.length === 1,
    );
    expect(scene.calls(party)).toBe(calls);
    expect(versions(party.name)).toEqual(before);
    expect(scene.status(party.name)).toMatchObject({ revision: 1 });

    await suspend(party.name, null);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(2);
    expect(scene.status(party.name)).toMatchObject({ revision: 2 });
    expect(scene.secret(`${party.name}-sealed`)?.metadata.finalizers).toHaveLength(1);
  });

  test('has an end of its token all the same, and is renewed when it goes on', async () => {
    const party = await scene.connected({ spec: { shortLived: true } });
    await suspend(party.name, true);
    await scene.becomes(party.name, { Ready: 'False/Suspended' });
    const calls = scene.calls(party);
    await scene.pass(hours(30));
    await scene.becomes(party.name, { Ready: 'False/Suspended', Expired: 'True', Valid: 'False' });
    expect(scene.secret(party.name)?.metadata.annotations?.['square-operator.dev/state']).toBeUndefined();
    expect(scene.calls(party)).toBe(calls);
    await suspend(party.name, false);
    await scene.becomes(party.name, { Ready: 'True/Valid', Expired: 'False' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(2);
  });

  test('takes a new credential up when it goes on, once', async () => {
    const party = await scene.connect({ spec: { suspend: true } });
    await scene.becomes(party.name, { Ready: 'False/Suspended' });
    await scene.settle();
    expect(scene.calls(party)).toBe(0);
    await suspend(party.name, null);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await scene.settle();
    expect(scene.tokenRequests(party)).toBe(1);
  });
});
