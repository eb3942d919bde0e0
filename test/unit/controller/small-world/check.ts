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
  console.log(`${scenario.name}, at most ${bound}: ${lineOf(figures)}`);
  const violated = figures.violated.toSorted((a, b) => a.choices.length - b.choices.length);
  expect(violated.map(({ choices, violations }) => [choices.join(' | '), violations])).toEqual([]);
  // A token is lost where its answer reached nobody, and nowhere else; and where it is lost the status says so.
  for (const { choices, ending, loss } of runs) expect(ending === 'Lost', choices.join(' | ')).toBe(loss !== undefined);
  if (!scenario.singleUse) expect(figures.lost).toEqual({ Unheard: 0, 'Before the disk': 0 });
}

function lineOf({ violated, ...figures }: Figures): string {
  return JSON.stringify({ ...figures, violated: violated.length });
}
