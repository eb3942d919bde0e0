import type { Curve, Prometheus } from '../../test/support/prometheus.ts';
import type { PanelModel, Target } from './dashboard-file.ts';

/** One series of a panel, under the name that its legend gives it. */
export interface Frame extends Curve {
  readonly name: string;
}

/** What is looked at: times in seconds since 1970, and seconds between scrapes. */
export interface View {
  readonly start: number;
  readonly end: number;
  readonly scrape: number;
  /** What is chosen at the head of the dashboard. */
  readonly chosen: Readonly<Record<string, string>>;
}

/** Seconds between two points of a graph so many pixels wide: no closer than pixels, or scrapes. */
export function stepOf({ start, end, scrape }: View, pixels: number): number {
  return Math.max(scrape, Math.ceil((end - start) / pixels / scrape) * scrape);
}

/** The text with its variables filled in; `$__rate_interval` as Grafana's documentation of the Prometheus source reckons it. */
export function filled(text: string, { chosen, scrape }: View, step: number): string {
  const rate = `${Math.max(step + scrape, 4 * scrape) * 1_000}ms`;
  return Object.entries({ ...chosen, __rate_interval: rate }).reduce(
    (filling, [name, value]) => filling.replaceAll(`$${name}`, value),
    text,
  );
}

export function nameOf({ legendFormat }: Pick<Target, 'legendFormat'>, metric: Curve['metric']): string {
  if (legendFormat !== undefined)
    return legendFormat.replaceAll(/{{(\w+)}}/g, (_, label: string) => metric[label] ?? '');
  const labels = Object.entries(metric).map(([label, value]) => `${label}="${value}"`);
  return labels.length === 0 ? 'Value' : `{${labels.join(', ')}}`;
}

/** The panel's queries, asked as Grafana asks them: for now where they are instant, for the whole time where not. */
export async function ask(prometheus: Prometheus, panel: PanelModel, view: View, pixels: number): Promise<Frame[]> {
  const step = stepOf(view, pixels);
  const frames: Frame[] = [];
  for (const target of panel.targets ?? []) {
    const expression = filled(target.expr, view, step);
    const curves =
      target.instant === true
        ? (await prometheus.query(expression, view.end)).map(({ metric, value }) => ({
            metric,
            values: [[view.end, value] as const],
          }))
        : await prometheus.range(expression, { ...view, step });
    frames.push(...curves.map((curve) => ({ ...curve, name: nameOf(target, curve.metric) })));
  }
  return frames;
}
