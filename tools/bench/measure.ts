import { countsOf, requestsBetween, total } from './api-server.ts';
import type { Lab } from './lab.ts';
import { quietSince, type RunningOperator } from './operator.ts';
import { cpuBetween, type Usage } from './usage.ts';

/** What one phase cost. */
export interface Figures {
  readonly phase: string;
  readonly connections: number;
  /** Wall time of the phase. */
  readonly seconds: number;
  /** CPU of the operator and of the API server. */
  readonly operatorSeconds: number;
  readonly apiServerSeconds: number;
  /** Of the operator, at the end of the phase, in MiB. */
  readonly rss: number;
  readonly peak: number;
  /** By verb and resource, watches and leases left out. */
  readonly requests: number;
  readonly requestsBy: Readonly<Record<string, number>>;
  readonly tokenCalls: number;
  readonly locationCalls: number;
  /** What only this phase has. */
  readonly more: Readonly<Record<string, number>>;
}

/** See `quietSince`. */
export const settled = (lab: Lab, operator: RunningOperator, hold: number): Promise<number> =>
  quietSince(operator, async () => (await lab.square.counts()).tokens, hold);

/** The cost of an operator that has not been started yet. */
export const notStarted: Usage = { cpu: 0, rss: 0, peak: 0 };

export interface Measuring {
  /** The figures since `begin`. `own`: what the benchmark itself asked of the API server in between. */
  end(
    operator: RunningOperator,
    given: { seconds: number; own?: Readonly<Record<string, number>>; more?: Readonly<Record<string, number>> },
  ): Promise<Figures>;
}

/** Takes the counts from which a phase is measured. */
export async function begin(lab: Lab, phase: string, connections: number, before: Usage): Promise<Measuring> {
  const api = await countsOf(lab.client);
  const square = await lab.square.counts();
  return {
    async end(operator, { seconds, own = {}, more = {} }) {
      const after = operator.usage();
      const [apiNow, squareNow] = [await countsOf(lab.client), await lab.square.counts()];
      const requestsBy = requestsBetween(api, apiNow, own);
      return {
        phase,
        connections,
        seconds,
        operatorSeconds: cpuBetween(before, after),
        apiServerSeconds: apiNow.cpu - api.cpu,
        rss: after.rss,
        peak: after.peak,
        requests: total(requestsBy),
        requestsBy,
        tokenCalls: squareNow.tokens - square.tokens,
        locationCalls: squareNow.locations - square.locations,
        more,
      };
    },
  };
}
