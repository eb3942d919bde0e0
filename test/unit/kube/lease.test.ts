import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, minutes, seconds } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createLeaderElection, type LeaderElection } from '../../../src/kube/lease.ts';
import { specOf } from '../../../src/kube/lease-record.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { type FakeApiServer, type Incoming, startFakeApiServer } from './fake-api-server.ts';
import { aClient, aStatus, until } from './settings.ts';

let api: FakeApiServer;
let clock: FakeClock;
let client: KubeClient;
/** The Lease as the API server has it, with compare-and-set. */
let lease: KubeObject | undefined;
let version = 0;
/** What the API server does with the next requests. */
let mood: 'answers' | 'is away' | 'writes but does not answer' | 'hangs';
let requests: string[];
let asked = 0;
let answered = 0;
let hanging = 0;
let candidates: { stop(): Promise<void>; election: LeaderElection }[];

const store = (body: string) => {
  lease = JSON.parse(body) as KubeObject;
  lease.metadata.resourceVersion = String(++version);
  return lease;
};

function answer(request: Incoming) {
  requests.push(request.method);
  if (mood === 'is away') return request.reset(2);
  if (mood === 'hangs') return void hanging++;
  if (request.method === 'GET') {
    if (lease) return request.json(200, lease);
    return request.json(404, aStatus(404, 'NotFound', { details: { name: 'leader' } }));
  }
  if (request.method === 'POST') {
    if (lease) return request.json(409, aStatus(409, 'AlreadyExists'));
    return request.json(201, store(request.body));
  }
  const sent = JSON.parse(request.body) as KubeObject;
  if (sent.metadata.resourceVersion !== lease?.metadata.resourceVersion)
    return request.json(409, aStatus(409, 'Conflict'));
  const stored = store(request.body);
  if (mood === 'writes but does not answer') return request.reset(2);
  return request.json(200, stored);
}

async function serve() {
  for (;;) answer(await api.next());
}

function stand(identity: string, own: Clock = clock) {
  const controller = new AbortController();
  const election = createLeaderElection({
    client,
    namespace: 'ns',
    name: 'leader',
    identity,
    clock: own,
    random: () => 0,
  });
  const told: boolean[] = [];
  election.onChange((leads) => told.push(leads));
  const stopped = election.start(controller.signal);
  const candidate = {
    election,
    told,
    async stop() {
      controller.abort();
      await stopped;
    },
  };
  candidates.push(candidate);
  return candidate;
}

/** A clock whose timers wait while the process stands still. */
function aFreezableClock() {
  let frozen = false;
  const held: (() => void)[] = [];
  const own: Clock = {
    ...clock,
    after: (delay, then) => clock.after(delay, () => (frozen ? held.push(then) : then())),
  };
  return {
    clock: own,
    freeze: () => {
      frozen = true;
    },
    thaw() {
      frozen = false;
      for (const then of held.splice(0)) then();
    },
  };
}

/** Lets time pass in small steps, and all that is asked in one be answered before the next. */
async function pass(duration: number) {
  for (let passed = 0; passed < duration; passed += 250) {
    await clock.advance(250);
    await until(() => asked === answered + hanging);
    await clock.advance(0);
  }
}

/** The client, counting. */
function counted(real: KubeClient): KubeClient {
  const count = async <R>(request: Promise<R>): Promise<R> => {
    asked++;
    try {
      return await request;
    } finally {
      answered++;
    }
  };
  return {
    ...real,
    get: (...args) => count(real.get(...args)),
    create: (...args) => count(real.create(...args)),
    update: (...args) => count(real.update(...args)),
  };
}

beforeEach(async () => {
  api = await startFakeApiServer();
  clock = createFakeClock();
  client = counted(aClient(api, clock));
  asked = answered = hanging = 0;
  lease = undefined;
  mood = 'answers';
  requests = [];
  candidates = [];
  void serve();
});

afterEach(async () => {
  mood = 'is away';
  await Promise.all(candidates.map((candidate) => candidate.stop()));
  api.cut();
  await client.close();
  await api.close();
});

