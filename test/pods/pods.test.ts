import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { minutes } from '../../src/clock.ts';
import { findLeaks } from '../support/canaries.ts';
import { commandsOf, pagesWithCommands } from '../support/documented.ts';
import type { Party } from '../support/scene.ts';
import { killContainer } from './containers.ts';
import { type Pod, until } from './operator-pods.ts';
import { home, type Stage, shop, startStage } from './stage.ts';
import { createWorkload, type Workload } from './workload.ts';

/** A lease that nobody renews is taken over after 15 s, by somebody who looks every 2 s or so. */
const leaseTime = 20_000;

// One story: each step finds what the one before has left.
describe('the chart and the image on real nodes', () => {
  let stage: Stage;
  let [reads, starts] = [{} as Workload, {} as Workload];
  const sellers: Party[] = [];

  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage?.stop());

  const image = () => `${stage.plan.repository}:${stage.plan.tags[0]}`;
  const said = (text: string) => process.stdout.write(`  ${text}\n`);
  const elapsed = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
  const tokenOf = (name: string) => stage.scene.values(name)['access-token'] ?? '';
  const revision = (name: string) => stage.scene.status(name).revision ?? 0;
  const isRenewed = (name: string, before: number) =>
    stage.live.until(`${name} is renewed`, () => revision(name) === before + 1, 90_000);

  async function renew(name: string): Promise<string> {
    const before = revision(name);
    await stage.scene.request(name, 'refresh');
    await isRenewed(name, before);
    await stage.scene.becomes(name, { Ready: 'True/Valid' });
    return tokenOf(name);
  }

  /** All sellers' tokens are asked for at once, and Square's answers take longer than it takes to end a pod at rest. */
  async function rotateSlowly() {
    const { square, scene, live } = stage;
    const before = new Map(sellers.map(({ name }) => [name, revision(name)]));
    const asked = square.ledger.tokenRequests().length;
    const fault = square.faults.add({ endpoint: 'token', effect: { kind: 'delay' }, delay: 8_000 });
    for (const { name } of sellers) await scene.request(name, 'refresh');
    return {
      async isWhole() {
        await live.until('Square was asked', () => square.faults.hits(fault) >= sellers.length, 120_000);
        for (const [name, revision] of before) {
          await isRenewed(name, revision);
          await scene.becomes(name, { Ready: 'True/Valid' });
        }
        square.faults.clear();
        const requests = square.ledger.tokenRequests().slice(asked);
        expect(requests).toHaveLength(sellers.length);
        expect(new Set(requests.map(({ merchantID }) => merchantID))).toEqual(
          new Set(sellers.map(({ merchantID }) => merchantID)),
        );
        expect(requests.filter(({ outcome, answered }) => outcome !== 'issued' || !answered)).toEqual([]);
        expect(square.ledger.spentAgain()).toEqual([]);
      },
    };
  }

  /** Has the pods end by `act` and asks for the tokens while the leader sleeps before its end (`preStop`). */
  async function rotateWhileEnding(leader: Pod, act: () => Promise<unknown>): Promise<void> {
    const { name } = leader.metadata;
    const rotate = async () => {
      const path = `/api/v1/namespaces/${home}/pods/${name}`;
      const isEnding = async () => (await stage.api.ask<Pod>('GET', path)).metadata.deletionTimestamp;
      await until(`${name} is to end`, isEnding);
      return rotateSlowly();
    };
    const [rotations] = await Promise.all([rotate(), act()]);
    await handsOver(leader);
    await rotations.isWhole();
  }

  /** When the pod logged that for the first time. */
  const logged = (pod: string, message: string) =>
    until(`${pod} logs "${message}"`, async () => {
      const lines = stage.pods.log(pod).split('\n');
      const line = lines.find((one) => one.includes(`"msg":"${message}"`) && one.endsWith('}'));
      return line === undefined ? undefined : Date.parse((JSON.parse(line) as { time: string }).time);
    });

  /** The leader that was told to end has ended in order, and another pod leads in its place. */
  async function handsOver(leader: Pod): Promise<void> {
    const { name } = leader.metadata;
    const next = (await stage.pods.leader(name)).metadata.name;
    const [told, ended] = [await logged(name, 'operator stopping'), await logged(name, 'operator stopped')];
    const took = (await logged(next, 'this replica leads')) - told;
    said(
      `${name}: told to end, ended ${(ended - told) / 1000} s later; another pod leads ${took / 1000} s after that word`,
    );
    // It had something in hand, and finished that first.
    expect(ended - told).toBeGreaterThan(1_000);
    expect(took).toBeLessThan(leaseTime);
  }

  test('is installed by Helm: two pods, on two nodes, one of which leads', async () => {
    const since = performance.now();
    await stage.release('install', stage.plan.tags[0]);
    const pods = await stage.pods.ready(2);
    said(`installed in ${elapsed(since)}`);
    expect(new Set(pods.map(({ spec }) => spec.nodeName)).size).toBe(2);
    expect(pods.map(({ metadata }) => metadata.name)).toContain((await stage.pods.leader()).metadata.name);
    expect(await stage.pods.failedProbes(pods)).toEqual([]);
  });

  test('runs under the restricted standard, with what the chart promises in force', async () => {
    const refused = await stage.kubeRefused('run', 'root', '-n', home, '--image', image(), '--dry-run=server');
    expect(refused).toContain('violates PodSecurity "restricted');
    for (const pod of await stage.pods.look()) {
      expect(pod.spec.terminationGracePeriodSeconds).toBe(90);
      expect(pod.spec.containers[0]?.lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
      expect(await insides(pod)).toEqual({
        ids: '65532 65532',
        status: { CapEff: '0000000000000000', CapBnd: '0000000000000000', NoNewPrivs: '1', Seccomp: '2' },
        writes: { '/': 'EROFS', '/app': 'EROFS', '/tmp': 'EROFS', '/var/lib/square-operator/journal': 'written' },
        account: ['ca.crt', 'namespace', 'token'],
      });
      const shell = await stage.kubeRefused('exec', '-n', home, pod.metadata.name, '--', 'sh', '-c', 'true');
      expect(shell).toContain('executable file not found');
    }
  });

  const insides = async ({ metadata }: Pod): Promise<unknown> => {
    const code = `
      const { readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
      const write = (dir) => {
        try { writeFileSync(dir + '/probe', ''); rmSync(dir + '/probe'); return 'written'; } catch ({ code }) { return code; }
      };
      const status = readFileSync('/proc/1/status', 'utf8');
      const of = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(status)[1];
      const dirs = ['/', '/app', '/tmp', '/var/lib/square-operator/journal'];
      console.log(JSON.stringify({
        ids: process.getuid() + ' ' + process.getgid(),
        status: Object.fromEntries(['CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp'].map((name) => [name, of(name)])),
        writes: Object.fromEntries(dirs.map((dir) => [dir, write(dir)])),
        account: readdirSync('/var/run/secrets/kubernetes.io/serviceaccount').filter((name) => !name.startsWith('..')).sort(),
      }));`;
    return JSON.parse(await stage.kube('exec', '-n', home, metadata.name, '--', 'node', '-e', code));
  };

  test('gives workloads the token, by volume and by environment', async () => {
    const rolloutRestartTargets = [{ kind: 'Deployment', name: 'starts' }];
    await stage.scene.connected({ name: 'bakery', spec: { rolloutRestartTargets } });
    const wish = { namespace: shop, image: image(), secret: 'bakery' };
    [reads, starts] = await Promise.all([
      createWorkload(stage.api, { ...wish, name: 'reads', by: 'volume' }),
      createWorkload(stage.api, { ...wish, name: 'starts', by: 'variable' }),
    ]);
    expect((await reads.token()).mounted).toBe(tokenOf('bakery'));
    expect((await starts.token()).variable).toBe(tokenOf('bakery'));
  });

  test.each([1, 2])(
    'renews it: the file follows, the workload that read it at its start is restarted once (%i)',
    async (round) => {
      const before = [await reads.token(), await starts.token()];
      const since = performance.now();
      const token = await renew('bakery');
      expect(token).not.toBe(before[0]?.mounted);
      await until('the file follows', async () => (await reads.token()).mounted === token || undefined);
      said(`the mounted file followed within ${elapsed(since)} of the request`);
      expect((await reads.token()).pod).toBe(before[0]?.pod);
      await stage.scene.pass(minutes(11));
      await until('the workload is restarted', async () => {
        const { pod, variable } = await starts.token().catch(() => ({ pod: before[1]?.pod, variable: null }));
        return (pod !== before[1]?.pod && variable === token) || undefined;
      });
      expect(await starts.versions()).toBe(1 + round);
      expect(await reads.versions()).toBe(1);
    },
  );

  test('finishes rotations of tokens that work once when its node is drained', async () => {
    const app = await stage.scene.application('pkce', { flow: 'PKCE' });
    for (const name of ['north', 'east', 'south', 'west'])
      sellers.push(await stage.scene.connected({ name, app, flow: 'PKCE' }));
    const leader = await stage.pods.leader();
    const node = leader.spec.nodeName ?? '';
    const since = performance.now();
    await rotateWhileEnding(leader, async () => {
      await stage.kube('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s');
      said(`the node of the leader was drained in ${elapsed(since)}`);
    });
    expect((await stage.pods.ready(2)).map(({ spec }) => spec.nodeName)).not.toContain(node);
  });

  test('gives up no second pod while the first is not back', async () => {
    await stage.kube('cordon', 'node-a', 'node-b');
    const [first, second] = await stage.pods.ready(2);
    const evict = (pod: Pod | undefined) => {
      const path = `/api/v1/namespaces/${home}/pods/${pod?.metadata.name}/eviction`;
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod?.metadata.name } };
      return stage.api.send('POST', path, { body });
    };
    expect((await evict(first)).status).toBe(201);
    const { status, body } = await evict(second);
    expect([status, body]).toEqual([429, expect.objectContaining({ reason: 'TooManyRequests' })]);
    await stage.kube('uncordon', 'node-a', 'node-b');
    await stage.pods.ready(2);
  });

  test('loses nothing when it is upgraded while it rotates', async () => {
    const leader = await stage.pods.leader();
    const since = performance.now();
    await rotateWhileEnding(leader, async () => {
      await stage.release('upgrade', stage.plan.tags[1]);
      said(`upgraded in ${elapsed(since)}`);
    });
    const pods = await stage.pods.ready(2);
    const images = pods.map(({ spec }) => spec.containers[0]?.image);
    expect(new Set(images)).toEqual(new Set([`${stage.plan.repository}:${stage.plan.tags[1]}`]));
    expect(await stage.pods.failedProbes(pods)).toEqual([]);
  });

  test('loses nothing when it is rolled back while it rotates', async () => {
    const leader = await stage.pods.leader();
    const since = performance.now();
    await rotateWhileEnding(leader, async () => {
      await stage.rollBack();
      said(`rolled back in ${elapsed(since)}`);
    });
    const pods = await stage.pods.ready(2);
    expect(new Set(pods.map(({ spec }) => spec.containers[0]?.image))).toEqual(new Set([image()]));
    expect(await stage.pods.failedProbes(pods)).toEqual([]);
    // One round before each of the three ends of a leader, beside the grant that each seller began with.
    const issued = stage.square.ledger.tokenRequests({ outcome: 'issued' });
    for (const { merchantID } of sellers) expect(issued.filter((one) => one.merchantID === merchantID)).toHaveLength(4);
  });

  test.each(pagesWithCommands('run pods'))('does what %s says to do with pods', async (page) => {
    for (const block of commandsOf(page, 'run pods')) {
      await stage.paste(block);
      // What it looks for need not have happened here; what it looks through is the log of each pod.
      const [log = ''] = block.split(' | grep ');
      const lines = (await stage.paste(log)).split('\n').filter((line) => line.includes('"msg":"'));
      for (const { metadata } of await stage.pods.ready(2))
        expect(lines.filter((line) => line.includes(metadata.name)).length).toBeGreaterThan(1);
    }
  });

  test('is led by the other pod within the time of the lease when the leader is killed', async () => {
    const leader = await stage.pods.leader();
    const { name } = leader.metadata;
    await killContainer(leader.status.containerStatuses?.[0]?.containerID ?? '');
    const since = performance.now();
    await stage.pods.leader(name);
    said(`another pod leads ${elapsed(since)} after the leader was killed`);
    expect(performance.now() - since).toBeLessThan(leaseTime);
    await renew('bakery');
    const back = (await stage.pods.ready(2)).find(({ metadata }) => metadata.name === name);
    expect(back?.status.containerStatuses?.[0]?.restartCount).toBe(1);
  });

  test('has restarted the workload for no other reason, and shown no secret', async () => {
    const changes = stage.square.ledger.tokenRequests({ outcome: 'issued' }).length;
    expect(changes).toBeGreaterThan(8);
    await stage.scene.pass(minutes(11));
    // Bakery was renewed once more after the last restart.
    await until('the workload is restarted', async () => ((await starts.versions()) === 4 ? true : undefined));
    await stage.scene.pass(minutes(11));
    expect(await starts.versions()).toBe(4);
    expect(stage.live.versions('events', shop).filter(({ reason }) => reason === 'RolloutNotRestarted')).toEqual([]);
    expect(stage.pods.containers()).toBeGreaterThan(5);
    const places = [{ where: 'the logs', text: stage.pods.log() }];
    expect(findLeaks(stage.square.secrets(), places)).toEqual([]);
  });
});
