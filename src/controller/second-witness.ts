import { environments } from '../api/connection.ts';
import type { SquareTime } from '../clock.ts';
import { isTransient } from '../domain/failure.ts';
import type { SquareClient } from '../square/port.ts';
import type { Squares } from './squares.ts';

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

/** Both environments with clients that ask again. */
export function withSecondWitnesses(squares: Squares): Squares {
  const entries = environments.map((environment) => {
    const square = squares[environment];
    return [environment, { ...square, client: withSecondWitness(square.client, square.time) }] as const;
  });
  return Object.fromEntries(entries) as Squares;
}
