import { type Duration, minutes } from '../../clock.ts';
import type { Ask } from '../asks.ts';
import { carryOut, type Result, resultOf } from '../carry-out.ts';
import { type Cluster, inCluster, readTimeout } from '../cluster.ts';
import { confirm } from '../confirm.ts';
import { Ending, type Exit, worst } from '../exit.ts';
import { expectedDuration } from '../expected.ts';
import { allNamespacesOption, type Output, outputOption, type Selecting, selectorOption } from '../options.ts';
import type { Seen } from '../seen.ts';
import { select, tellMissing } from '../select.ts';
import { createTelling, type Telling } from '../telling.ts';
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
  { flags: '--dry-run', says: 'Only say what would be asked of which connections, and of which in vain.' },
  outputOption('table', 'json', 'yaml'),
];

export const yesOption: VerbOption = { flags: '-y, --yes', says: 'Do not ask for confirmation.' };

/** Asks, waits and tells. `question` is put to the person where more than one connection is meant. */
export async function askFor(call: Call<AskingOptions>, ask: Ask, question?: (count: number) => string): Promise<Exit> {
  const { names, options, screen } = call;
  check(names, options);
  return inCluster(options, call.clock, async (cluster) => {
    const selection = await select(cluster, names, options);
    const missing = tellMissing(cluster, selection, options, screen.note);
    if (selection.found.length === 0) return missing;
    const { known, open } = sortOut(selection.found, ask);
    if (question !== undefined && open.length > 1 && options.yes !== true && options.dryRun !== true)
      await confirm(call, question(open.length));
    const telling = createTelling(call.screen, options.output, ask, selection.found.length);
    for (const result of known) telling.tell(result);
    if (options.dryRun === true) for (const seen of open) telling.tell({ seen, outcome: 'WouldBeAsked', message: '' });
    else if (open.length > 0) await askOf(call, cluster, open, ask, telling);
    await telling.end();
    return worst([missing, telling.exit()]);
  });
}

function check(names: readonly string[], { all, allNamespaces, selector, timeout }: AskingOptions): void {
  const bulk = all === true || allNamespaces === true || selector !== undefined;
  if (names.length === 0 && !bulk) {
    throw new Ending(
      'usage',
      'Name the connections, or write -l LABELS, --all (of the namespace) or -A (of all namespaces).',
    );
  }
  if (names.length > 0 && all === true) throw new Ending('usage', 'Names go without --all.');
  if (timeout !== undefined) readTimeout(timeout, '--timeout');
}

/** Those of which the answer is known, and those that have to be asked. */
function sortOut(found: readonly Seen[], ask: Ask): { readonly known: Result[]; readonly open: Seen[] } {
  const known: Result[] = [];
  const open: Seen[] = [];
  for (const seen of found) {
    const answer = ask.known(seen);
    if (answer === undefined) open.push(seen);
    else known.push({ seen, ...resultOf(answer) });
  }
  return { known, open };
}

async function askOf(
  { options, screen, signal }: Call<AskingOptions>,
  cluster: Cluster,
  open: readonly Seen[],
  ask: Ask,
  telling: Telling,
): Promise<void> {
  const [time, expected] = await Promise.all([cluster.serverTime(), expectedDuration(cluster, open, ask.calls)]);
  const timeout = timeoutOf(options, expected);
  const begun = cluster.clock.monotonic();
  if (expected > 0) {
    screen.note(`${open.length} connections; the budget of the application lets that take about ${span(expected)}.`);
  }
  telling.begin(() => expected - (cluster.clock.monotonic() - begun));
  const how = { cluster, ask, time, signal, onResult: telling.tell };
  await carryOut(open, { ...how, ...(timeout !== undefined && { timeout }) });
}

function timeoutOf({ wait, timeout }: AskingOptions, expected: Duration): Duration | undefined {
  if (!wait) return undefined;
  return timeout === undefined ? patience + 2 * expected : readTimeout(timeout, '--timeout');
}
