import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seconds, systemClock } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { secrets } from '../../../src/kube/resource.ts';
import type { LocalControlPlane } from '../../cluster/local.ts';
import type { ControlPlane } from '../../cluster/provider.ts';
import { reportTo } from '../../cluster/report.ts';
import { startControlPlane } from '../../cluster/start.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { aSecret, connect, milestone } from './settings.ts';

let dir: string;
let plane: ControlPlane;
let client: KubeClient;
const controller = new AbortController();

/** Its own, since it is killed. */
beforeAll(async () => {
  dir = await runDir();
  plane = await startControlPlane({ dir, report: reportTo(process.stderr) });
  client = await connect(plane.kubeconfig);
});

afterAll(async () => {
  controller.abort();
  await client.close();
  await plane.stop();
  await rm(dir, { recursive: true });
});

const canRestart = (one: ControlPlane): one is LocalControlPlane => 'apiServer' in one;

test('the API server is killed and comes back: the watch goes on, and what was deleted meanwhile is told', async (context) => {
  if (!canRestart(plane)) {
    context.skip('this control plane gives no way to end its API server');
    return;
  }
  const namespace = 'default';
  for (const name of ['stays', 'goes']) await client.create(secrets, aSecret(namespace, name, 'x'));
  const states: boolean[] = [];
  let unhealthy = milestone(() => false);
  const informer = createInformer({
    client,
    resource: secrets,
    labelSelector: 'test=yes',
    project: (object) => object.metadata.name,
    clock: systemClock,
    onState: ({ healthy }) => {
      states.push(healthy);
      unhealthy.check();
    },
  });
  const told: string[] = [];
  let gone = milestone(() => false);
  informer.onChange(({ key, now }) => {
    told.push(`${key} ${now ?? 'gone'}`);
    gone.check();
  });
  const stopped = informer.start(controller.signal);
  await informer.whenSynced();
  told.length = 0;

  unhealthy = milestone(() => !informer.healthy());
  await plane.apiServer.kill();
  await unhealthy.reached;
  expect(informer.get('default/goes')).toBe('goes');

  // Deleted at once by another, so that it may be before or after the watch is back: it is told in both cases, once.
  gone = milestone(() => told.length > 0);
  await plane.apiServer.start();
  const other = await connect(plane.kubeconfig);
  const begun = performance.now();
  await other.delete(secrets, namespace, 'goes');
  await gone.reached;
  expect(performance.now() - begun).toBeLessThan(seconds(16));
  expect([told, [...informer.entries()].length, informer.healthy()]).toEqual([['default/goes gone'], 1, true]);
  controller.abort();
  await stopped;
  await other.close();
});
