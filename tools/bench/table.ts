import type { Goal } from './goals.ts';
import type { Figures } from './measure.ts';

/** Rows of text under a head, each column as wide as it has to be; all but the first are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    widths
      .map((width, i) => (i === 0 ? (row[i] ?? '').padEnd(width) : (row[i] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

/** Three digits that count. */
export const short = (value: number): string =>
  Number.isInteger(value)
    ? String(value)
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2);

/** One row for each phase, then the requests of each. */
export function phaseTable(figures: readonly Figures[]): string {
  const head = [
    'phase',
    'connections',
    's',
    'conn/s',
    'operator ms',
    'API server ms',
    'requests',
    'tokens',
    'RSS MiB',
    'peak',
  ];
  const rows = figures.map((one) => {
    const each = (value: number) => short(value / one.connections);
    const ends = one.phase === 'apply' || one.phase === 'drain' || one.phase === 'refresh';
    return [
      one.phase,
      String(one.connections),
      short(one.seconds),
      ends ? short(one.connections / one.seconds) : '',
      each(one.operatorSeconds * 1_000),
      each(one.apiServerSeconds * 1_000),
      each(one.requests),
      each(one.tokenCalls),
      short(one.rss),
      short(one.peak),
    ];
  });
  const requests = figures.map(({ phase, requestsBy }) => {
    const list = Object.entries(requestsBy).map(([what, count]) => `${what} ${count}`);
    return `${phase}: ${list.join(', ') || 'none'}`;
  });
  return `${table(head, rows)}(ms, requests and tokens are for each connection)\n\n${requests.join('\n')}\n`;
}

/** One row for each figure, then why some have no verdict. */
export function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ figure, value, unit, atMost, unjudged }) => {
    const is = `${short(value)} ${unit}`.trim();
    const verdict = value <= atMost ? 'met' : 'MISSED';
    return [figure, is, `≤ ${atMost} ${unit}`.trim(), unjudged === undefined ? verdict : ''];
  });
  const reasons = new Set(goals.flatMap(({ unjudged = [] }) => unjudged));
  return [table(['figure', 'is', 'goal', ''], rows), ...[...reasons].map((reason) => `(${reason})\n`)].join('');
}
