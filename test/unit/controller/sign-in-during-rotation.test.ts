import { describe, expect, it } from 'vitest';
import { faultsOr, lineOf } from './small-world/check.ts';
import { explore, type Run } from './small-world/explore.ts';
import { scenarios } from './small-world/scenarios.ts';

const timeout = 3_600_000;

describe('a sign-in during a rotation, whatever befalls the replicas', () => {
  const { signInBefore, signInDuring, signInBeside } = scenarios;
  it.each([signInBefore, signInDuring, signInBeside])('$name', { timeout }, async (scenario) => {
    const runs: Run[] = [];
    const bound = faultsOr(1);
    const figures = await explore({ scenarios: [scenario], faults: bound, onRun: (run) => runs.push(run) });
    console.log(`${scenario.name}: ${lineOf(figures, bound)}`);
    expect(figures.violated.map(({ choices, violations }) => [choices.join(' | '), violations])).toEqual([]);
    // Whatever became of the rotation, or of the credential, which is older: the grant of the sign-in is held, accepted and published.
    const signedIn = runs.filter((run) => run.signedIn);
    expect(signedIn.filter(({ ending }) => ending !== 'Ready').map(({ choices }) => choices.join(' | '))).toEqual([]);
    expect(signedIn.length).toBeGreaterThan(20);
  });
});
