import type { Clock } from '../clock.ts';
import type { Log } from '../kube/log.ts';
import type { Metrics } from '../observability/port.ts';
import { followKeyFiles, followKeySecrets } from '../secrets/follow-keys.ts';
import type { LiveKeyRing } from '../secrets/port.ts';
import type { Watches } from './watches.ts';

export interface FollowKeysDeps {
  readonly ring: LiveKeyRing;
  readonly watches: Watches;
  readonly metrics: Pick<Metrics, 'sealingKeyInCluster'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the keys, where they come from files. */
  readonly directory: string | undefined;
}

/**
 * Keeps the ring as its keys are, in Secrets or in files, until `signal` is aborted; and says whether keys of the ring lie
 * unwrapped in the cluster, where those that came from there may have been left behind.
 */
export function followKeys(
  { ring, watches, metrics, clock, log, directory }: FollowKeysDeps,
  signal: AbortSignal,
): void {
  let said = '';
  const sayWhere = () => {
    const lying = [...watches.keys.entries()].flatMap(([key, { id }]) => (ring.find(id) === undefined ? [] : [key]));
    metrics.sealingKeyInCluster(ring.inCluster || lying.length > 0);
    if (ring.inCluster || lying.length === 0 || said === lying.join()) return;
    said = lying.join();
    log.warn(
      { secrets: lying },
      'keys of --sealing-key-dir lie unwrapped in Secrets of the cluster besides: delete those Secrets once the files are backed up',
    );
  };
  sayWhere();
  ring.onChange(sayWhere);
  watches.keys.onChange(sayWhere);
  if (directory === undefined) followKeySecrets(watches.keys, ring, log);
  else followKeyFiles({ directory, ring, clock, log }, signal);
}
