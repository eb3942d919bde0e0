import { describe, expect, test } from 'vitest';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { type RecoverDeps } from '../../../src/controller/recover.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { putIncomingIntoEscrow } from '../../../src/secrets/escrow.ts';
import { openIncoming, placeOfIncoming, setAsidePlace, takenOf } from '../../../src/secrets/incoming.ts';
import { createIncomingSettlement } from '../../../src/secrets/settle-incoming.ts';
import { anEscrowRecovery } from '../controller/model/escrow.ts';
import { aGrant } from './fixtures.ts';
import { anIncomingStage, binding } from './incoming-stage.ts';

const exceeded = new KubeError({ status: 403, reason: 'Forbidden', message: 'exceeded quota', mayHaveActed: false });

/** What a sign-in gave, or what was set aside for a credential, on its way into a namespace that is full. */
function refused(kind: 'a sign-in' | 'set aside' = 'a sign-in') {
  const stage = anIncomingStage();
  const { uid, secret } = stage.place;
  const credential = 'refreshToken:digest';
  const place =
    kind === 'a sign-in' ? stage.place : setAsidePlace({ namespace: 'shop', name: 'bakery', uid }, credential);
  const grant = aGrant({ connectionUID: uid, taken: [kind === 'a sign-in' ? takenOf(secret) : credential] });
  stage.trouble.error = exceeded;
  const told: string[] = [];
  const due = { place, binding, grant, settled: async () => void told.push('settled') };
  const stored = () => {
    const jwe = stage.server.find('secrets', place.secret)?.['data'] as Record<string, string> | undefined;
    return jwe === undefined
      ? undefined
      : openIncoming(stage.ring, binding, Buffer.from(jwe['grant.jwe'] ?? '', 'base64').toString());
  };
  const bakery = { namespace: 'shop', name: 'bakery', uid };
  return { ...stage, due, told, stored, bakery };
}

/** Another process, which begins to lead again and again. */
function leader({ escrow, server }: ReturnType<typeof refused>) {
  const incoming = createIncomingSettlement(escrow);
  const deps = { ...escrow, incoming } as unknown as RecoverDeps;
  const recovery = anEscrowRecovery(server, deps);
  let term = new AbortController();
  const recover = async () => {
    term.abort();
    term = new AbortController();
    const recovered = recovery.begin(term.signal);
    // One look may be under way, and waits for a moment itself.
    await escrow.clock.advance(seconds(3));
    await recovered;
  };
  return { incoming, recover, see: recovery.see };
}

