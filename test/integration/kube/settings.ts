import { type Clock, systemClock } from '../../../src/clock.ts';
import { loadAccess } from '../../../src/kube/access.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/connect.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';

/** The product's own client of the control plane. */
export async function connect(kubeconfig: string, clock: Clock = systemClock): Promise<KubeClient> {
  return createKubeClient({ access: await loadAccess({ kubeconfig, clock }), clock, fieldManager: 'tests' });
}

export const aSecret = (namespace: string, name: string, value: string, labels = { test: 'yes' }): KubeObject => ({
  metadata: { namespace, name, labels },
  stringData: { value },
});

/** Runs `work` for 0 … count-1, `atOnce` at a time. */
export async function each(count: number, atOnce: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** `reached` resolves when `condition` holds at a call of `check`. */
export function milestone(condition: () => boolean): { reached: Promise<void>; check: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = () => {
    if (condition()) resolve();
  };
  return { reached: promise, check };
}
