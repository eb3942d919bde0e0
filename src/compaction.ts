import { getHeapSpaceStatistics } from 'node:v8';
import { type Clock, seconds, sleep } from './clock.ts';

/** The heap of a process, as far as it can be told to shrink. */
export interface Heap {
  /** Bytes that objects past their youth have taken from the system, free ones included. */
  size(): number;
  /** The share of the time since the last call in which the process was at work, from 0 to 1. */
  busy(): number;
  /** Collects all garbage and gives what is free back to the system. The process stands still meanwhile. */
  compact(): Promise<void>;
}

const lookEvery = seconds(5);
/** The process has nothing to do: nobody waits for it while it stands still. */
const idleBelow = 0.05;
/** Less growth than this since the last time is not worth standing still for. */
const growth = 1.25;

/**
 * Node gives memory back only when it is pressed for it. What was read at the start is mostly garbage, so the heap is
 * compacted as soon as the process is idle, and again whenever it is and the heap has grown by a quarter. Resolves when
 * `signal` is aborted.
 */
export async function keepCompact(heap: Heap, clock: Clock, signal: AbortSignal): Promise<void> {
  let least = 0;
  while (!signal.aborted) {
    await sleep(clock, lookEvery, signal).catch(() => {});
    const idle = heap.busy() < idleBelow;
    if (signal.aborted || !idle || heap.size() < growth * least) continue;
    await heap.compact();
    least = heap.size();
  }
}

/** The heap of this process; `undefined` unless Node was started with `--expose-gc`. */
export function ownHeap(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  let before = performance.eventLoopUtilization();
  return {
    size: () =>
      getHeapSpaceStatistics()
        .filter(({ space_name }) => !space_name.startsWith('new_'))
        .reduce((sum, { space_size }) => sum + space_size, 0),
    busy() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    compact: () => gc({ type: 'major', execution: 'async', flavor: 'last-resort' }),
  };
}
