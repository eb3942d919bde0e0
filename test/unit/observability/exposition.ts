/** One series of a metric as a scraper reads it. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly series: readonly Series[];
}

/**
 * A strict reader of the text format (Prometheus, "Exposition formats"): one HELP and one TYPE before a family's
 * series, families in one piece, escapes only where they are allowed, no series twice, histograms complete.
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family & { series: Series[] }>();
  const seen = new Set<string>();
  let current: { name: string; help: string } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') {
        if (families.has(name)) throw new Error(`${name} comes in two pieces`);
        current = { name, help: rest };
        continue;
      }
      if (current?.name !== name) throw new Error(`TYPE without HELP: ${line}`);
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`unknown type: ${line}`);
      families.set(name, { type: rest, help: current.help, series: [] });
      continue;
    }
    const series = parseSeries(line);
    const family = families.get(current?.name ?? '');
    const own = new RegExp(`^${current?.name}${family?.type === 'histogram' ? '_(bucket|sum|count)' : ''}$`);
    if (!family || !own.test(series.name)) throw new Error(`outside its family: ${line}`);
    const id = JSON.stringify([series.name, Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    if (seen.has(id)) throw new Error(`twice: ${line}`);
    seen.add(id);
    family.series.push(series);
  }
  return families;
}

function parseSeries(line: string): Series {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|Inf|NaN))$/.exec(line);
  if (!match) throw new Error(`no series: ${line}`);
  const [, name = '', inside = '', value = ''] = match;
  const labels: Record<string, string> = {};
  const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
  while (label.lastIndex < inside.length) {
    const found = label.exec(inside);
    if (!found) throw new Error(`bad labels: ${line}`);
    const [, key = '', text = ''] = found;
    if (key in labels) throw new Error(`label twice: ${line}`);
    labels[key] = text.replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}
