import type { Duration } from '../clock.ts';
import type { Ask } from './asks.ts';
import type { Result } from './carry-out.ts';
import { printable } from './control-characters.ts';
import { type Exit, worst } from './exit.ts';
import type { Output } from './options.ts';
import { isForPeople, print } from './print.ts';
import type { Screen } from './screen.ts';
import { span } from './when.ts';

/** Tells each result as it comes, and how many there are yet to come. */
export interface Telling {
  /** Shows progress from now on; `left`: how long it takes by the budget yet. */
  begin(left: () => Duration): void;
  tell: (result: Result) => void;
  /** Tells all of them to a script, or to people how they came out. */
  end(): Promise<void>;
  exit(): Exit;
}

export function createTelling(screen: Screen, output: Output, ask: Ask, total: number): Telling {
  const results: Result[] = [];
  const counts: Counts = new Map();
  const people = isForPeople(output);
  let left: (() => Duration) | undefined;
  const progress = () => {
    if (left !== undefined) screen.progress(progressLine(ask, counts, total, left()));
  };
  return {
    begin(expected) {
      left = expected;
      progress();
    },
    tell(result) {
      results.push(result);
      counts.set(result.outcome, countOf(counts, result.outcome) + 1);
      if (people) tell(screen, ask, result);
      progress();
    },
    async end() {
      screen.progress('');
      if (!people) await print(screen, output, { results: results.map(forScripts) });
      else if (total > 3) screen.note(summary(ask, counts));
    },
    exit: () => worst([...counts.keys()].map((outcome) => exits[outcome])),
  };
}

const exits: Readonly<Record<Result['outcome'], Exit>> = {
  Done: 'ok',
  Requested: 'ok',
  WouldBeAsked: 'ok',
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
  if (outcome === 'WouldBeAsked') return screen.out(`${seen.key} would be ${ask.done}`);
  screen.note(`${seen.key} ${screen.paint('bad', `not ${ask.done}`)}: ${says}`);
}

const forScripts = ({ seen: { namespace, name }, outcome, reason, message }: Result) => ({
  namespace,
  name,
  outcome,
  ...(reason !== undefined && { reason }),
  message,
});

type Counts = Map<Result['outcome'], number>;

const countOf = (counts: Counts, outcome: Result['outcome']): number => counts.get(outcome) ?? 0;

function progressLine(ask: Ask, counts: Counts, total: number, left: Duration): string {
  const told = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (told === total) return '';
  const requested = countOf(counts, 'Requested');
  const good = countOf(counts, 'Done') + requested;
  const bad = told > good ? ` · ${told - good} not` : '';
  const about = left > 0 ? ` · about ${span(left)} left` : '';
  return `${requested > 0 ? 'asked' : ask.done} ${good} of ${total}${bad}${about}`;
}

function summary(ask: Ask, counts: Counts): string {
  const words = [
    ['Done', ask.done],
    ['Requested', 'asked'],
    ['WouldBeAsked', 'would be asked'],
    ['Refused', 'refused'],
    ['Failed', 'failed'],
    ['TimedOut', 'not answered in time'],
    ['Interrupted', 'not waited for'],
  ] as const;
  const told = words.filter(([outcome]) => counts.has(outcome));
  return `${told.map(([outcome, word]) => `${countOf(counts, outcome)} ${word}`).join(', ')}.`;
}
