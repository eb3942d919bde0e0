import { expect, test } from 'vitest';
import { seconds } from '../../src/clock.ts';
import { type Heap, keepCompact } from '../../src/compaction.ts';
import { createFakeClock } from '../support/clock.ts';

/** A heap that has `live` bytes after a compaction. */
function aHeap(live: number) {
  const state = { size: live, busy: 0, compactions: 0 };
  const heap: Heap = {
    size: () => state.size,
    busy: () => state.busy,
    compact: () => {
      state.compactions++;
      state.size = live;
      return Promise.resolve();
    },
  };
  return { heap, state };
}

test('a heap is compacted when the process has come to rest, and again when it has grown by a quarter', async () => {
  const clock = createFakeClock();
  const stopping = new AbortController();
  const { heap, state } = aHeap(100);
  state.busy = 0.6;
  const ended = keepCompact(heap, clock, stopping.signal);
  await clock.advance(seconds(60));
  expect(state.compactions, 'while it is at work').toBe(0);
  state.busy = 0.01;
  await clock.advance(seconds(60));
  expect(state.compactions, 'at rest').toBe(1);
  state.size = 124;
  await clock.advance(seconds(60));
  expect(state.compactions, 'grown by less').toBe(1);
  state.size = 126;
  await clock.advance(seconds(60));
  expect(state.compactions, 'grown by more').toBe(2);
  stopping.abort();
  await ended;
  expect(clock.timers()).toBe(0);
});
