import { type Environment, environments } from '../api/connection.ts';
import { type Clock, createSquareTime, type SquareTime } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Metrics } from '../observability/port.ts';
import { createSquareClient } from '../square/client.ts';
import type { SquareClient } from '../square/port.ts';

/** Square, once for each environment: production and sandbox share nothing, not even the time. */
export interface Square {
  readonly client: SquareClient;
  readonly time: SquareTime;
  readonly baseURL: string;
}

export type Squares = Readonly<Record<Environment, Square>>;

/** Both environments of Square, their calls counted. Throws when a base URL is unfit. */
export function createSquares(
  config: Pick<Config, 'squareProductionURL' | 'squareSandboxURL'>,
  clock: Clock,
  metrics: Pick<Metrics, 'apiRequestObserved' | 'clockSkewObserved'>,
): Squares {
  const open = (baseURL: string): Square => {
    const time = createSquareTime(clock);
    const client = createSquareClient({
      baseURL,
      time,
      clock,
      observe(operation, code, took) {
        metrics.apiRequestObserved(operation, code, took);
        if (time.confirmed()) metrics.clockSkewObserved(time.skew());
      },
    });
    return { client, time, baseURL };
  };
  return { Production: open(config.squareProductionURL), Sandbox: open(config.squareSandboxURL) };
}

/** Lets calls under way end, then closes the connections. */
export const closeSquares = async (squares: Squares): Promise<void> =>
  void (await Promise.all(environments.map((environment) => squares[environment].client.close())));
