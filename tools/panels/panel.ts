import type { Frame, View } from './ask.ts';
import { looks } from './colors.ts';
import type { FieldDefaults, PanelModel } from './dashboard-file.ts';
import { escaped } from './escaped.ts';
import { graph, lineColor, type Size } from './graph.ts';
import { timeline } from './timeline.ts';
import { written } from './units.ts';

/** What a panel has asked and been told. */
export interface Told {
  readonly panel: PanelModel;
  readonly frames: readonly Frame[];
  /** Seconds between two points. */
  readonly step: number;
}

const cell = { width: 60, height: 38 };
const gap = 8;
const head = 30;

/** The pixels of a panel's inside. */
export const insideOf = ({ w, h }: PanelModel['gridPos']): Size => ({
  width: w * cell.width - gap - 18,
  height: h * cell.height - gap - head - 10,
});

const legendLine = 20;

/** A panel with its head, as HTML. `names` fills in the variables of its title. */
export function drawn(told: Told, view: View, names: (text: string) => string): string {
  const { panel } = told;
  const { x, y, w, h } = panel.gridPos;
  const place = `left:${x * cell.width}px;top:${y * cell.height}px;width:${w * cell.width - gap}px;height:${h * cell.height - gap}px`;
  const info = panel.description === undefined ? '' : '<i>i</i>';
  return `<section style="${place}"><h2>${escaped(names(panel.title))}${info}</h2>${inside(told, view)}</section>`;
}

function inside({ panel, frames, step }: Told, view: View): string {
  const defaults = panel.fieldConfig?.defaults ?? {};
  const size = insideOf(panel.gridPos);
  if (frames.length === 0) return `<p class="none">${escaped(defaults.noValue ?? 'No data')}</p>`;
  switch (panel.type) {
    case 'stat':
      return stat(frames, defaults);
    case 'table':
      return table(panel, frames, defaults);
    case 'timeseries': {
      const rows = Math.min(3, legendRows(frames, size.width));
      const picture = graph(frames, view, step, { ...size, height: size.height - rows * legendLine }, defaults);
      return picture + legend(frames, defaults, rows);
    }
    case 'state-timeline':
      return timeline(frames, view, step, size, defaults);
    default:
      throw new Error(`there is no way here to draw a panel of type ${panel.type}`);
  }
}

function stat([frame]: readonly Frame[], defaults: FieldDefaults): string {
  const value = frame?.values.at(-1)?.[1];
  if (value === undefined || Number.isNaN(value))
    return `<p class="none">${escaped(defaults.noValue ?? 'No data')}</p>`;
  const { text, color } = looks(value, defaults);
  return `<p class="stat" style="color:${color}">${escaped(text)}</p>`;
}

const entryWidth = (name: string) => name.length * 6.6 + 30;

function legendRows(frames: readonly Frame[], width: number): number {
  let [rows, used] = [1, 0];
  for (const { name } of frames) {
    if (used + entryWidth(name) > width) [rows, used] = [rows + 1, 0];
    used += entryWidth(name);
  }
  return rows;
}

function legend(frames: readonly Frame[], defaults: FieldDefaults, rows: number): string {
  const entries = frames.map(
    (frame, i) => `<span><b style="background:${lineColor(frame, i, defaults)}"></b>${escaped(frame.name)}</span>`,
  );
  return `<div class="legend" style="height:${rows * legendLine}px">${entries.join('')}</div>`;
}

function table(
  { transformations = [], options }: PanelModel,
  frames: readonly Frame[],
  defaults: FieldDefaults,
): string {
  const { excludeByName = {}, renameByName = {} } = transformations[0]?.options ?? {};
  const labels = [...new Set(frames.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const columns = [...labels, 'Value'].filter((column) => excludeByName[column] !== true);
  const headed = (column: string) => renameByName[column] ?? column;
  const valueOf = ({ values }: Frame) => values.at(-1)?.[1] ?? Number.NaN;
  const [sort] = options?.sortBy ?? [];
  const by = columns.find((column) => headed(column) === sort?.displayName);
  const compared = (a: Frame, b: Frame) =>
    by === undefined
      ? 0
      : by === 'Value'
        ? valueOf(a) - valueOf(b)
        : (a.metric[by] ?? '').localeCompare(b.metric[by] ?? '');
  const sorted = frames.toSorted((a, b) => (sort?.desc === true ? compared(b, a) : compared(a, b)));
  const cells = (frame: Frame) =>
    columns.map((column) =>
      column === 'Value'
        ? `<td class="value">${escaped(written(valueOf(frame), defaults.unit))}</td>`
        : `<td>${escaped(frame.metric[column] ?? '')}</td>`,
    );
  const head = columns.map(
    (column) => `<th${column === 'Value' ? ' class="value"' : ''}>${escaped(headed(column))}</th>`,
  );
  const rows = sorted.map((frame) => `<tr>${cells(frame).join('')}</tr>`);
  return `<div class="table"><table><tr>${head.join('')}</tr>${rows.join('')}</table></div>`;
}
