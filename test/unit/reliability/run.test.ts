import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { play } from '../../reliability/run.ts';
import { scenarios } from '../../reliability/scenarios.ts';
import type { Theatre } from '../../reliability/stage.ts';

test('a run whose stage cannot be set up is a violation, and ends no other run', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'square-operator-test-'));
  const [scenario] = scenarios;
  if (scenario === undefined) throw new Error('there is no scenario');
  const ask = () => Promise.reject(new Error('the API server does not answer'));
  const outcome = await play({ api: { ask }, dir } as unknown as Theatre, { scenario });
  expect(outcome.violations).toEqual([
    'the run could not be played: its stage could not be set up or cleared: the API server does not answer',
  ]);
  expect(outcome).toMatchObject({ struck: false, tokensLost: 0, crossed: [] });
  await rm(dir, { recursive: true });
});