describe('what is refused', () => {
  test('is written again without end, and whoever waits is told after a while', async () => {
    const { clock, due, settlement, stored, trouble, told } = refused();
    const outcome = settlement.store(due, minutes(1));
    await clock.advance(minutes(2));
    expect([await outcome, settlement.count(), told]).toEqual(['Escrowed', 1, []]);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect([settlement.count(), told]).toEqual([0, ['settled']]);
    expect(stored()).toMatchObject({ ok: true });
  });

  test('is left to the journal when the process ends', async () => {
    const { clock, due, settlement, told, trouble } = refused();
    trouble.inEscrow = exceeded;
    const outcome = settlement.store(due, minutes(1));
    await clock.advance(1_000);
    settlement.close();
    expect(await outcome).toBe('Waiting');
    await settlement.safe();
    expect(told).toEqual([]);
  });

  test('is safe once it lies in escrow, and not before', async () => {
    const { clock, due, settlement, trouble, escrowed } = refused();
    trouble.inEscrow = exceeded;
    void settlement.store(due, minutes(1));
    let safe = false;
    void settlement.safe().then(() => (safe = true));
    await clock.advance(minutes(2));
    expect([safe, escrowed()]).toEqual([false, []]);
    delete trouble.inEscrow;
    await clock.advance(minutes(1));
    expect([safe, escrowed().length, settlement.count()]).toEqual([true, 1, 1]);
  });

  test.each(['a sign-in', 'set aside'] as const)(
    'outlives its process and its disk in escrow, and is stored by the next leader: %s',
    async (kind) => {
      const stage = refused(kind);
      const { clock, due, settlement, trouble, escrowed, stored } = stage;
      void settlement.store(due, 0);
      await clock.advance(minutes(1));
      settlement.close();
      const next = leader(stage);
      await next.recover();
      await clock.advance(minutes(1));
      expect([escrowed().length, stored(), next.incoming.count()]).toEqual([1, undefined, 1]);
      expect(next.incoming.waiting(stage.bakery)).toMatchObject([{ place: due.place }]);
      delete trouble.error;
      await clock.advance(minutes(1));
      expect([escrowed(), next.incoming.count()]).toEqual([[], 0]);
      expect(stored()).toMatchObject({ ok: true, value: { taken: due.grant.taken } });
    },
  );

  test('is given up, if it is a sign-in, when it is of no use any more', async () => {
    const { clock, due, settlement, escrowed, told } = refused();
    void settlement.store(due, 0);
    await clock.advance(hours(23.9));
    expect([settlement.count(), escrowed().length]).toEqual([1, 1]);
    await clock.advance(hours(0.2));
    expect([settlement.count(), escrowed(), told]).toEqual([0, [], ['settled']]);
  });

  test('is told of when it begins to wait, waits for another reason, and ends', async () => {
    const { clock, due, settlement, trouble } = refused();
    const changed: string[] = [];
    settlement.onChange((connection) => changed.push(connection));
    void settlement.store(due, 0);
    await clock.advance(minutes(1));
    expect(changed).toEqual(['shop/bakery']);
    trouble.error = new KubeError({ status: 403, reason: 'Forbidden', message: 'a policy', mayHaveActed: false });
    await clock.advance(minutes(1));
    expect(changed).toHaveLength(2);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect(changed).toHaveLength(3);
  });

  test('is not dropped for an answer that the API server never gives', async () => {
    const { clock, due, escrow, trouble, escrowed } = refused();
    delete trouble.error;
    let odd = true;
    const get: typeof escrow.client.get = async (resource, ...where) => {
      const object = await escrow.client.get(resource, ...where);
      return odd && resource.plural === 'squareconnections' ? ({} as typeof object) : object;
    };
    const incoming = createIncomingSettlement({ ...escrow, client: { ...escrow.client, get } });
    void incoming.store(due, 0);
    await clock.advance(minutes(1));
    expect([incoming.count(), escrowed().length]).toEqual([1, 1]);
    odd = false;
    await clock.advance(minutes(1));
    expect([incoming.count(), escrowed()]).toEqual([0, []]);
  });

  test('goes out of escrow with its connection', async () => {
    const stage = refused();
    const { clock, due, settlement, server, trouble, escrowed, stored } = stage;
    void settlement.store(due, 0);
    await clock.advance(minutes(1));
    settlement.close();
    server.remove('squareconnections', 'bakery');
    delete trouble.error;
    const next = leader(stage);
    await next.recover();
    await clock.advance(minutes(1));
    expect([escrowed(), stored(), next.incoming.count()]).toEqual([[], undefined, 0]);
  });

  test('is one piece of work, whoever finds it where', async () => {
    const { clock, due, settlement, trouble, told } = refused();
    const both = [
      settlement.store(due, hours(1)),
      settlement.store({ ...due, settled: async () => void told.push('too') }, hours(1)),
    ];
    await clock.advance(minutes(1));
    expect(settlement.count()).toBe(1);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect(await Promise.all(both)).toEqual(['Stored', 'Stored']);
    expect(told).toEqual(['settled', 'too']);
  });
});

