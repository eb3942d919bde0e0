import { describe, expect, it } from 'vitest';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { recoverJournal } from '../../../src/controller/recover.ts';
import { secretBytes } from '../../../src/domain/token.ts';
import { silentLog } from '../../../src/kube/log.ts';
import { putIntoEscrow } from '../../../src/secrets/escrow.ts';
import { sealIssued } from '../../../src/secrets/journal-record.ts';
import { createLiveRing } from '../../../src/secrets/live-ring.ts';
import { aKey, aRing } from '../secrets/fixtures.ts';
import { anEscrowStage, binding, grant, key, ring } from './escrow-stage.ts';

const never = new AbortController().signal;

const anAnswer = (): string =>
  sealIssued(ring, {
    binding,
    connectionUID: grant.connectionUID,
    grantType: 'refresh_token',
    body: secretBytes(Buffer.from('{}')),
    issuedAt: grant.sealedAt,
    after: grant.generation,
    requested: grant.requested,
  });

describe('escrow, looked into again and again', () => {
  it('is asked about no more often than once', async () => {
    const { deps, look, recovery, refusing, clock, asked } = anEscrowStage();
    await putIntoEscrow(deps, binding, grant);
    refusing.get = true;
    await recoverJournal(recovery, [{ text: anAnswer(), discard: async () => {} }], () => {});
    await look();
    await clock.advance(minutes(10));
    asked.get = 0;
    await clock.advance(minutes(1));
    const first = asked.get;
    await clock.advance(hours(24));
    asked.get = 0;
    await clock.advance(minutes(1));
    expect(asked.get).toBeLessThanOrEqual(first);
  });

  it('is waited for as long as what a later version left is there', async () => {
    const { api, escrow, look, leaveUnread, settlement, clock } = anEscrowStage();
    leaveUnread('escrow-1');
    await look();
    await clock.advance(hours(2));
    expect(settlement.of(key)).toMatchObject({ unread: true });
    api.remove('secrets', 'escrow-1');
    escrow.see();
    await clock.advance(0);
    expect(settlement.of(key)).toBeUndefined();
    expect(settlement.count()).toBe(0);
  });

  it('is emptied by one attempt at a time, where it cannot be', async () => {
    const { deps, look, refusing, clock, asked } = anEscrowStage();
    await putIntoEscrow(deps, binding, grant);
    refusing.delete = true;
    await look();
    await clock.advance(hours(1));
    asked.delete = 0;
    await clock.advance(minutes(10));
    const first = asked.delete;
    await clock.advance(hours(24));
    asked.delete = 0;
    await clock.advance(minutes(10));
    expect(asked.delete / first).toBeLessThan(2);
  });

  it('is taken up as it comes, and not before there is a term, nor after', async () => {
    const { deps, escrow, clock, settlement, generation } = anEscrowStage();
    const term = new AbortController();
    const put = (generation: number) => putIntoEscrow(deps, binding, { ...grant, generation });
    await put(1);
    escrow.see();
    await clock.advance(seconds(1));
    expect(generation()).toBeUndefined();
    await escrow.begin(term.signal);
    await clock.advance(seconds(1));
    expect(generation()).toBe(1);
    await put(2);
    escrow.see();
    await clock.advance(seconds(1));
    expect([settlement.of(key), generation()]).toEqual([undefined, 2]);
    term.abort();
    await put(3);
    escrow.see();
    await clock.advance(hours(2));
    expect(generation()).toBe(2);
  });

  it('is opened as soon as its key is there', async () => {
    const keys = [aKey(), aKey()];
    const ring = createLiveRing({ log: silentLog, material: keys.slice(0, 1), inCluster: true });
    const { deps, escrow, clock, generation } = anEscrowStage(ring);
    const elsewhere = { ...deps, ring: aRing(...keys.slice(1)) };
    await putIntoEscrow(elsewhere, binding, grant);
    await escrow.begin(never);
    await clock.advance(minutes(1));
    expect(generation()).toBeUndefined();
    ring.replace(keys);
    await clock.advance(seconds(1));
    expect(generation()).toBe(grant.generation);
  });

  it('is waited for by no timer when the term has ended', async () => {
    const { clock, escrow } = anEscrowStage();
    const term = new AbortController();
    let armed = 0;
    const after = clock.after.bind(clock);
    clock.after = (delay, callback) => {
      armed++;
      let isOver = false;
      const over = () => void (isOver || ((isOver = true), armed--));
      const cancel = after(delay, () => (over(), callback()));
      return () => (over(), cancel());
    };
    await escrow.begin(term.signal);
    term.abort();
    await clock.advance(seconds(1));
    expect(armed).toBe(0);
  });
});
