import type { PeerLine } from './harness.ts';
import { short, table } from './table.ts';

/** What is compared, by phase: the harness's name for it and what a ratio above 1 means. */
const compared: Readonly<Record<string, readonly (readonly [field: string, words: string])[]>> = {
  apply: [
    ['per_s', 'connections a second'],
    ['op_ms_obj', 'operator CPU'],
    ['api_ms_obj', 'API server CPU'],
    ['req_obj', 'requests'],
  ],
  restart: [
    ['wall_s', 'time to quiet'],
    ['op_ms_obj', 'operator CPU'],
  ],
  drain: [
    ['per_s', 'connections a second'],
    ['op_ms_obj', 'operator CPU'],
    ['api_ms_obj', 'API server CPU'],
    ['req_obj', 'requests'],
    ['peak_mib', 'peak memory'],
  ],
  refresh: [
    ['op_ms_refresh', 'operator CPU'],
    ['api_ms_refresh', 'API server CPU'],
    ['req_refresh', 'requests'],
  ],
};

/** For each figure ours ÷ the peer's, pair by pair: the median, and the least and the most. */
export function ratioTable(lines: readonly PeerLine[]): string {
  const rows = Object.entries(compared).flatMap(([phase, figures]) =>
    figures.flatMap(([field, words]) => {
      const [ours, peers] = ['square-operator', 'peer'].map((name) => valuesOf(lines, name, phase, field));
      if (ours === undefined || peers === undefined || ours.length === 0) return [];
      const ratios = ours.map((value, pair) => value / (peers[pair] ?? Number.NaN)).sort((a, b) => a - b);
      const range = `${short(ratios[0] ?? 0)}..${short(ratios.at(-1) ?? 0)}`;
      return [[`${phase}: ${words}`, short(median(ours)), short(median(peers)), short(median(ratios)), range]];
    }),
  );
  return table(['figure', 'square-operator', 'peer', 'ratio', 'min..max'], rows);
}

const valuesOf = (lines: readonly PeerLine[], name: string, phase: string, field: string): number[] =>
  lines.filter((line) => line.name === name && line.phase === phase).map((line) => Number(line[field]));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[(sorted.length - 1) >> 1] ?? 0)) / 2;
}