describe('what lies in escrow', () => {
  test('is looked at again and again, and is one piece of work all the same', async () => {
    const stage = refused();
    const { clock, due, settlement, escrow, trouble, escrowed } = stage;
    const deletes: string[] = [];
    const client = {
      ...escrow.client,
      delete: async (...all: Parameters<typeof escrow.client.delete>) => {
        deletes.push(all[2]);
        await escrow.client.delete(...all);
        next.see();
      },
    };
    void settlement.store(due, 0);
    await clock.advance(minutes(1));
    settlement.close();
    const next = leader({ ...stage, escrow: { ...escrow, client } });
    for (let hour = 0; hour < 48; hour++) {
      await next.recover();
      await clock.advance(hours(1));
    }
    delete trouble.error;
    await clock.advance(minutes(1));
    expect([next.incoming.count(), escrowed(), deletes.length]).toEqual([0, [], 1]);
  });

  test('is taken away by one attempt at a time, where it may not be deleted', async () => {
    const stage = refused();
    const { clock, due, escrow, trouble, escrowed } = stage;
    await putIncomingIntoEscrow(escrow, due.place, binding, due.grant);
    delete trouble.error;
    trouble.inEscrow = exceeded;
    const next = leader(stage);
    let deletes = 0;
    for (let hour = 0; hour < 24; hour++) {
      await next.recover();
      const before = stage.refusals();
      await clock.advance(hours(1));
      deletes = stage.refusals() - before;
    }
    expect(escrowed()).toHaveLength(1);
    expect(deletes).toBeLessThanOrEqual(61);
  });

  test('is safe from the first moment', async () => {
    const stage = refused();
    const { clock, due, escrow, trouble } = stage;
    await putIncomingIntoEscrow(escrow, due.place, binding, due.grant);
    trouble.inEscrow = exceeded;
    const next = leader(stage);
    await next.recover();
    await expect(next.incoming.safe()).resolves.toBeUndefined();
    await clock.advance(minutes(1));
    expect(next.incoming.count()).toBe(1);
  });
});

describe('what was stored', () => {
  test('is seen until a watch shows it, if it was seen before', async () => {
    const { clock, due, settlement, trouble, bakery } = refused('set aside');
    void settlement.store(due, 0);
    await clock.advance(minutes(1));
    delete trouble.error;
    const waits = async () => {
      while (settlement.count() > 0) await clock.advance(seconds(1));
    };
    await waits();
    expect(settlement.waiting(bakery)).toMatchObject([{ place: due.place }]);
    await clock.advance(seconds(20));
    expect(settlement.waiting(bakery)).toEqual([]);
  });

  test('is seen no more once it is taken up', async () => {
    const { clock, due, settlement, trouble, bakery } = refused('set aside');
    delete trouble.error;
    await settlement.store(due, 0);
    expect(settlement.waiting(bakery)).toHaveLength(1);
    settlement.abandon(bakery, due.place.secret);
    expect(settlement.waiting(bakery)).toEqual([]);
    await clock.advance(minutes(1));
  });

  test('is seen by the watch alone, if it is a sign-in that was never refused', async () => {
    const { due, settlement, trouble, bakery } = refused();
    delete trouble.error;
    await settlement.store(due, 0);
    expect(settlement.waiting(bakery)).toEqual([]);
  });
});

