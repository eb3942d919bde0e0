import { type Duration, seconds } from '../src/clock.ts';
import type { Scene } from './scene.ts';
import type { Sight, Watching } from './sight.ts';
import type { Step } from './story.ts';

/** How a step went. */
export interface Outcome {
  readonly step: Step;
  /** What was seen, in words; absent when what was expected did not come. */
  readonly seen?: string;
  /** Why the step failed. */
  readonly problem?: string;
  readonly took: Duration;
  readonly sight: Sight;
}

const limit = seconds(30);

/** Does what the step does and waits, for 30 s at most, until it is seen. Rejects only when `signal` is aborted. */
export async function play(step: Step, scene: Scene, watching: Watching, signal: AbortSignal): Promise<Outcome> {
  const before = watching.now();
  const began = performance.now();
  const ended = (words: { seen: string } | { problem: string }): Outcome => ({
    step,
    ...words,
    took: performance.now() - began,
    sight: watching.now(),
  });
  let acted = false;
  const judge = (): Outcome | undefined => {
    const now = watching.now();
    const problem = step.never?.(now, before);
    if (problem !== undefined) return ended({ problem });
    const seen = acted ? step.seen(now, before) : undefined;
    return seen === undefined ? undefined : ended({ seen });
  };
  // Watched from before the deed, so that nothing which must not happen is missed.
  const verdict = Promise.withResolvers<Outcome>();
  const look = () => {
    const outcome = judge();
    if (outcome !== undefined) verdict.resolve(outcome);
  };
  const unwatch = watching.onNews(look);
  const late = () =>
    verdict.resolve(ended({ problem: `not seen within ${limit / 1000} s${lastWords(watching.now())}` }));
  const timer = setTimeout(late, limit);
  const abort = () => verdict.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const acting = async () => {
      await step.act(scene, before);
      acted = true;
      look();
      return await verdict.promise;
    };
    return await Promise.race([verdict.promise, acting()]);
  } catch (error) {
    if (signal.aborted) throw error;
    return ended({ problem: (error as Error).message });
  } finally {
    verdict.promise.catch(() => {});
    clearTimeout(timer);
    unwatch();
    signal.removeEventListener('abort', abort);
  }
}

/** The operator's own words on where things are. */
function lastWords(now: Sight): string {
  const ready = now.condition('Ready');
  return ready === undefined ? '; there is no status' : `; Ready is ${now.is('Ready')}: ${ready.message}`;
}
