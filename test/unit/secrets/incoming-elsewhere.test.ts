import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import type { RecoverDeps } from '../../../src/controller/recover.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { sealGrant } from '../../../src/secrets/grant.ts';
import { setAsidePlace, takenOf } from '../../../src/secrets/incoming.ts';
import { createIncomingSettlement } from '../../../src/secrets/settle-incoming.ts';
import { anEscrowRecovery } from '../controller/model/escrow.ts';
import { aGrant } from './fixtures.ts';
import { anIncomingStage, binding } from './incoming-stage.ts';

const refused = new KubeError({ status: 403, reason: 'Forbidden', message: 'a policy', mayHaveActed: false });

/** What a sign-in gave waits in escrow: this replica brought it, and another one leads. */
async function twoReplicas() {
  const stage = anIncomingStage();
  const { place, settlement, trouble, clock, escrow, server } = stage;
  const incoming = createIncomingSettlement(escrow);
  const leader = anEscrowRecovery(server, { ...escrow, incoming } as unknown as RecoverDeps);
  await leader.begin(new AbortController().signal);
  trouble.error = refused;
  const grant = aGrant({ connectionUID: place.uid, taken: [takenOf(place.secret)] });
  const first = settlement.store({ place, binding, grant }, seconds(1));
  await clock.advance(seconds(2));
  expect(await first).toBe('Escrowed');
  return { ...stage, incoming, leader, bakery: { namespace: 'shop', name: 'bakery', uid: place.uid } };
}

describe('what a sign-in gave, in escrow', () => {
  test('is not stored by the replica that brought it once the leader has taken it up, nor waited for', async () => {
    const stage = await twoReplicas();
    const { settlement, clock, incoming, leader, bakery, trouble, place, ring, server, escrowed, there } = stage;
    leader.see();
    await clock.advance(seconds(2));
    expect(incoming.waiting(bakery)).toHaveLength(1);
    // The leader has taken it up: the record says so.
    const taken = aGrant({ connectionUID: place.uid, taken: [takenOf(place.secret)] });
    const data = { 'grant.jwe': Buffer.from(sealGrant(ring, binding, taken)).toString('base64') };
    server.put('secrets', { metadata: { name: 'bakery-sealed', namespace: 'shop' }, data });
    incoming.abandon(bakery, place.secret);
    await clock.advance(minutes(1));
    expect([incoming.count(), escrowed(), settlement.count()]).toEqual([0, [], 0]);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect(there()).toBeUndefined();
  });

  test('is put there again when it is gone, and nobody has taken it up', async () => {
    const { settlement, clock, client, trouble, escrowed, stored } = await twoReplicas();
    for (const { metadata } of escrowed()) await client.delete(secrets, 'ops', metadata.name);
    expect(escrowed()).toEqual([]);
    await clock.advance(minutes(1));
    expect([escrowed().length, settlement.count()]).toEqual([1, 1]);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect([stored().jwe, settlement.count()]).toEqual([expect.any(String), 0]);
  });

  test('goes from there when it is stored, although it was sealed anew meanwhile', async () => {
    const { clock, leader, server, trouble, escrowed, stored } = await twoReplicas();
    leader.see();
    await clock.advance(seconds(2));
    for (const secret of escrowed()) server.put('secrets', secret);
    leader.see();
    await clock.advance(seconds(2));
    delete trouble.error;
    await clock.advance(minutes(5));
    expect([stored().jwe, escrowed()]).toEqual([expect.any(String), []]);
  });

  test('is not put back by a leader whose watch shows it when all is over', async () => {
    const { settlement, clock, leader, server, trouble, place, escrowed, there } = await twoReplicas();
    delete trouble.error;
    await clock.advance(minutes(1));
    expect([settlement.count(), escrowed()]).toEqual([0, []]);
    // It was taken up.
    server.remove('secrets', place.secret);
    leader.see();
    await clock.advance(minutes(1));
    expect(there()).toBeUndefined();
  });

  test('would be lost by the end of the process when it is gone, and cannot be put there again', async () => {
    const { settlement, clock, client, trouble, escrowed } = await twoReplicas();
    for (const { metadata } of escrowed()) await client.delete(secrets, 'ops', metadata.name);
    trouble.inEscrow = refused;
    await clock.advance(minutes(1));
    expect([escrowed(), settlement.count()]).toEqual([[], 1]);
    let isSafe = false;
    void settlement.safe().then(() => (isSafe = true));
    await clock.advance(seconds(1));
    expect(isSafe).toBe(false);
    delete trouble.inEscrow;
    await clock.advance(minutes(1));
    expect([escrowed().length, isSafe]).toEqual([1, true]);
  });
});

test('what is set aside is kept where the disconnect of another seller called its credential taken', async () => {
  const { place, settlement, trouble, clock, client, escrowed, server, ring } = anIncomingStage();
  const bakery = { namespace: 'shop', name: 'bakery', uid: place.uid };
  trouble.error = refused;
  const grant = aGrant({ connectionUID: place.uid, merchantID: 'M-ANOTHER', taken: ['given'] });
  let discarded = 0;
  const settled = async () => void discarded++;
  void settlement.store({ place: setAsidePlace(bakery, 'given'), binding, grant, settled }, seconds(1));
  await clock.advance(seconds(2));
  const { environment, clientID } = binding;
  const disconnected = { at: clock.wall(), merchantID: 'M-BAKERY' };
  const common = { kind: 'Vacant', connectionUID: place.uid, environment, clientID, generation: 9 } as const;
  const vacant = { ...common, sealedAt: clock.wall(), taken: ['given'], handled: {}, disconnected };
  const data = { 'grant.jwe': Buffer.from(sealGrant(ring, binding, vacant)).toString('base64') };
  server.put('secrets', { metadata: { name: 'bakery-sealed', namespace: 'shop' }, data });
  for (const { metadata } of escrowed()) await client.delete(secrets, 'ops', metadata.name);
  await clock.advance(minutes(1));
  expect([escrowed().length, settlement.count(), discarded]).toEqual([1, 1, 0]);
});
