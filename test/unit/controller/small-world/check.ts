import { expect } from 'vitest';
import { explore, type Figures, type Run } from './explore.ts';
import type { Scenario } from './scenarios.ts';

/**
 * Explored by default: pairs of choices in a take-up and in the refreshes, single ones where these repeat themselves. To look
 * further: FAULTS=2 or FAULTS=3 for all, EVERYWHERE=1 for what happens beside the rotation, too.
 */
export const faultsOr = (faults: number): number => Number(process.env['FAULTS'] ?? faults);
const everywhere = process.env['EVERYWHERE'] === '1';

/** Explores, prints the figures and fails with the lists that break a promise, the shortest first. */
export async function check(scenario: Scenario, faults: number): Promise<void> {
  const runs: Run[] = [];
  const bound = faultsOr(faults);
  const figures = await explore({ scenarios: [scenario], faults: bound, everywhere, onRun: (run) => runs.push(run) });
  console.log(`${scenario.name}: ${lineOf(figures, bound)}`);
  const violated = figures.violated.toSorted((a, b) => a.choices.length - b.choices.length);
  expect(violated.map(({ choices, violations }) => [choices.join(' | '), violations])).toEqual([]);
  // A token is lost where its answer reached nobody, and nowhere else; and where it is lost the status says so.
  for (const { choices, ending, loss } of runs) expect(ending === 'Lost', choices.join(' | ')).toBe(loss !== undefined);
  if (!scenario.singleUse) expect(figures.lost).toEqual({ Unheard: 0, 'Before the disk': 0 });
}

/** The figures for people: nobody is to think that the operator lost what the checker took away from it. */
export function lineOf({ runs, transitions, states, lost, inDoubt, violated }: Figures, bound: number): string {
  const { Unheard: unheard, 'Before the disk': beforeDisk } = lost;
  const taken = `answers cut off ${unheard}, kills before the disk ${beforeDisk}`;
  return [
    `faults put in: up to ${bound} a run; ${runs} runs, ${states} states, ${transitions} steps`,
    `promises broken: ${violated.length}`,
    ...(unheard + beforeDisk === 0
      ? []
      : [`the checker took the newest token away, as the status has to say: ${taken}`]),
    ...(inDoubt === 0 ? [] : [`a token stays in doubt, as the status has to say: ${inDoubt}`]),
  ].join('; ');
}
