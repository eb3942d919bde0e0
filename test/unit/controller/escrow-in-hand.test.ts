import { describe, expect, it } from 'vitest';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { anEscrowStage, binding, grant, key } from './escrow-stage.ts';

/** It leads, and `generation` is put into escrow. */
async function aStageWith(generation: number, refusing: Partial<ReturnType<typeof anEscrowStage>['refusing']>) {
  const stage = anEscrowStage();
  const put = (next: number) => putIntoEscrow(stage.deps, binding, { ...grant, generation: next });
  Object.assign(stage.refusing, refusing);
  await put(generation);
  await stage.look();
  return { ...stage, put };
}

describe('a newer grant that comes into escrow', () => {
  it('while an older one is in hand is taken up', async () => {
    const { put, escrow, clock, refusing, generation, settlement } = await aStageWith(1, { get: true });
    await put(2);
    escrow.see();
    refusing.get = false;
    await clock.advance(minutes(1));
    expect([generation(), settlement.of(key)]).toEqual([2, undefined]);
  });

  it('is taken up although the one before, which is stored, cannot be taken away', async () => {
    const { put, escrow, clock, generation } = await aStageWith(1, { delete: true });
    await clock.advance(minutes(10));
    expect(generation()).toBe(1);
    await put(2);
    escrow.see();
    await clock.advance(minutes(1));
    expect(generation()).toBe(2);
  });

  it('as the one before is taken away is taken up, and goes', async () => {
    const { put, escrow, clock, refusing, generation, settlement, escrowed } = await aStageWith(1, { delete: true });
    await clock.advance(seconds(1));
    await put(2);
    escrow.see();
    refusing.delete = false;
    await clock.advance(minutes(30));
    expect([generation(), settlement.of(key), escrowed()]).toEqual([2, undefined, []]);
  });

  it('while the record cannot be read leaves its connection unheld at no time', async () => {
    const { put, deps, escrow, clock, refusing, settlement, generation } = await aStageWith(5, { get: true });
    await clock.advance(seconds(5));
    const heldAtLists: boolean[] = [];
    const { client } = deps;
    const list = client.list.bind(client);
    client.list = async (...asked) => {
      // The API server takes its time; passes run meanwhile.
      await new Promise<void>((resolve) => void clock.after(seconds(0.2), resolve));
      heldAtLists.push(settlement.of(key) !== undefined);
      return await list(...asked);
    };
    await put(6);
    escrow.see();
    await clock.advance(seconds(30));
    expect([generation(), new Set(heldAtLists)]).toEqual([undefined, new Set([true])]);
    refusing.get = false;
    await clock.advance(minutes(1));
    expect([generation(), settlement.of(key)]).toEqual([6, undefined]);
  });
});

describe('what this process put into escrow itself', () => {
  /** It leads, and the API server refuses the sealed Secret until `then`. */
  async function aStageThatWaited(then: (stage: ReturnType<typeof anEscrowStage>) => void) {
    const stage = anEscrowStage();
    const { clock, refusing, settlement, told, look, generation } = stage;
    await look();
    refusing.write = true;
    await settlement.store({ binding, grant, since: grant.accessToken.issuedAt });
    await clock.advance(seconds(0.3));
    expect([settlement.of(key)?.kept, stage.escrowed().length]).toEqual(['Escrow', 1]);
    refusing.write = false;
    then(stage);
    await clock.advance(seconds(10));
    expect([generation(), settlement.of(key)]).toEqual([grant.generation, undefined]);
    told.length = 0;
    return stage;
  }

  it('and has stored by now is not said to be unstored, although the watch shows it only then', async () => {
    const { clock, escrow, escrowed, told } = await aStageThatWaited(() => {});
    expect(escrowed()).toEqual([]);
    escrow.see();
    await clock.advance(seconds(10));
    expect(told).toEqual([]);
  });

  it('and has stored by now is not said to be unstored, although it cannot be taken away', async () => {
    const { clock, escrowed, told } = await aStageThatWaited(({ escrow, refusing }) => {
      escrow.see();
      refusing.delete = true;
    });
    expect(escrowed()).toHaveLength(1);
    await clock.advance(hours(2));
    expect(told).toEqual([]);
  });

  it('is put there again when it is gone from there and not stored', async () => {
    const { deps, look, escrow, clock, refusing, settlement, escrowed } = anEscrowStage();
    await look();
    refusing.write = true;
    await settlement.store({ binding, grant, since: grant.accessToken.issuedAt });
    await clock.advance(seconds(5));
    for (const { metadata } of escrowed()) await deps.client.delete(secrets, 'ops', metadata.name);
    refusing.intoEscrow = true;
    escrow.see();
    await clock.advance(minutes(1));
    expect([settlement.of(key)?.kept, escrowed()]).toEqual(['Nowhere', []]);
    refusing.intoEscrow = false;
    await clock.advance(minutes(1));
    expect([settlement.of(key)?.kept, escrowed().length]).toEqual(['Escrow', 1]);
    refusing.write = false;
    await clock.advance(minutes(1));
    expect([settlement.of(key), escrowed()]).toEqual([undefined, []]);
  });
});

