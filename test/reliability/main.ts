import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openApi } from '../cluster/api.ts';
import { applyCrds } from '../cluster/crds.ts';
import { reportTo } from '../cluster/report.ts';
import { startControlPlane } from '../cluster/start.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { exitCodeOf, Misuse, readFlags } from '../support/flags.ts';
import { campaign } from './campaign.ts';
import { figureLines, figuresOf } from './figures.ts';
import { planName } from './plans.ts';
import type { Outcome, Plan } from './run.ts';
import { scenarios } from './scenarios.ts';
import { openTheatre } from './theatre.ts';

const usage = `Usage: npm run reliability [-- --seed N] [--sample N] [--scenario TEXT] [--only TEXT] [--lanes N] [--json FILE]

Plays scenarios of the operator's life against a real API server and the Square simulator, and kills, pauses, refuses or
loses answers at every request that crosses. An independent observer judges each run.

  --seed      orders the runs, and chooses them under --sample; default 20261122
  --sample    tries so many of the faults; default: all of them
  --scenario  only scenarios whose name has this in it
  --only      only runs whose name has this in it, as it stands before a violation
  --lanes     runs at a time; default 2
  --json      writes figures and violations to this file

Exits 0 only if nothing was violated.`;

const report = reportTo(process.stderr);

function whole(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Misuse(`--${flag} takes a whole number, not "${text}". Write --help to see all flags.`);
}

const flags = {
  seed: { type: 'string', default: '20261122' },
  sample: { type: 'string' },
  scenario: { type: 'string', default: '' },
  only: { type: 'string' },
  lanes: { type: 'string', default: '2' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function tell(outcome: Outcome, done: number, total: number): void {
  report.progress(`${done} of ${total} runs`);
  if (outcome.violations.length === 0) return;
  const lines = outcome.violations.map((one) => `  ${one}`);
  report.line(`VIOLATED ${planName(outcome.plan)}\n${lines.join('\n')}\n${outcome.log}`);
}

const named = (text: string) => (plan: Plan) => planName(plan).includes(text);

async function main(): Promise<boolean> {
  const { values } = readFlags({ options: flags });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return true;
  }
  const chosen = scenarios.filter(({ name }) => name.includes(values.scenario));
  if (chosen.length === 0) throw new Misuse(`--scenario: no name has "${values.scenario}" in it.`);
  const options = {
    scenarios: chosen,
    seed: whole('seed', values.seed),
    lanes: whole('lanes', values.lanes),
    ...(values.sample === undefined ? {} : { sample: whole('sample', values.sample) }),
    ...(values.only === undefined ? {} : { only: named(values.only) }),
    onOutcome: tell,
  };
  const dir = await runDir();
  const controlPlane = await startControlPlane({ dir: join(dir, 'c'), report });
  try {
    const api = await openApi(controlPlane.kubeconfig);
    await applyCrds(api, resolve(import.meta.dirname, '../../crds'));
    await api.close();
    const theatre = await openTheatre(controlPlane.kubeconfig, join(dir, 't'));
    const played = await campaign(theatre, options);
    await theatre.close();
    const figures = figuresOf(played);
    report.progress(undefined);
    process.stdout.write(`${figureLines(figures, undefined).join('\n')}\nseed ${options.seed}\n`);
    if (values.json !== undefined) await keep(values.json, { figures, outcomes: played.outcomes });
    return figures.violations === 0;
  } finally {
    await controlPlane.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function keep(file: string, { figures, outcomes }: { figures: object; outcomes: readonly Outcome[] }) {
  const runs = outcomes.map(({ plan, violations, struck, took, foundIn, crossed }) => {
    return {
      run: planName(plan),
      struck,
      took: Math.round(took),
      foundIn,
      violations,
      crossed: plan.strike ? undefined : crossed,
    };
  });
  await writeFile(file, `${JSON.stringify({ figures, runs }, undefined, 2)}\n`);
}

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));

main().then(
  (sound) => process.exit(sound ? 0 : 1),
  (error: unknown) => {
    report.line(error instanceof Misuse ? error.message : String((error as Error).stack ?? error));
    process.exit(exitCodeOf(error));
  },
);
