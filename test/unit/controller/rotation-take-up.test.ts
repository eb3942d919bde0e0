import { describe, expect, it } from 'vitest';
import { check } from './small-world/check.ts';
import type { Choice } from './small-world/choices.ts';
import { play } from './small-world/explore.ts';
import { scenarios } from './small-world/scenarios.ts';

const timeout = 3_600_000;

describe('a credential is taken up, whatever befalls the replicas', () => {
  it(scenarios.imported.name, { timeout }, () => check(scenarios.imported, 2));
  it(scenarios.beside.name, { timeout }, () => check(scenarios.beside, 1));
  it(scenarios.importedAlone.name, { timeout }, () => check(scenarios.importedAlone, 1));
  it(scenarios.besideDue.name, { timeout }, () => check(scenarios.besideDue, 1));
});

describe('a credential that may be used up is told of beside a grant that is held', () => {
  const lists: readonly [string, Choice[]][] = [
    ['the process ends before it says so', ['A journal keep #1: crash before', 'B journal discard #1: crash after']],
    ['the second answer is lost, too', ['A ObtainToken #1: answer lost', 'A ObtainToken #2: answer lost']],
  ];
  it.each(lists)('when %s', async (_, choices) => {
    const { ending, violations } = await play(scenarios.beside, choices);
    expect(violations).toEqual([]);
    expect(ending).toBe('Lost');
  });
});
