import { describe, expect, it } from 'vitest';
import { check } from './small-world/check.ts';
import { play } from './small-world/explore.ts';
import { scenarios } from './small-world/scenarios.ts';

const timeout = 3_600_000;

describe('a grant is refreshed, whatever befalls the replicas', () => {
  it(scenarios.due.name, { timeout }, () => check(scenarios.due, 2));
  it(scenarios.multiUse.name, { timeout }, () => check(scenarios.multiUse, 2));
  it(scenarios.requested.name, { timeout }, () => check(scenarios.requested, 1));
  it(scenarios.dueAlone.name, { timeout }, () => check(scenarios.dueAlone, 1));
});

describe('a request that was acted on', () => {
  it('is no reason to present a used token once more, when the process ends before it says so', async () => {
    const { ending, violations } = await play(scenarios.requested, [
      'A patch secrets/bakery-sealed #2: pause before',
      'B journal discard #1: crash after',
    ]);
    expect(violations).toEqual([]);
    expect(ending).toBe('Ready');
  });
});

describe('a refusal of a token whose successor was stored meanwhile', () => {
  it('is not told, by a process that stood still with it', async () => {
    const { ending, violations } = await play(scenarios.due, [
      'A ObtainToken #1: pause after',
      'B ObtainToken #1: pause after',
      'A patch secrets/bakery-sealed #3: pause after',
    ]);
    expect(violations).toEqual([]);
    expect(ending).toBe('Ready');
  });
});
