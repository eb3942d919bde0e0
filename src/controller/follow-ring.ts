import type { Log } from '../kube/log.ts';
import type { WorkQueue } from '../kube/queue.ts';
import type { Key } from '../kube/resource.ts';
import type { LiveKeyRing } from '../secrets/port.ts';
import { recordsByKey } from './key-needs.ts';
import { connectionsOfRecords } from './reseal.ts';
import type { Watches } from './watches.ts';

/** The one key of the queue that looks after the ring as a whole. */
export const ringKey: Key = 'sealing-keys';

/** Turns news of the ring, and of records under its retired keys, into keys of the queues. */
export function followRing(parts: {
  readonly ring: LiveKeyRing;
  readonly watches: Watches;
  readonly queue: WorkQueue;
  readonly custodyQueue: WorkQueue;
  readonly log: Log;
}): void {
  const { ring, watches, queue, custodyQueue, log } = parts;
  const isRetired = (id: string | undefined) => id !== undefined && ring.find(id)?.state === 'Retired';
  ring.onChange(({ removed }) => {
    custodyQueue.add(ringKey);
    const counts = removed.length === 0 ? undefined : recordsByKey(watches);
    for (const keyID of removed) {
      const records = counts?.get(keyID);
      if (records === undefined) continue;
      log.error({ keyID, records }, 'a sealing key is gone that sealed records need: restore it from a backup');
    }
    // Records open or no longer open, and credentials that were sealed offline do: everything is looked at again.
    for (const [key] of watches.connections.entries()) queue.add(key);
    for (const key of connectionsOfRecords(watches)) queue.add(key);
  });
  watches.grants.onChange(({ now, before }) => {
    if (isRetired(now?.keyID) || isRetired(before?.keyID)) custodyQueue.add(ringKey);
  });
  watches.keys.onChange(() => custodyQueue.add(ringKey));
}