describe('leader election', () => {
  test('the first makes the Lease, renews it every 4 s with one request, and gives it up at the end', async () => {
    const one = stand('one');
    await until(() => one.election.isLeader());
    expect(requests).toEqual(['GET', 'POST']);
    await pass(seconds(10));
    expect(requests.slice(2)).toEqual(['PUT', 'PUT']);
    expect(lease && specOf(lease)).toMatchObject({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:08.000000Z',
      leaseTransitions: 0,
    });
    await one.stop();
    expect([one.election.isLeader(), one.told, lease && specOf(lease).holderIdentity]).toEqual([
      false,
      [true, false],
      '',
    ]);
  });

  test('a second one waits, and takes over as soon as the lease is given up', async () => {
    const one = stand('one');
    await until(() => one.election.isLeader());
    const two = stand('two');
    await pass(minutes(1));
    expect([two.election.isLeader(), two.election.holder(), two.told]).toEqual([false, 'one', []]);
    await one.stop();
    await pass(seconds(2));
    await until(() => two.election.isLeader());
    expect(lease && specOf(lease)).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
  });

  test('the times in the record mean nothing: a holder whose clock is wrong keeps the lease while it renews', async () => {
    const one = stand('one');
    await until(() => one.election.isLeader());
    clock.jumpWall(-minutes(600));
    await pass(seconds(4));
    clock.jumpWall(minutes(1_200));
    const two = stand('two');
    await pass(seconds(30));
    expect([one.election.isLeader(), two.election.isLeader()]).toEqual([true, false]);
  });

  test('a frozen holder: never two leaders, and it knows at once when it wakes', async () => {
    const machine = aFreezableClock();
    const one = stand('one', machine.clock);
    await until(() => one.election.isLeader());
    const two = stand('two');
    await pass(seconds(4));
    machine.freeze();
    let gap = 0;
    while (!two.election.isLeader()) {
      await pass(250);
      if (!one.election.isLeader()) gap += 250;
    }
    // One stops 10 s after it asked for its last renewal; two waits 15 s after it saw it.
    expect(gap).toBeGreaterThanOrEqual(seconds(4));
    expect(one.election.isLeader()).toBe(false);
    machine.thaw();
    await pass(seconds(5));
    expect([one.election.isLeader(), two.election.isLeader(), one.told]).toEqual([false, true, [true, false]]);
    expect(lease && specOf(lease)).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
  });

  test('a renewal after the deadline and before its timer: whoever heard of the lapse is told to begin again', async () => {
    const one = stand('one');
    await until(() => one.election.isLeader());
    mood = 'is away';
    await pass(seconds(9.75));
    mood = 'answers';
    await clock.advance(250);
    expect([one.election.isLeader(), one.told]).toEqual([false, [true]]);
    await until(() => asked === answered);
    await clock.advance(0);
    expect([one.election.isLeader(), one.told]).toEqual([true, [true, false, true]]);
    await pass(seconds(10));
    expect(one.told).toEqual([true, false, true]);
  });

  test.each(['is away', 'hangs'] as const)(
    'the API server %s: the holder stops within 10 s, and leads again when it is back',
    async (how) => {
      const one = stand('one');
      await until(() => one.election.isLeader());
      mood = how;
      await pass(seconds(9));
      expect(one.election.isLeader()).toBe(true);
      await pass(seconds(1));
      expect(one.election.isLeader()).toBe(false);
      await pass(seconds(1));
      expect(one.told).toEqual([true, false]);
      mood = 'answers';
      await pass(seconds(10));
      expect([one.election.isLeader(), one.told]).toEqual([true, [true, false, true]]);
      expect(lease && specOf(lease).leaseTransitions).toBe(0);
    },
  );

  test('a renewal whose answer was lost costs nothing', async () => {
    const one = stand('one');
    await until(() => one.election.isLeader());
    mood = 'writes but does not answer';
    await pass(seconds(4));
    mood = 'answers';
    await pass(seconds(6));
    expect([one.election.isLeader(), one.told]).toEqual([true, [true]]);
  });

  test('the Lease is taken from the holder by hand: it stops at its next renewal', async () => {
    const one = stand('one');
    await until(() => one.election.isLeader());
    store(JSON.stringify({ ...lease, spec: { holderIdentity: 'a person', leaseDurationSeconds: 15 } }));
    await pass(seconds(4));
    expect([one.election.isLeader(), one.election.holder()]).toEqual([false, 'a person']);
  });

  test('the Lease is deleted: it is made anew', async () => {
    const one = stand('one');
    await until(() => one.election.isLeader());
    lease = undefined;
    await pass(seconds(8));
    expect([one.election.isLeader(), lease !== undefined]).toEqual([true, true]);
  });

  test('durations that do not fit together are refused', () => {
    const options = { client, namespace: 'ns', name: 'leader', identity: 'one', clock };
    expect(() => createLeaderElection({ ...options, leaseDuration: seconds(10) })).toThrow(RangeError);
    expect(() => createLeaderElection({ ...options, retryPeriod: seconds(5) })).toThrow(RangeError);
  });
});
