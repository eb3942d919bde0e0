import type { LeaderElection } from '../kube/lease.ts';
import type { Controller } from './controller.ts';
import type { Watches } from './watches.ts';

/** Starts the controller when the lease is won and the watches are synced; pauses it when the lease is lost. */
export async function stand(parts: {
  election: LeaderElection | undefined;
  controller: Pick<Controller, 'start' | 'pause'>;
  watches: Watches;
  signal: AbortSignal;
}): Promise<void> {
  const { election, controller, watches, signal } = parts;
  await Promise.race([watches.whenSynced(), aborted(signal)]);
  if (signal.aborted) return;
  if (election === undefined) {
    controller.start();
    return;
  }
  election.onChange((leading) => (leading ? controller.start() : controller.pause()));
  await election.start(signal);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
