import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openApi } from '../cluster/api.ts';
import { applyCrds } from '../cluster/crds.ts';
import type { Report } from '../cluster/provider.ts';
import { startControlPlane } from '../cluster/start.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { Misuse } from '../support/flags.ts';
import { explore } from '../unit/controller/small-world/explore.ts';
import { scenarios as smallWorlds } from '../unit/controller/small-world/scenarios.ts';
import { type Campaign, campaign } from './campaign.ts';
import { figureLines, figuresOf } from './figures.ts';
import { planName } from './plans.ts';
import type { Outcome } from './run.ts';
import { scenarios } from './scenarios.ts';
import { openTheatre } from './theatre.ts';

export interface Wish {
  /** Only scenarios whose name has this in it. */
  readonly scenario: string;
  readonly seed: number;
  /** How often each of the faults is played. */
  readonly times: number;
  readonly lanes: number;
  readonly sample?: number;
  /** Only runs whose name has this in it. */
  readonly only?: string;
  /** Where figures and runs are kept. */
  readonly json?: string;
}

/** Plays what is wished for on a control plane of its own, prints the figures, and tells whether nothing was violated. */
export async function reliability(wish: Wish, report: Report): Promise<boolean> {
  const chosen = scenarios.filter(({ name }) => name.includes(wish.scenario));
  if (chosen.length === 0) throw new Misuse(`--scenario: no name has "${wish.scenario}" in it.`);
  const { seed, times, lanes, sample, only, json } = wish;
  const played = await onControlPlane(report, (theatre) =>
    campaign(theatre, {
      scenarios: chosen,
      seed,
      times,
      lanes,
      ...(sample === undefined ? {} : { sample }),
      ...(only === undefined ? {} : { only: (plan) => planName(plan).includes(only) }),
      onOutcome: (outcome, done, total) => tell(report, outcome, `${done} of ${total} runs`),
    }),
  );
  const figures = figuresOf(played);
  // The same code in a world of its own, with every list of so many faults at its edges.
  const faults = sample === undefined && only === undefined ? 2 : 1;
  report.progress(`every list of ${faults} in the small world`);
  const small = await explore({ scenarios: Object.values(smallWorlds), faults });
  for (const { choices, violations } of small.violated) {
    report.line(`VIOLATED in the small world: ${choices.join(' | ')}\n  ${violations.join('\n  ')}`);
  }
  report.progress(undefined);
  process.stdout.write(`${figureLines(figures, small.states).join('\n')}\nseed ${seed}\n`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ figures, runs: runsOf(played) }, undefined, 2)}\n`);
  return figures.violations === 0 && small.violated.length === 0;
}

function tell(report: Report, { plan, violations, log }: Outcome, progress: string): void {
  report.progress(progress);
  if (violations.length === 0) return;
  report.line(`VIOLATED ${planName(plan)}\n${violations.map((one) => `  ${one}`).join('\n')}\n${log}`);
}

async function onControlPlane<T>(
  report: Report,
  work: (theatre: Awaited<ReturnType<typeof openTheatre>>) => Promise<T>,
): Promise<T> {
  const dir = await runDir();
  const controlPlane = await startControlPlane({ dir: join(dir, 'c'), report });
  try {
    const api = await openApi(controlPlane.kubeconfig);
    await applyCrds(api, resolve(import.meta.dirname, '../../crds'));
    await api.close();
    const theatre = await openTheatre(controlPlane.kubeconfig, join(dir, 't'));
    const result = await work(theatre);
    await theatre.close();
    return result;
  } finally {
    await controlPlane.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

const runsOf = ({ outcomes }: Campaign) =>
  outcomes.map(({ plan, violations, struck, took, foundIn, crossed }) => ({
    run: planName(plan),
    struck,
    took: Math.round(took),
    foundIn,
    violations,
    crossed: plan.strike ? undefined : crossed,
  }));
