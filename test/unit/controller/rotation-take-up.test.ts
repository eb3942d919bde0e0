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
  it(scenarios.besideAnother.name, { timeout }, () => check(scenarios.besideAnother, 1));
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

describe('what a credential of another seller gave', () => {
  const lists: readonly [string, Choice[]][] = [
    ['all goes well', []],
    ['its process ends with the answer on the disk', ['A journal keep #1: crash after']],
    ['its process ends as it is stored', ['A journal discard #1: crash before']],
    ['its process ends before the request is concluded', ['A patch secrets/bakery-sealed #2: crash before']],
  ];
  it.each(lists)('is taken up when its seller is pinned: %s', async (_, choices) => {
    const { ending, loss, violations } = await play(scenarios.besideAnother, choices);
    expect([ending, loss, violations]).toEqual(['Ready', undefined, []]);
  });
});

describe('a credential whose answer comes after what was held is renewed', () => {
  const lists: readonly [string, Choice[]][] = [
    ['its process stood still with the answer', ['A ObtainToken #2: crash before', 'B ObtainToken #1: pause after']],
    ['it was in the journal', ['A patch secrets/bakery-sealed #2: crash after', 'B journal keep #1: pause after']],
  ];
  it.each(lists)('is taken up all the same: %s', async (_, choices) => {
    const { ending, violations } = await play(scenarios.besideDue, ['A ObtainToken #1: silence', ...choices]);
    expect(violations).toEqual([]);
    expect(ending).toBe('Ready');
  });
});