describe('what comes later', () => {
  test('is another piece of work than the one that was given up', async () => {
    const { clock, due, settlement, trouble, told, stored, bakery } = refused('set aside');
    void settlement.store(due, 0);
    await clock.advance(minutes(1));
    settlement.abandon(bakery, due.place.secret);
    void settlement.store({ ...due, settled: async () => void told.push('later') }, 0);
    await clock.advance(minutes(1));
    expect([settlement.count(), told]).toEqual([1, ['settled']]);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect([settlement.count(), told]).toEqual([0, ['settled', 'later']]);
    expect(stored()).toMatchObject({ ok: true });
  });

  test('is told of its end, however late it comes', async () => {
    const { clock, due, settlement, trouble } = refused();
    delete trouble.error;
    const told: string[] = [];
    let second: Promise<unknown> | undefined;
    const settled = async () => {
      told.push('first');
      const late = async () => void told.push('second');
      queueMicrotask(() => {
        second = settlement.store({ ...due, settled: late }, minutes(1));
      });
    };
    const first = settlement.store({ ...due, settled }, minutes(1));
    await clock.advance(minutes(2));
    await first;
    await second;
    expect(told).toEqual(['first', 'second']);
  });

  test('of another connection of the name is another piece of work, and is kept when the first one is gone', async () => {
    const { clock, due, settlement, server, trouble, told } = refused('set aside');
    void settlement.store(due, 0);
    await clock.advance(minutes(1));
    server.remove('squareconnections', 'bakery');
    server.put('squareconnections', { metadata: { name: 'bakery', namespace: 'shop' }, spec: {} });
    const uid = server.find('squareconnections', 'bakery')?.metadata.uid ?? '';
    expect(uid).not.toBe(due.place.uid);
    const grant = { ...due.grant, connectionUID: uid };
    const later = async () => void told.push('later');
    void settlement.store({ ...due, place: { ...due.place, uid }, grant, settled: later }, 0);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect(told.toSorted()).toEqual(['later', 'settled']);
    expect(server.find('secrets', due.place.secret)?.metadata.ownerReferences).toMatchObject([{ uid }]);
  });

  test('is not taken for stored by what is left of an earlier connection', async () => {
    const { clock, due, settlement, server, trouble, told } = refused('set aside');
    delete trouble.error;
    await settlement.store(due, 0);
    server.remove('squareconnections', 'bakery');
    server.put('squareconnections', { metadata: { name: 'bakery', namespace: 'shop' }, spec: {} });
    const uid = server.find('squareconnections', 'bakery')?.metadata.uid ?? '';
    void settlement.store({ ...due, place: { ...due.place, uid }, grant: { ...due.grant, connectionUID: uid } }, 0);
    await clock.advance(minutes(1));
    expect([settlement.count(), told]).toEqual([1, ['settled']]);
    server.remove('secrets', due.place.secret);
    await clock.advance(minutes(1));
    expect(settlement.count()).toBe(0);
    expect(server.find('secrets', due.place.secret)?.metadata.ownerReferences).toMatchObject([{ uid }]);
  });
});

describe('what was set aside and is not stored yet', () => {
  test('is seen with what the API server said, by its own connection', async () => {
    const { clock, due, settlement, bakery } = refused('set aside');
    void settlement.store(due, 0);
    expect(settlement.waiting(bakery)).toMatchObject([{ place: due.place, grant: due.grant }]);
    await clock.advance(minutes(1));
    expect(settlement.waiting(bakery)).toMatchObject([{ message: expect.stringContaining('exceeded quota') }]);
    expect(settlement.waiting({ ...bakery, uid: 'other' })).toEqual([]);
  });

  test('is kept nowhere once nobody will take it up', async () => {
    const { clock, due, settlement, stored, trouble, escrowed, told, bakery } = refused('set aside');
    void settlement.store(due, 0);
    await clock.advance(minutes(1));
    settlement.abandon(bakery, due.place.secret);
    expect(settlement.waiting(bakery)).toEqual([]);
    delete trouble.error;
    await clock.advance(minutes(1));
    expect([settlement.count(), stored(), escrowed(), told]).toEqual([0, undefined, [], ['settled']]);
  });
});

describe('in escrow', () => {
  test('the grant tells where it belongs', () => {
    for (const kind of ['a sign-in', 'set aside'] as const) {
      const { due } = refused(kind);
      expect(placeOfIncoming(binding, due.grant)).toEqual(due.place);
    }
    expect(placeOfIncoming(binding, { connectionUID: 'u', taken: [] })).toBeUndefined();
  });

  test('what cannot be opened is left there', async () => {
    const stage = refused();
    const { due, escrow, escrowed, server } = stage;
    await putIncomingIntoEscrow(escrow, due.place, binding, due.grant);
    const [secret] = escrowed();
    if (secret === undefined) throw new Error('It is not in escrow.');
    server.put('secrets', { ...secret, data: { 'grant.jwe': Buffer.from('nothing').toString('base64') } });
    const next = leader(stage);
    await next.recover();
    expect([escrowed().length, next.incoming.count()]).toEqual([1, 0]);
  });
});
