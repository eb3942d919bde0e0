import { afterAll, beforeAll, expect, test } from 'vitest';
import { seconds, systemClock } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createLeaderElection } from '../../../src/kube/lease.ts';
import { specOf } from '../../../src/kube/lease-record.ts';
import { leases } from '../../../src/kube/resource.ts';
import { createNamespace, kubeconfig } from '../../support/cluster.ts';
import { connect, milestone } from './settings.ts';

const clients: KubeClient[] = [];
const controllers: AbortController[] = [];

beforeAll(async () => {
  for (let i = 0; i < 2; i++) clients.push(await connect(kubeconfig()));
});

afterAll(async () => {
  for (const controller of controllers) controller.abort();
  await Promise.all(clients.map((client) => client.close()));
});

test('of two, one leads; the other follows within two retry periods of its going', async () => {
  const namespace = await createNamespace();
  const [watcher] = clients;
  const leaders = () => candidates.filter(({ election }) => election.isLeader());
  let both = milestone(() => false);
  const candidates = clients.map((client, i) => {
    const controller = new AbortController();
    controllers.push(controller);
    const election = createLeaderElection({ client, namespace, name: 'leader', identity: `c${i}`, clock: systemClock });
    election.onChange(() => {
      expect(leaders().length).toBeLessThanOrEqual(1);
      both.check();
    });
    return { election, stop: () => controller.abort(), stopped: election.start(controller.signal) };
  });
  both = milestone(() => leaders().length === 1);
  both.check();
  await both.reached;
  const [first] = leaders();
  const begun = performance.now();
  both = milestone(() => leaders().some((leader) => leader !== first));
  first?.stop();
  await first?.stopped;
  await both.reached;
  expect(performance.now() - begun).toBeLessThan(seconds(5));
  const record = await watcher?.get(leases, namespace, 'leader');
  expect(record && specOf(record)).toMatchObject({ leaseTransitions: 1, leaseDurationSeconds: 15 });
  const [second] = leaders();
  second?.stop();
  await second?.stopped;
  expect(leaders()).toEqual([]);
});
