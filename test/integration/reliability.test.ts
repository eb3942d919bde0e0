import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runDir } from '../cluster/temp-dir.ts';
import { campaign } from '../reliability/campaign.ts';
import { figureLines, figuresOf } from '../reliability/figures.ts';
import { planName } from '../reliability/plans.ts';
import type { Plan } from '../reliability/run.ts';
import { scenarios } from '../reliability/scenarios.ts';
import { type OpenTheatre, openTheatre } from '../reliability/theatre.ts';
import { kubeconfig } from '../support/cluster.ts';

const seed = 20_261_122;
/** What takes no longer than it may; all of it is `npm run reliability`. */
const sample = 8;

let dir: string;
let theatre: OpenTheatre;
beforeAll(async () => {
  dir = await runDir();
  theatre = await openTheatre(kubeconfig(), dir);
});
afterAll(async () => {
  await theatre.close();
  await rm(dir, { recursive: true, force: true });
});

const chosen = new Set(['take-up, single-use', 'refresh on request, single-use']);

/** Kills around the requests that everything hangs on: the exchange, and the writes of the sealed record. */
const isAtTheHeart = (plan: Plan): boolean =>
  plan.strike?.fault.kind === 'kill' && /oauth2\/token #|shop-sealed/.test(planName(plan));

test(`${sample} crash points around an exchange lose nothing and tell no lie`, async () => {
  const played = await campaign(theatre, {
    scenarios: scenarios.filter(({ name }) => chosen.has(name)),
    seed,
    sample,
    only: isAtTheHeart,
    lanes: 2,
  });
  process.stdout.write(`${figureLines(figuresOf(played), undefined).join('\n')}\n`);
  const violated = played.outcomes.filter(({ violations }) => violations.length > 0);
  expect(violated.map(({ plan, violations }) => [planName(plan), ...violations])).toEqual([]);
  expect(played.outcomes.filter(({ struck }) => struck).length).toBeGreaterThanOrEqual(sample - 1);
}, 180_000);