describe('a grant in escrow', () => {
  it('is taken up as soon as what a later version left beside it is gone', async () => {
    const { api, deps, look, leaveUnread, escrow, clock, generation, settlement } = anEscrowStage();
    const left = 'escrow-1-incoming-00000000000000000000000000000000';
    leaveUnread(left);
    await look();
    expect(settlement.of(key)).toMatchObject({ unread: true });
    await putIntoEscrow(deps, binding, grant);
    escrow.see();
    await clock.advance(seconds(10));
    expect(generation()).toBeUndefined();
    api.remove('secrets', left);
    escrow.see();
    await clock.advance(minutes(1));
    expect([settlement.of(key), generation()]).toEqual([undefined, grant.generation]);
  });

  it('is said to be kept there, although nothing can be put there any more', async () => {
    const { deps, look, clock, refusing, settlement, escrowed } = anEscrowStage();
    await putIntoEscrow(deps, binding, grant);
    refusing.write = true;
    refusing.intoEscrow = true;
    await look();
    await clock.advance(minutes(1));
    expect([settlement.of(key)?.kept, escrowed().length]).toEqual(['Escrow', 1]);
  });

  it('is not left there for the fault of a moment', async () => {
    const { deps, look, escrow, clock, refusing, settlement, generation } = anEscrowStage();
    await look();
    refusing.fault = true;
    await putIntoEscrow(deps, binding, grant);
    escrow.see();
    await clock.advance(seconds(1));
    expect(generation()).toBeUndefined();
    refusing.fault = false;
    await clock.advance(minutes(1));
    expect([settlement.of(key), generation()]).toEqual([undefined, grant.generation]);
  });

  it('that somebody takes away is waited for no more', async () => {
    const { deps, look, escrow, escrowed, clock, refusing, settlement } = anEscrowStage();
    await putIntoEscrow(deps, binding, grant);
    refusing.get = true;
    await look();
    expect(settlement.of(key)).toBeDefined();
    for (const { metadata } of escrowed()) await deps.client.delete(secrets, 'ops', metadata.name);
    escrow.see();
    await clock.advance(minutes(1));
    expect([settlement.of(key), settlement.count()]).toEqual([undefined, 0]);
  });
});

describe('what comes into escrow', () => {
  it('holds its connection from then on, until it is stored', async () => {
    const { put, escrow, clock, settlement, generation } = await aStageWith(1, {});
    await clock.advance(seconds(1));
    await put(2);
    escrow.see();
    expect(settlement.of(key)).toMatchObject({ kept: 'Escrow' });
    await clock.advance(seconds(1));
    expect([settlement.of(key), generation()]).toEqual([undefined, 2]);
  });

  it('holds it no longer where the watch tells of it after a look has found it', async () => {
    const { put, escrow, clock, refusing, settlement, generation } = await aStageWith(1, {});
    await clock.advance(seconds(1));
    refusing.get = true;
    await put(2);
    await escrow.look();
    escrow.see();
    refusing.get = false;
    await clock.advance(minutes(1));
    expect([settlement.of(key), generation()]).toEqual([undefined, 2]);
  });

  it('holds it no longer than the term lasts', async () => {
    const { deps, escrow, settlement, refusing, clock } = anEscrowStage();
    const term = new AbortController();
    await escrow.begin(term.signal);
    refusing.list = true;
    await putIntoEscrow(deps, binding, grant);
    escrow.see();
    await clock.advance(seconds(1));
    expect(settlement.of(key)).toMatchObject({ kept: 'Escrow' });
    term.abort();
    expect(settlement.of(key)).toBeUndefined();
  });
});
