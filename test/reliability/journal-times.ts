import type { Process } from './replica.ts';
import type { Stage } from './stage.ts';

interface Times {
  readonly count: number;
  readonly seconds: number;
}

/** From the arrival of an answer to its being on the disk, as a process measures it: how often, and in sum. */
export async function journalTimes({ processes }: Stage): Promise<Map<Process, Times>> {
  const times = new Map<Process, Times>();
  for (const one of processes) {
    if (!one.running() || one.paused()) continue;
    const text = await one.get('metrics').then(
      (answer) => answer.text,
      () => '',
    );
    const value = (part: string) => Number(new RegExp(`^${journalMetric}_${part} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
    times.set(one, { count: value('count'), seconds: value('sum') });
  }
  return times;
}

const journalMetric = 'square_operator_journal_write_duration_seconds';

export const differences = (before: Map<Process, Times>, after: Map<Process, Times>): Times[] =>
  [...after].map(([one, { count, seconds }]) => {
    const known = before.get(one) ?? { count: 0, seconds: 0 };
    return { count: count - known.count, seconds: seconds - known.seconds };
  });

/** A sum of one is exact, in milliseconds; of more than one nothing is known of each. */
export const single = ({ count, seconds }: Times): number[] => (count === 1 ? [seconds * 1_000] : []);
