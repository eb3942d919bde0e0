import type { Environment } from '../api/connection.ts';
import type { SquareTime } from '../clock.ts';
import type { SquareClient } from '../square/port.ts';

/** Square, once for each environment: production and sandbox share nothing, not even the time. */
export interface Square {
  readonly client: SquareClient;
  readonly time: SquareTime;
  readonly baseURL: string;
}

export type Squares = Readonly<Record<Environment, Square>>;
