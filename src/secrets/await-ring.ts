import { type Duration, seconds, sleep } from '../clock.ts';
import { KubeError } from '../kube/client.ts';
import { type KeyRingDeps, loadKeyRing } from './load-ring.ts';
import type { LiveKeyRing } from './port.ts';

const retry = { first: seconds(1), most: seconds(15) };
const delayAfter = (attempt: number): Duration => Math.min(retry.most, retry.first * 2 ** Math.min(attempt - 1, 10));

/**
 * The key ring, however long the API server is away. Rejects with `SealingKeyError` when a key cannot be read, which is
 * for a person to mend, and with the signal's reason when it is aborted first.
 */
export async function awaitKeyRing(deps: KeyRingDeps, signal: AbortSignal): Promise<LiveKeyRing> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await loadKeyRing(deps);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      deps.log.error({ attempt, err: error }, 'the sealing keys cannot be read yet and are read again');
      await sleep(deps.clock, delayAfter(attempt), signal);
    }
  }
}
