import { describe, expect, it, onTestFinished } from 'vitest';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { anEscrowStage, binding, grant, key } from './escrow-stage.ts';

describe('escrow that cannot be listed', () => {
  it('is asked for at a steady rate, however many wait for it, and soon after is seen again', async () => {
    const { deps, escrow, clock, refusing, asked, generation } = anEscrowStage();
    refusing.list = true;
    await putIntoEscrow(deps, binding, grant);
    const begun = escrow.begin(new AbortController().signal);
    for (let pass = 0; pass < 50; pass++) {
      void escrow.look();
      await clock.advance(seconds(0.2));
    }
    const inMinutes: number[] = [];
    for (const _ of [1, 2, 3, 4, 5]) {
      asked.list = 0;
      await clock.advance(minutes(1));
      inMinutes.push(asked.list);
    }
    expect(Math.max(...inMinutes)).toBeLessThanOrEqual(70);
    refusing.list = false;
    await clock.advance(seconds(10));
    await begun;
    expect(generation()).toBe(grant.generation);
    asked.list = 0;
    await clock.advance(minutes(10));
    expect(asked.list).toBeLessThanOrEqual(2);
  });
});

describe('what nobody foresaw', () => {
  it('as a grant in escrow is stored, whose record could not be read at first, holds its connection, and passes', async () => {
    const { deps, look, escrow, clock, refusing, settlement, generation } = anEscrowStage();
    await putIntoEscrow(deps, binding, grant);
    refusing.get = true;
    await look();
    refusing.fault = true;
    refusing.get = false;
    await clock.advance(minutes(1));
    expect(settlement.of(key)).toMatchObject({ kept: 'Escrow' });
    await expect(escrow.lookFor({ namespace: 'shop', name: 'bakery', uid: grant.connectionUID })).resolves.toBe(
      'Something',
    );
    refusing.fault = false;
    await clock.advance(minutes(1));
    expect([settlement.of(key), generation()]).toEqual([undefined, grant.generation]);
  });

  it('as one of two grants in escrow for one name is stored does not have it looked into without a pause', async () => {
    const { deps, look, clock, asked, settlement } = anEscrowStage();
    await putIntoEscrow(deps, binding, grant);
    let faults = 0;
    const store = settlement.store.bind(settlement);
    settlement.store = async (due) => {
      if (due.grant.connectionUID === grant.connectionUID && faults++ < 300) throw new TypeError('odd');
      return await store(due);
    };
    await look();
    // The other one came a little later.
    await putIntoEscrow(deps, binding, {
      ...grant,
      generation: 9,
      connectionUID: 'zzzz9999-0000-4000-8000-000000000009',
    });
    await clock.advance(seconds(11));
    expect([asked.list < 10, faults < 10]).toEqual([true, true]);
  });

  it('as a grant waits to be stored is a refusal like any other', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    onTestFinished(() => void process.off('unhandledRejection', hear));
    const { look, clock, refusing, settlement, generation } = anEscrowStage();
    await look();
    refusing.fault = true;
    await settlement.store({ binding, grant, since: grant.accessToken.issuedAt });
    await clock.advance(minutes(1));
    expect(settlement.of(key)?.message).toMatch(/could not be written/);
    refusing.fault = false;
    await clock.advance(minutes(1));
    expect([unheard, settlement.of(key), generation()]).toEqual([[], undefined, grant.generation]);
  });
});

it('a write that is called a conflict again and again is made again later, and spins nowhere', async () => {
  const { deps, look, clock, refusing, asked, settlement, generation } = anEscrowStage();
  await settlement.store({ binding, grant: { ...grant, generation: 1 }, since: grant.accessToken.issuedAt });
  await putIntoEscrow(deps, binding, { ...grant, generation: 5 });
  const conflict = new KubeError({ status: 409, reason: 'Conflict', message: 'a webhook', mayHaveActed: false });
  refusing.writeWith = conflict;
  asked.get = 0;
  await look();
  expect(asked.get).toBeLessThanOrEqual(6);
  expect(settlement.of(key)).toMatchObject({ kept: 'Escrow', message: 'It is changed as often as it is written.' });
  delete refusing.writeWith;
  await clock.advance(hours(1));
  expect([settlement.of(key), generation()]).toEqual([undefined, 5]);
});
