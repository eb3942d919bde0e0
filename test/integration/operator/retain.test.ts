import { expect, test } from 'vitest';
import { aConnection } from '../../support/objects.ts';
import type { Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

operatorSuite('a connection that is deleted and made again', {}, (world, scene) => {
  const state = (name: string) => scene.secret(name)?.metadata.annotations?.['square-operator.dev/state'];
  const credential = (party: Party) => ({
    credential: { refreshToken: { secretRef: { name: party.credential, key: 'token' } } },
  });

  /** Deletes the connection and makes it again with another spec, once the operator has said farewell. */
  async function deleted(party: Party): Promise<void> {
    await scene.remove('connections', party.name);
    await world.live.until('its token is orphaned', () => state(party.name) === 'orphaned');
  }
  const again = (party: Party, spec: object, metadata = {}) =>
    scene.create(
      'connections',
      aConnection(world.namespace, party.name, { applicationRef: { name: 'app' }, ...spec }, metadata),
    );

  test('deletion loses nothing: the grant stays sealed, the token stays and says that it is orphaned', async () => {
    const party = await scene.connected();
    const sealed = scene.secret(`${party.name}-sealed`)?.metadata.resourceVersion;
    const values = scene.values(party.name);
    await deleted(party);
    await scene.settle();
    expect(scene.secret(`${party.name}-sealed`)?.metadata.resourceVersion).toBe(sealed);
    expect(scene.values(party.name)).toEqual(values);
    expect(world.square.requests.counts()['revoke']).toBeUndefined();
    const { text } = (await world.operators[0]?.get('metrics')) ?? { text: '' };
    expect(text).toMatch(/^square_operator_retained_grants 1$/m);
    expect(text).not.toContain(`name="${party.name}"`);
  });

  const signs = [
    { sign: 'names its seller', spec: ({ merchantID }: Party) => ({ merchantID }) },
    { sign: 'presents a credential that was taken already', spec: credential },
    { sign: 'asks to adopt', spec: () => ({}), request: 'adopt' as const },
  ];
  test.each(signs)('one that $sign takes the grant up without a token request', async ({ spec, request }) => {
    const party = await scene.connected();
    const { 'access-token': before } = scene.values(party.name);
    await deleted(party);
    await again(party, spec(party));
    if (request !== undefined) {
      await scene.becomes(party.name, { Ready: 'False/RetainedGrantFound' });
      await scene.request(party.name, request);
    }
    await scene.becomes(party.name, { Ready: 'True/Valid', Published: 'True' });
    expect(scene.tokenRequests(party)).toBe(1);
    expect(scene.values(party.name)['access-token']).toBe(before);
    expect(state(party.name)).toBeUndefined();
    expect(await scene.event(party.name, 'Adopted')).toMatchObject({ type: 'Normal' });
    await scene.request(party.name, 'refresh');
    await world.live.until('it can be renewed', () => scene.tokenRequests(party) === 2);
  });

  test('one that shows no sign says what it found, and spends neither grant nor credential', async () => {
    const party = await scene.connected();
    const fresh = await scene.signInAgain(party);
    await world.live.until('it is taken', () => scene.status(party.name).revision === 2);
    await deleted(party);
    const newer = world.square.grant(party).refreshToken.value;
    await scene.edit('secrets', party.credential, { stringData: { token: newer } });
    await again(party, credential(party));
    const { status } = await scene.becomes(party.name, {
      Ready: 'False/RetainedGrantFound',
      Valid: 'Unknown',
      Revoked: 'Unknown',
      Stalled: 'True',
    });
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.message).toContain(party.merchantID);
    await scene.settle();
    expect(world.square.ledger.tokenRequests({ presented: newer })).toEqual([]);
    expect(world.square.ledger.tokenRequests({ presented: fresh })).toHaveLength(1);
    expect(state(party.name)).toBe('orphaned');

    await scene.remove('secrets', `${party.name}-sealed`);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(world.square.ledger.tokenRequests({ presented: newer })).toHaveLength(1);
  });

  test('one that is pinned to another seller leaves the grant alone', async () => {
    const party = await scene.connected();
    await deleted(party);
    await again(party, { merchantID: 'MLSOMEBODYELSE' });
    await scene.becomes(party.name, { Ready: 'False/RetainedGrantFound' });
    await scene.settle();
    expect(state(party.name)).toBe('orphaned');
  });
});
