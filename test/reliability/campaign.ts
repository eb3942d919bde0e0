import { plansOf, shuffled } from './plans.ts';
import { type Outcome, type Plan, play } from './run.ts';
import type { Scenario } from './scenario.ts';
import type { Theatre } from './stage.ts';

export interface CampaignOptions {
  readonly scenarios: readonly Scenario[];
  /** Orders the runs, and chooses them where there are fewer than plans. */
  readonly seed: number;
  /** How many of the faults are tried. Default: all. */
  readonly sample?: number;
  /** Only these plans. */
  readonly only?: (plan: Plan) => boolean;
  /** How often each of them is played. Default: once. */
  readonly times?: number;
  /** Runs at a time. */
  readonly lanes: number;
  readonly onOutcome?: (outcome: Outcome, done: number, total: number) => void;
}

export interface Campaign {
  readonly outcomes: readonly Outcome[];
  /** Every plan that there is for these scenarios. */
  readonly plans: readonly Plan[];
}

/** Records each scenario without a fault, then plays the faults at its boundaries. */
export async function campaign(theatre: Theatre, options: CampaignOptions): Promise<Campaign> {
  const { scenarios, seed, sample, only, times = 1, lanes, onOutcome } = options;
  const recordings = await inLanes(
    lanes,
    scenarios.map((scenario) => () => play(theatre, { scenario })),
    (outcome, done) => onOutcome?.(outcome, done, scenarios.length),
  );
  const plans = recordings.flatMap(({ plan, crossed }) => plansOf(plan.scenario, crossed));
  const wanted = shuffled(plans, seed).filter((plan) => only === undefined || only(plan));
  const chosen = (sample === undefined ? wanted : wanted.slice(0, sample)).flatMap((plan) =>
    Array.from({ length: times }, () => plan),
  );
  const outcomes = await inLanes(
    lanes,
    chosen.map((plan) => () => play(theatre, plan)),
    (outcome, done) => onOutcome?.(outcome, done, chosen.length),
  );
  return { outcomes: [...recordings, ...outcomes], plans };
}

/** Works off the list, so many at a time; results in the order of the list. */
async function inLanes<T>(
  lanes: number,
  work: readonly (() => Promise<T>)[],
  onDone: (result: T, done: number) => void,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < work.length; at = next++) {
      const result = await work[at]?.();
      if (result === undefined) return;
      results[at] = result;
      onDone(result, (done += 1));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
