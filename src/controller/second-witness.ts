import type { SquareTime } from '../clock.ts';
import { isTransient } from '../domain/failure.ts';
import type { SquareClient } from '../square/port.ts';

/**
 * An answer that names a time far from what is known counts only when a second one bears it out. ListLocations spends
 * nothing and stands at the end of nearly every pass, so it is asked once more right away: a machine that slept learns the
 * time within one pass, and what a proxy has spoilt once moves nothing. What is given out is the first answer.
 */
export function withSecondWitness(client: SquareClient, time: SquareTime): SquareClient {
  return {
    ...client,
    async listLocations(accessToken) {
      const first = await client.listLocations(accessToken);
      if (time.disputed() && (first.ok || !isTransient(first.failure))) await client.listLocations(accessToken);
      return first;
    },
  };
}
