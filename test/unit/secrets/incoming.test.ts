import { describe, expect, test } from 'vitest';
import { KubeError } from '../../../src/kube/client.ts';
import {
  claimSignIn,
  digestOfState,
  emptyIncoming,
  fillIncoming,
  openIncoming,
  sealIncoming,
  takenOf,
} from '../../../src/secrets/incoming.ts';
import { aBinding, aGrant, aRing } from './fixtures.ts';
import { anIncomingStage, binding } from './incoming-stage.ts';

const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no', mayHaveActed: false });

describe('a claim', () => {
  test('is for one attempt of all', async () => {
    const { client, place } = anIncomingStage();
    const outcomes = await Promise.all(['a', 'b', 'c'].map((claim) => claimSignIn(client, place, claim)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['Claimed', 'Used', 'Used']);
  });

  test('is named by a digest of the state, of which it tells nothing', () => {
    const { place } = anIncomingStage();
    expect(place.secret).toBe(`bakery-incoming-${digestOfState('a-state')}`);
    expect(digestOfState('a-state')).toMatch(/^[0-9a-f]{32}$/);
    expect(digestOfState('b-state')).not.toBe(digestOfState('a-state'));
    expect(takenOf(place.secret)).toBe(`sign-in/${digestOfState('a-state')}`);
  });

  test('that the API server refuses is none', async () => {
    const { client, place, trouble, there } = anIncomingStage();
    trouble.error = forbidden;
    expect(await claimSignIn(client, place, 'a')).toMatchObject({ kind: 'Failed', status: 403 });
    expect(there()).toBeUndefined();
  });
});

describe('the grant of a sign-in', () => {
  test('fills the claim, once', async () => {
    const { client, place, ring, stored } = anIncomingStage();
    await claimSignIn(client, place, 'a');
    expect(await fillIncoming(client, ring, place, binding, aGrant())).toEqual({ kind: 'Stored' });
    const { jwe: first } = stored();
    expect(await fillIncoming(client, ring, place, binding, aGrant())).toEqual({ kind: 'Stored' });
    expect(stored()).toMatchObject({ jwe: first, keyID: ring.active.id });
  });

  test('is stored anew where the claim was deleted, as long as its connection is there', async () => {
    const { client, place, ring, server, there } = anIncomingStage();
    expect(await fillIncoming(client, ring, place, binding, aGrant())).toEqual({ kind: 'Stored' });
    expect(there()?.metadata.ownerReferences).toMatchObject([{ name: 'bakery', uid: place.uid }]);
    server.remove('secrets', place.secret);
    expect(await fillIncoming(client, ring, { ...place, uid: 'an earlier one' }, binding, aGrant())).toEqual({
      kind: 'Gone',
    });
    server.remove('squareconnections', 'bakery');
    expect(await fillIncoming(client, ring, place, binding, aGrant())).toEqual({ kind: 'Gone' });
    expect(there()).toBeUndefined();
  });

  test('takes the place of what nobody can open, and of nothing that this process cannot judge', async () => {
    const { client, place, ring, server, stored } = anIncomingStage();
    await claimSignIn(client, place, 'a');
    const holding = (jwe: string) =>
      server.edit('secrets', place.secret, (secret) => ({
        ...secret,
        data: { 'grant.jwe': Buffer.from(jwe).toString('base64') },
      }));
    const unseen = sealIncoming(aRing(), binding, aGrant());
    holding(unseen);
    expect(await fillIncoming(client, ring, place, binding, aGrant())).toMatchObject({
      kind: 'NotOwned',
      message: expect.stringContaining('cannot judge'),
    });
    expect(stored().jwe).toBe(unseen);
    holding('torn');
    expect(await fillIncoming(client, ring, place, binding, aGrant())).toEqual({ kind: 'Stored' });
    expect(openIncoming(ring, binding, stored().jwe ?? '').ok).toBe(true);
  });

  test('is not put into somebody else’s Secret', async () => {
    const { client, place, ring, server, there } = anIncomingStage();
    server.put('secrets', { metadata: { name: place.secret, namespace: 'shop' }, type: 'Opaque' });
    expect(await fillIncoming(client, ring, place, binding, aGrant())).toMatchObject({
      kind: 'NotOwned',
    });
    expect(there()).not.toHaveProperty('data');
  });

  test('is taken out again, and the claim stays', async () => {
    const { client, place, ring, there, stored } = anIncomingStage();
    await fillIncoming(client, ring, place, binding, aGrant());
    const { uid = '', resourceVersion = '' } = there()?.metadata ?? {};
    await emptyIncoming(client, 'shop', place.secret, { uid, resourceVersion });
    expect(stored()).not.toHaveProperty('jwe');
    expect(await claimSignIn(client, place, 'again')).toEqual({ kind: 'Used' });
  });

  test('opens for this connection and this purpose alone', () => {
    const { ring } = anIncomingStage();
    const jwe = sealIncoming(ring, binding, aGrant());
    expect(openIncoming(ring, binding, jwe)).toMatchObject({ ok: true, value: { merchantID: 'MLEXAMPLE0001' } });
    expect(openIncoming(ring, aBinding({ name: 'kiosk' }), jwe)).toMatchObject({ problem: 'BoundElsewhere' });
  });
});
