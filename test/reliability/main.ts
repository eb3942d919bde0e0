import { reportTo } from '../cluster/report.ts';
import { exitCodeOf, Misuse, readFlags } from '../support/flags.ts';

const usage = `Usage: npm run reliability [-- --seed N] [--sample N] [--scenario TEXT] [--only TEXT] [--times N] [--lanes N] [--json FILE]

Plays scenarios of the operator's life against a real API server and the Square simulator, and kills, pauses, refuses or
loses answers at every request that crosses. An independent observer judges each run.

  --seed      orders the runs, and chooses them under --sample; default 20261122
  --sample    tries so many of the faults; default: all of them
  --scenario  only scenarios whose name has this in it
  --only      only runs whose name has this in it, as it stands before a violation
  --times     plays each of the faults so often; default 1
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
  times: { type: 'string', default: '1' },
  lanes: { type: 'string', default: '2' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function main(): Promise<boolean> {
  const { values } = readFlags({ options: flags });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return true;
  }
  const { scenario, only, json } = values;
  const wish = {
    scenario,
    seed: whole('seed', values.seed),
    times: whole('times', values.times),
    lanes: whole('lanes', values.lanes),
    ...(values.sample === undefined ? {} : { sample: whole('sample', values.sample) }),
    ...(only === undefined ? {} : { only }),
    ...(json === undefined ? {} : { json }),
  };
  // Only here, for it takes a second to load.
  const { reliability } = await import('./command.ts');
  return await reliability(wish, report);
}

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));

main().then(
  (sound) => process.exit(sound ? 0 : 1),
  (error: unknown) => {
    report.line(error instanceof Misuse ? error.message : String((error as Error).stack ?? error));
    process.exit(exitCodeOf(error));
  },
);
