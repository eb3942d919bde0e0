import type { Frame, View } from './ask.ts';
import { colorOf, palette, valueColor } from './colors.ts';
import type { FieldDefaults } from './dashboard-file.ts';
import { escaped } from './escaped.ts';
import { ticks, written } from './units.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const lineColor = (frame: Frame, place: number, defaults: FieldDefaults): string =>
  defaults.color?.mode === 'thresholds'
    ? valueColor(frame.values.at(-1)?.[1] ?? 0, defaults)
    : (palette[place % palette.length] ?? '');

const margin = { left: 70, right: 8, top: 6, bottom: 18 };

/** Minutes and seconds since the picture's beginning. */
export const clockText = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;

/** What a time axis is written with, at the lower edge. */
export function timeAxis(view: View, x: (at: number) => number, { height }: Size): string {
  const span = view.end - view.start;
  const every = [5, 10, 15, 30, 60, 120, 300].find((step) => span / step <= 8) ?? 600;
  const marks: string[] = [];
  for (let passed = every; passed < span; passed += every) {
    const at = x(view.start + passed).toFixed(1);
    marks.push(
      `<line x1="${at}" x2="${at}" y1="0" y2="${height - margin.bottom}" class="grid"/><text x="${at}" y="${height - 4}" text-anchor="middle">${clockText(passed)}</text>`,
    );
  }
  return marks.join('');
}

/** Runs of points between which none is missing. */
function runs(values: Frame['values'], step: number): (readonly Point[])[] {
  const all: Point[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const point of values) {
    if (!Number.isFinite(point[1])) continue;
    if (point[0] - last > 1.5 * step) all.push([]);
    all.at(-1)?.push(point);
    last = point[0];
  }
  return all;
}

/** Each on top of those before it, where they have points at the same times. */
function stacked(frames: readonly Frame[]): Frame[] {
  const sums = new Map<number, number>();
  return frames.map((frame) => ({
    ...frame,
    values: frame.values.map(([at, value]) => {
      sums.set(at, (sums.get(at) ?? 0) + value);
      return [at, sums.get(at) ?? 0] as const;
    }),
  }));
}

interface Scale {
  readonly marks: readonly number[];
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
}

function scaleOf(frames: readonly Frame[], view: View, size: Size, { min, unit }: FieldDefaults): Scale {
  const all = frames.flatMap(({ values }) => values.map(([, value]) => value)).filter(Number.isFinite);
  const low = min ?? Math.min(...all);
  const marks = ticks(low, Math.max(...all, low), unit);
  const [bottom = 0, top = 1] = [marks[0], marks.at(-1)];
  const width = size.width - margin.left - margin.right;
  const height = size.height - margin.bottom - margin.top;
  return {
    marks,
    x: (at) => margin.left + ((at - view.start) / (view.end - view.start)) * width,
    y: (value) => size.height - margin.bottom - ((Math.max(value, bottom) - bottom) / (top - bottom)) * height,
  };
}

/** Lines over time, or areas on top of each other, with axes and thresholds. */
export function graph(given: readonly Frame[], view: View, step: number, size: Size, defaults: FieldDefaults): string {
  const { custom = {}, thresholds, unit } = defaults;
  const areas = custom.stacking?.mode === 'normal';
  const frames = areas ? stacked(given) : given;
  const { marks, x, y } = scaleOf(frames, view, size, defaults);
  const across = (value: number) =>
    `x1="${margin.left}" x2="${size.width - margin.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"`;
  const axis = marks.map(
    (mark) =>
      `<line ${across(mark)} class="grid"/><text x="${margin.left - 6}" y="${(y(mark) + 4).toFixed(1)}" text-anchor="end">${escaped(written(mark, unit))}</text>`,
  );
  const steps = custom.thresholdsStyle?.mode === 'line' ? (thresholds?.steps ?? []) : [];
  const bounds = steps.flatMap(({ value, color }) =>
    value === null || value < (marks[0] ?? 0) || value > (marks.at(-1) ?? 0)
      ? []
      : [`<line ${across(value)} stroke="${colorOf(color)}" stroke-width="1.5"/>`],
  );
  const lines = frames.map((frame, place) => {
    const color = lineColor(frame, place, defaults);
    return runs(frame.values, step)
      .map((run) => drawnRun(run, color, { x, y }, areas ? y(marks[0] ?? 0) : undefined))
      .join('');
  });
  // The lowest area is drawn last, over the others.
  const inOrder = areas ? lines.toReversed() : lines;
  return `<svg width="${size.width}" height="${size.height}">${axis.join('')}${timeAxis(view, x, size)}${inOrder.join('')}${bounds.join('')}</svg>`;
}

type Point = readonly [at: number, value: number];

function drawnRun(run: readonly Point[], color: string, { x, y }: Pick<Scale, 'x' | 'y'>, ground?: number): string {
  const points = run.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
  const [first = '', last = ''] = [points[0], points.at(-1)];
  if (ground !== undefined) {
    const foot = [last, first].map((point) => `${point.split(',', 1)[0]},${ground.toFixed(1)}`);
    return `<polygon points="${[...points, ...foot].join(' ')}" fill="${color}"/>`;
  }
  if (points.length === 1) {
    const [cx, cy] = first.split(',');
    return `<circle cx="${cx}" cy="${cy}" r="2" fill="${color}"/>`;
  }
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
}
