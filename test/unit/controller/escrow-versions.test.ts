import { expect, it } from 'vitest';
import { escrowSecretName } from '../../../src/api/names.ts';
import { minutes, seconds } from '../../../src/clock.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { anEscrowStage, binding, grant, key } from './escrow-stage.ts';

// Of one connection several grants may lie in escrow, or one after the other, and what is heard of them comes in any order.

/** An older version is told of after a look found the newer one. */
it.each([true, false])(
  'what is told of late, after a look has found what is newer, holds nothing (it cannot be taken away: %s)',
  async (refuseDelete) => {
    const { deps, escrow, look, clock, refusing, settlement, generation, told } = anEscrowStage();
    await look();
    await clock.advance(seconds(1));
    refusing.get = true;
    refusing.delete = refuseDelete;
    await putIntoEscrow(deps, binding, { ...grant, generation: 2 });
    await putIntoEscrow(deps, binding, { ...grant, generation: 3 });
    await escrow.look(); // finds the second version
    escrow.see(); // tells of the first, then of the second
    await clock.advance(seconds(1));
    refusing.get = false;
    await clock.advance(minutes(10));
    expect(generation()).toBe(3);
    expect([settlement.of(key), told.length < 10]).toEqual([undefined, true]);
  },
);

/** The question of a stopped work fails late, while its successor takes away what it stored. */
it.each([seconds(3), seconds(0)])(
  'a question that fails when what came after it is stored holds nothing (nothing is taken away for %d ms)',
  async (outage) => {
    const { deps, escrow, look, clock, refusing, settlement, generation, escrowed } = anEscrowStage();
    await look();
    await clock.advance(seconds(1));
    const { client } = deps;
    const get = client.get.bind(client);
    let questions = 0;
    let fail = () => {};
    client.get = async (...asked) => {
      if (asked[1] !== binding.namespace) return await get(...asked);
      questions++;
      if (questions === 1) throw new Error('reset');
      if (questions === 2) return await new Promise((_, reject) => (fail = () => reject(new Error('timed out'))));
      return await get(...asked);
    };
    const remove = client.delete.bind(client);
    let removing = () => {};
    const isRemoving = new Promise<void>((resolve) => (removing = resolve));
    client.delete = async (...asked) => {
      removing();
      await new Promise<void>((resolve) => void clock.after(seconds(0.05), resolve));
      return await remove(...asked);
    };
    await putIntoEscrow(deps, binding, { ...grant, generation: 2 });
    escrow.see();
    await clock.advance(seconds(2));
    expect(questions).toBe(2);
    refusing.delete = outage > 0;
    await putIntoEscrow(deps, binding, { ...grant, generation: 3 });
    escrow.see();
    await clock.advance(0);
    await isRemoving;
    expect([generation(), settlement.of(key)]).toEqual([3, undefined]);
    fail();
    await clock.advance(outage);
    refusing.delete = false;
    await clock.advance(minutes(150));
    expect([generation(), escrowed()]).toEqual([3, []]);
    expect(settlement.of(key)).toBeUndefined();
  },
);

it('what a later version puts over what is worked at is said to be unread', async () => {
  const { deps, escrow, look, leaveUnread, clock, refusing, settlement } = anEscrowStage();
  await look();
  refusing.get = true;
  await putIntoEscrow(deps, binding, { ...grant, generation: 2 });
  escrow.see();
  await clock.advance(seconds(2));
  leaveUnread(escrowSecretName(grant.connectionUID));
  escrow.see();
  await clock.advance(seconds(20));
  const whileUnanswered = settlement.of(key)?.unread;
  refusing.get = false;
  await clock.advance(minutes(10));
  expect([whileUnanswered, settlement.of(key)?.unread]).toEqual([true, true]);
});

it('a newer one that comes as a look is answered keeps its connection held', async () => {
  const { deps, escrow, look, clock, settlement, generation } = anEscrowStage();
  await look();
  await clock.advance(seconds(1));
  const { client } = deps;
  const list = client.list.bind(client);
  const held: boolean[] = [];
  client.list = async (...asked) => {
    held.push(settlement.of(key) !== undefined);
    const answer = await list(...asked);
    await new Promise<void>((resolve) => void clock.after(seconds(0.2), resolve));
    held.push(settlement.of(key) !== undefined);
    return answer;
  };
  await putIntoEscrow(deps, binding, { ...grant, generation: 2 });
  escrow.see();
  await clock.advance(seconds(0.1));
  await putIntoEscrow(deps, binding, { ...grant, generation: 3 });
  escrow.see();
  await clock.advance(seconds(0.35));
  held.push(settlement.of(key) !== undefined);
  await clock.advance(minutes(1));
  expect([held.slice(0, 4), generation()]).toEqual([[true, true, true, true], 3]);
});

it('an older one that waits is put into escrow once the newer one there is gone', async () => {
  const { deps, look, clock, refusing, settlement, escrowed } = anEscrowStage();
  await look();
  refusing.write = true;
  const later = await putIntoEscrow(deps, binding, { ...grant, generation: 9 });
  await settlement.store({ binding, grant: { ...grant, generation: 2 }, since: grant.accessToken.issuedAt });
  await clock.advance(seconds(5));
  await deps.client.delete(secrets, 'ops', later?.name ?? '');
  await clock.advance(minutes(2));
  expect([settlement.of(key)?.kept, escrowed().length]).toEqual(['Escrow', 1]);
});

it('two in escrow for one name that come as a look is answered hold it until one is taken up', async () => {
  const { deps, escrow, look, clock, settlement, generation } = anEscrowStage();
  await look();
  await clock.advance(seconds(1));
  const seen: [number | undefined, boolean][] = [];
  const { client } = deps;
  const list = client.list.bind(client);
  client.list = async (...asked) => {
    seen.push([generation(), settlement.of(key) !== undefined]);
    const answer = await list(...asked);
    await new Promise<void>((resolve) => void clock.after(seconds(0.2), resolve));
    return answer;
  };
  void escrow.look(); // sees nothing yet
  seen.length = 0;
  await clock.advance(seconds(0.1));
  await putIntoEscrow(deps, binding, { ...grant, generation: 2 });
  await putIntoEscrow(deps, binding, { ...grant, connectionUID: 'other', generation: 2 });
  escrow.see();
  await clock.advance(seconds(5));
  await clock.advance(minutes(1));
  expect([generation(), settlement.of(key)]).toEqual([2, undefined]);
  expect(seen.filter(([stored, held]) => stored === undefined && !held)).toEqual([]);
});

it('a newer one, put off beside one of this process that waits, holds its connection until it is taken up', async () => {
  const { deps, escrow, look, clock, refusing, settlement, generation } = anEscrowStage();
  await look();
  refusing.write = true;
  await settlement.store({ binding, grant: { ...grant, generation: 5 }, since: grant.accessToken.issuedAt });
  await clock.advance(seconds(0.3));
  const seen: [number | undefined, boolean][] = [];
  const { client } = deps;
  const list = client.list.bind(client);
  client.list = async (...asked) => {
    await new Promise<void>((resolve) => void clock.after(seconds(0.2), resolve));
    seen.push([generation(), settlement.of(key) !== undefined]);
    return await list(...asked);
  };
  await putIntoEscrow(deps, binding, { ...grant, generation: 6 });
  escrow.see();
  await clock.advance(seconds(3));
  refusing.write = false;
  await clock.advance(minutes(1));
  expect([generation(), settlement.of(key)]).toEqual([6, undefined]);
  expect(seen.filter(([stored, held]) => stored === 5 && !held)).toEqual([]);
});
