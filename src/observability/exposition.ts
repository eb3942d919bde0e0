import type { MetricDefinition } from './metrics-table.ts';

/** The content type of Prometheus's text format (Prometheus, "Exposition formats", version 0.0.4). */
export const textFormat = 'text/plain; version=0.0.4; charset=utf-8';

/** The two lines before the series of a metric. */
export function headOf({ name, help, type }: MetricDefinition): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

/** `a="1",b="2"`: what stands between the braces. */
export function labelsOf(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`).join(',');
}

/** One line. `labels` is what `labelsOf` made, or empty. */
export function lineOf(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

const special = /[\\"\n]/;

export function escapeLabel(value: string): string {
  return special.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}
