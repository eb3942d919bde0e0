import type { Duration } from '../src/clock.ts';
import type { Ending } from './ending.ts';
import { connection, namespace } from './names.ts';
import type { Options } from './options.ts';
import { createLive, intro, type Live, resultTable } from './pages.ts';
import { type Outcome, play } from './play.ts';
import type { Screen } from './screen.ts';
import type { Sight } from './sight.ts';
import { type Stage, setStage } from './stage.ts';
import { story } from './story.ts';
import { wrap } from './table.ts';

export interface ShowDeps {
  readonly dir: string;
  readonly options: Options;
  readonly screen: Screen;
  readonly ending: Ending;
  readonly signal: AbortSignal;
}

/**
 * The whole demo. Resolves to the exit code; rejects with the signal's reason when it is ended before the story is told,
 * and when the operator ends by itself.
 */
export async function show({ dir, options, screen, ending, signal }: ShowDeps): Promise<number> {
  // A start that is given up midway is not waited for, it may be building Kubernetes. What it began ends with this process.
  const stage = await unlessAborted(setStage(dir, options, screen, ending), signal);
  screen.line(intro(stage, screen, !options.once));
  const live = createLive(screen);
  if (live.titles !== undefined) screen.line(live.titles);
  const outcomes = await Promise.race([tell(stage, live, screen, signal), stage.operator.broken]);
  const passed = outcomes.every(({ seen }) => seen !== undefined) && outcomes.length === story.length;
  const took = ((performance.now() - stage.stoodAt) / 1_000).toFixed(1);
  const sum = `${outcomes.filter(({ seen }) => seen !== undefined).length} of ${story.length} steps seen in ${took} s`;
  if (options.once) {
    screen.line(`\n${resultTable(story, outcomes, screen)}\n\n${sum}.`);
  } else {
    screen.line(`\n${sum}.\nEverything stays up: news of ${connection} is shown here. Ctrl-C ends it.\n`);
    await Promise.race([news(stage, live, screen, signal), stage.operator.broken]);
  }
  return passed ? 0 : 1;
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject);
  });
}

/** Plays the steps, up to the first that fails: the next ones go on from what it should have left. */
async function tell(stage: Stage, live: Live, screen: Screen, signal: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [i, step] of story.entries()) {
    const asking = (took: Duration) => ` ${i + 1}  ${step.does}: ${step.expects} … ${(took / 1_000).toFixed(1)} s`;
    const stop = screen.inPlace ? tick((took) => screen.progress(asking(took))) : () => {};
    const outcome = await play(step, stage.scene, stage.watching, signal).finally(stop);
    outcomes.push(outcome);
    screen.line(live.row(i + 1, outcome));
    if (outcome.problem === undefined) continue;
    const words = `Step ${i + 1} failed. Expected: ${step.expects}. But: ${outcome.problem.replace(/[.]$/, '')}. The operator's log is ${stage.operator.logFile}; --keep keeps it.`;
    screen.line(`\n${wrap(words, screen.width()).map(screen.paints.bad).join('\n')}`);
    break;
  }
  return outcomes;
}

/** Calls `each` at once and ten times a second with the time since; the returned function ends that. */
function tick(each: (took: Duration) => void): () => void {
  const began = performance.now();
  each(0);
  const timer = setInterval(() => each(performance.now() - began), 100);
  return () => clearInterval(timer);
}

/** Shows each change of the connection, until `signal` is aborted. */
function news({ watching }: Stage, live: Live, screen: Screen, signal: AbortSignal): Promise<void> {
  let shown = gist(watching.now());
  return new Promise((resolve) => {
    const unwatch = watching.onNews(() => {
      const sight = watching.now();
      const now = gist(sight);
      if (now === shown) return;
      shown = now;
      const state = sight.token?.state;
      const seen = `Valid=${sight.condition('Valid')?.status}${state === undefined ? '' : `, Secret says ${state}`}`;
      screen.line(live.note(`${new Date().toTimeString().slice(0, 8)} ${namespace}/${connection}`, seen, sight));
    });
    const end = () => {
      unwatch();
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

const gist = (sight: Sight): string =>
  [sight.is('Ready'), sight.is('Valid'), sight.status.revision, sight.token?.state].join();
