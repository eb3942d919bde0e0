import { squareConnections } from '../../src/api/names.ts';
import { systemClock } from '../../src/clock.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createInformer } from '../../src/kube/informer.ts';
import type { KubeObject } from '../../src/kube/resource.ts';
import { benchNamespace } from './scene.ts';

/** Which connections are Ready, followed by a watch. */
export interface Readiness {
  /** Resolves to when (wall clock) the last of `count` became Ready; rejects after `limit` milliseconds. */
  all(count: number, limit: number): Promise<number>;
  stop(): Promise<void>;
}

export async function followReadiness(client: KubeClient): Promise<Readiness> {
  const ready = new Set<string>();
  let changed = () => {};
  const informer = createInformer({
    client,
    clock: systemClock,
    resource: squareConnections,
    namespace: benchNamespace,
    project: isReady,
  });
  informer.onChange(({ key, now }) => {
    if (now === true) ready.add(key);
    else ready.delete(key);
    changed();
  });
  const following = new AbortController();
  const ended = informer.start(following.signal);
  await informer.whenSynced();
  return {
    all(count, limit) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const late = () => reject(new Error(`${count - ready.size} of ${count} are not Ready after ${limit / 1_000} s`));
      const timer = setTimeout(late, limit);
      changed = () => {
        if (ready.size < count) return;
        clearTimeout(timer);
        resolve(Date.now());
      };
      changed();
      return promise;
    },
    async stop() {
      following.abort();
      await ended;
    },
  };
}

function isReady(object: KubeObject): boolean {
  const { conditions = [] } = (object['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
