import { type Duration, minutes } from '../../clock.ts';
import type { Ask } from '../asks.ts';
import { carryOut, type Result } from '../carry-out.ts';
import { type Cluster, openCluster, readTimeout } from '../cluster.ts';
import { confirm } from '../confirm.ts';
import { Ending, type Exit, worst } from '../exit.ts';
import { expectedDuration } from '../expected.ts';
import { allNamespacesOption, type Output, outputOption, type Selecting, selectorOption } from '../options.ts';
import { isForPeople, print } from '../print.ts';
import type { Screen } from '../screen.ts';
import { type Selection, select, tellMissing } from '../select.ts';
import { printable } from '../table.ts';
import type { Call, VerbOption } from '../verb.ts';
import { span } from '../when.ts';

/** What all verbs share that ask something of the operator. */
export interface AskingOptions extends Selecting {
  readonly output: Output;
  readonly all?: boolean;
  readonly wait: boolean;
  readonly timeout?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** Without `--timeout`, on top of what the application's budget makes it take. */
const patience = minutes(2);

export const askingOptions: readonly VerbOption[] = [
  { flags: '--all', says: 'All connections of the namespace.' },
  allNamespacesOption,
  selectorOption,
  { flags: '--no-wait', says: 'Only ask; do not wait for the answer of the operator.' },
  {
    flags: '--timeout <time>',
    says: 'How long to wait for all answers; default: 2m, and what the budget of the application takes.',
  },
  { flags: '--dry-run', says: 'Only say which connections would be asked.' },
  outputOption('table', 'json', 'yaml'),
];

export const yesOption: VerbOption = { flags: '-y, --yes', says: 'Do not ask for confirmation.' };

/** Asks, waits and tells. `question` is put to the person where more than one connection is meant. */
export async function askFor(call: Call<AskingOptions>, ask: Ask, question?: (count: number) => string): Promise<Exit> {
  const { names, options } = call;
  const { all, allNamespaces, selector } = options;
  const bulk = all === true || allNamespaces === true || selector !== undefined;
  if (names.length === 0 && !bulk) {
    throw new Ending(
      'usage',
      'Name the connections, or write -l LABELS, --all (of the namespace) or -A (of all namespaces).',
    );
  }
  if (names.length > 0 && all === true) throw new Ending('usage', 'Names go without --all.');
  const cluster = await openCluster(options, call.clock);
  try {
    const selection = await select(cluster, names, options);
    const missing = tellMissing(cluster, selection, options, call.screen.note);
    if (selection.found.length === 0) return missing;
    if (options.dryRun === true) {
      for (const { key } of selection.found) call.screen.out(`${key} would be ${ask.done}`);
      return missing;
    }
    const count = selection.found.length;
    if (question !== undefined && count > 1 && options.yes !== true) await confirm(call, question(count));
    return worst([missing, await carryOutAndTell(call, cluster, selection, ask)]);
  } finally {
    await cluster.close();
  }
}

async function carryOutAndTell(
  { options, screen, signal }: Call<AskingOptions>,
  cluster: Cluster,
  { found }: Selection,
  ask: Ask,
): Promise<Exit> {
  const [time, expected] = await Promise.all([cluster.serverTime(), expectedDuration(cluster, found, ask.calls)]);
  const timeout = timeoutOf(options, expected);
  const results: Result[] = [];
  const people = isForPeople(options.output);
  const begun = cluster.clock.monotonic();
  const progress = () =>
    screen.progress(progressLine(ask, results, found.length, expected - (cluster.clock.monotonic() - begun)));
  if (found.length > 1 && expected > 0) {
    screen.note(`${found.length} connections; the budget of the application lets that take about ${span(expected)}.`);
  }
  progress();
  await carryOut(found, {
    cluster,
    ask,
    time,
    signal,
    ...(timeout !== undefined && { timeout }),
    onResult(result) {
      results.push(result);
      if (people) tell(screen, ask, result);
      progress();
    },
  });
  screen.progress('');
  if (!people) await print(screen, options.output, { results: results.map(forScripts) });
  else if (found.length > 3) screen.note(summary(ask, results));
  return worst(results.map(({ outcome }) => exits[outcome]));
}

function timeoutOf({ wait, timeout }: AskingOptions, expected: Duration): Duration | undefined {
  if (!wait) return undefined;
  return timeout === undefined ? patience + 2 * expected : readTimeout(timeout, '--timeout');
}

const exits: Readonly<Record<Result['outcome'], Exit>> = {
  Done: 'ok',
  Requested: 'ok',
  Refused: 'notReady',
  TimedOut: 'timedOut',
  Interrupted: 'interrupted',
  Failed: 'error',
};

function tell(screen: Screen, ask: Ask, { seen, outcome, message }: Result): void {
  const says = printable(message);
  if (outcome === 'Done')
    return screen.out(`${seen.key} ${screen.paint('good', ask.done)}${says === '' ? '' : `; ${says}`}`);
  if (outcome === 'Requested') return screen.out(`${seen.key} asked to be ${ask.done}`);
  screen.note(`${seen.key} ${screen.paint('bad', `not ${ask.done}`)}: ${says}`);
}

const forScripts = ({ seen: { namespace, name }, outcome, reason, message }: Result) => ({
  namespace,
  name,
  outcome,
  ...(reason !== undefined && { reason }),
  message,
});

const countOf = (results: readonly Result[], outcome: Result['outcome']): number =>
  results.filter((one) => one.outcome === outcome).length;

function progressLine(ask: Ask, results: readonly Result[], total: number, left: Duration): string {
  const done = results.length;
  if (done === total) return '';
  const bad = done - countOf(results, 'Done');
  const about = left > 0 ? ` · about ${span(left)} left` : '';
  return `${ask.done} ${done - bad} of ${total}${bad > 0 ? ` · ${bad} not` : ''}${about}`;
}

function summary(ask: Ask, results: readonly Result[]): string {
  const words = [
    ['Done', ask.done],
    ['Requested', 'asked'],
    ['Refused', 'refused'],
    ['Failed', 'failed'],
    ['TimedOut', 'not answered in time'],
    ['Interrupted', 'not waited for'],
  ] as const;
  return `${words.flatMap(([outcome, word]) => (countOf(results, outcome) > 0 ? [`${countOf(results, outcome)} ${word}`] : [])).join(', ')}.`;
}
