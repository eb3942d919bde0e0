import { expect, test } from 'vitest';
import { goalsOf } from '../../../tools/bench/goals.ts';
import type { Figures } from '../../../tools/bench/measure.ts';
import { goalTable } from '../../../tools/bench/table.ts';

/** A life in which 8 MiB are there once for all, and 4 KiB for each connection. */
function life(connections: number): Figures[] {
  const rest = { rssOfNone: 100, heapOfNone: 20, heap: 20, rssAtRest: 108 + (connections * 4) / 1024 };
  return ['apply', 'idle', 'restart', 'scrape', 'drain', 'refresh'].map((phase) => ({
    phase,
    connections,
    seconds: 1,
    operatorSeconds: 0,
    apiServerSeconds: 0,
    rss: 100,
    peak: 100,
    requests: 0,
    requestsBy: {},
    tokenCalls: phase === 'restart' ? 0 : connections,
    locationCalls: 0,
    more: phase === 'restart' ? rest : {},
  }));
}

test.each([
  ['too few for a verdict', life(50), undefined, /0 to 50 +168 KiB +≤ 5 KiB$/m, true],
  ['too few, and fewer still', life(100), life(50), /50 to 100 +4 KiB +≤ 5 KiB$/m, true],
  ['enough', life(1000), undefined, /0 to 1000 +12\.2 KiB +≤ 5 KiB +MISSED$/m, false],
  ['enough, told from the difference to fewer', life(1000), life(500), /500 to 1000 +4 KiB +≤ 5 KiB +met$/m, false],
])('memory for each connection: %s', (_, figures, fewer, row, excused) => {
  const text = goalTable(goalsOf(figures, fewer));
  expect(text).toMatch(row);
  expect(text.match(/^\(no verdict .*$/gm) ?? []).toHaveLength(excused ? 1 : 0);
  expect(text).toMatch(/^token calls for each new connection, apply +1 +≤ 1 +met$/m);
});
