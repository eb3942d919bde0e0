import { expect, test } from 'vitest';
import { hours } from '../../../src/clock.ts';
import { operatorSuite } from '../../support/suite.ts';

const denied = {
  kind: 'answer',
  status: 403,
  shape: 'V2',
  code: 'INSUFFICIENT_SCOPES',
  category: 'AUTHENTICATION_ERROR',
} as const;
const down = { kind: 'answer', status: 503, shape: 'HTML' } as const;

operatorSuite('the pinned seller, when replies name none', {}, (world, scene) => {
  const silent = () => void world.square.settings({ omitMerchantID: 'token replies' });
  const tokenOf = (name: string) => scene.values(name)['access-token'];

  test("another seller's credential changes nothing", async () => {
    const party = await scene.connected();
    const before = tokenOf(party.name);
    silent();
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID: party.clientID, merchantID });
    await scene.edit('secrets', party.credential, { stringData: { token: refreshToken.value } });
    await world.live.until('it was tried', () => scene.status(party.name).lastFailure?.reason === 'OtherMerchant');
    expect(scene.status(party.name)).toMatchObject({ merchantID: party.merchantID, revision: 1 });
    expect(tokenOf(party.name)).toBe(before);
  });

  test("the same seller's credential is taken, and a first one pins its seller", async () => {
    silent();
    const party = await scene.connected();
    expect(scene.status(party.name).merchantID).toBe(party.merchantID);
    expect(scene.values(party.name)['merchant-id']).toBe(party.merchantID);
    await scene.signInAgain(party);
    await world.live.until('it is taken', () => scene.status(party.name).revision === 2);
    expect(scene.status(party.name).merchantID).toBe(party.merchantID);
  });

  test.each(['the same', 'another'])(
    'under spec.merchantID nothing is published before Square has told the seller: %s',
    async (whose) => {
      silent();
      const { merchantID } = world.square.addSeller({ businessName: 'Silent bakery' });
      for (const endpoint of ['status', 'merchant', 'locations'] as const)
        world.square.faults.add({ endpoint, merchantID, effect: down });
      const pin = whose === 'another' ? 'MLSOMEBODYELSE' : merchantID;
      const party = await scene.connect({ merchantID, spec: { merchantID: pin } });
      const { status } = await scene.becomes(party.name, { Ready: 'False/Unverified', Published: 'False' });
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(`pins ${pin}`);
      expect(scene.secret(party.name)).toBeUndefined();
      world.square.faults.clear();
      await scene.pass(hours(1));
      const looks = whose === 'another' ? { Ready: 'False/OtherMerchant' } : { Ready: 'True/Valid' };
      await scene.becomes(party.name, looks);
      expect(scene.secret(party.name) === undefined).toBe(whose === 'another');
      expect(scene.status(party.name).merchantID).toBe(merchantID);
      expect(scene.tokenRequests(party)).toBe(1);
    },
  );

  test.each(['the same', 'another'])(
    'a credential that works once is presented once, although Square does not tell at first whose it is: %s',
    async (whose) => {
      const app = await scene.application(`pkce-${whose.length}`, { flow: 'PKCE', clientSecretRef: null });
      const party = await scene.connected({ app, flow: 'PKCE' });
      const before = tokenOf(party.name);
      const merchantID = whose === 'another' ? world.square.addSeller().merchantID : party.merchantID;
      const { refreshToken } = world.square.grant({ clientID: app.clientID, merchantID, flow: 'PKCE' });
      const presented = () => world.square.ledger.tokenRequests({ presented: refreshToken.value }).length;
      const failed = () => scene.status(party.name).lastFailure;
      world.square.settings({ omitMerchantID: 'token replies and status' });
      world.square.faults.add({ endpoint: 'merchant', merchantID, effect: denied });
      await scene.edit('secrets', party.credential, { stringData: { token: refreshToken.value } });
      await world.live.until('it is kept', () =>
        failed()?.message.includes('is kept, sealed, and Square is asked again'),
      );
      await scene.pass(hours(2));
      expect(scene.status(party.name)).toMatchObject({ merchantID: party.merchantID, revision: 1 });
      expect([tokenOf(party.name), presented()]).toEqual([before, 1]);
      await world.operators.at(-1)?.stop();
      await world.startOperator();
      silent();
      await scene.pass(hours(1));
      if (whose === 'another') {
        await world.live.until('whose it is, is told', () => failed()?.reason === 'OtherMerchant');
        await scene.edit('connections', party.name, { spec: { merchantID } });
      }
      await world.live.until('it is taken up', () => scene.status(party.name).revision === 2);
      await scene.becomes(party.name, { Ready: 'True/Valid' });
      expect(scene.status(party.name).merchantID).toBe(merchantID);
      expect(presented()).toBe(1);
    },
  );
});
