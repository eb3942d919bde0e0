import { type Clock, seconds, sleep } from '../clock.ts';
import { type Backoff, backoffDelay } from '../domain/schedule.ts';
import type { Log } from '../kube/log.ts';
import { type EscrowDeps, type EscrowHeld, removeFromEscrow } from './escrow.ts';

export interface ClearEscrowDeps extends EscrowDeps {
  readonly clock: Clock;
  readonly log: Log;
}

const again: Backoff = { first: seconds(1), most: seconds(60) };

/**
 * Takes away what lies in escrow and is stored in its own place by now, as it was seen: what somebody put there since
 * stays. Tried until the API server does it, or until `signal` is aborted: left lying it would be found by a later leader,
 * who might not see any more that it was stored. Never rejects.
 */
export async function clearEscrow(deps: ClearEscrowDeps, held: EscrowHeld, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await removeFromEscrow(deps, held);
      return;
    } catch (error) {
      const { name: secret } = held;
      deps.log.warn({ secret, attempt, err: error }, 'a grant that is stored could not be taken out of escrow');
      await sleep(deps.clock, backoffDelay(again, attempt, secret), signal).catch(() => {});
    }
  }
}
