import type { Frame, View } from './ask.ts';
import { looks } from './colors.ts';
import type { FieldDefaults } from './dashboard-file.ts';
import { escaped } from './escaped.ts';
import { type Size, timeAxis } from './graph.ts';

const labels = 130;
const foot = 18;
/** Of a text, in pixels; what is wider than its bar is left out. */
const widthOf = (text: string) => text.length * 7;

interface Bar {
  readonly from: number;
  to: number;
  readonly value: number;
}

/** Neighbouring points of the same value, as one. */
function bars(values: Frame['values'], step: number): Bar[] {
  const all: Bar[] = [];
  for (const [at, value] of values) {
    const last = all.at(-1);
    if (last !== undefined && last.value === value && at - last.to < step / 2) last.to = at + step;
    else all.push({ from: at, to: at + step, value });
  }
  return all;
}

/** A line for each series, with what it was when. */
export function timeline(
  frames: readonly Frame[],
  view: View,
  step: number,
  size: Size,
  defaults: FieldDefaults,
): string {
  const x = (at: number) =>
    labels + ((Math.min(at, view.end) - view.start) / (view.end - view.start)) * (size.width - labels - 8);
  const height = (size.height - foot) / Math.max(frames.length, 1);
  const lines = frames.map(({ name, values }, i) => {
    const top = i * height;
    const drawn = bars(values, step).map(({ from, to, value }) => {
      const { text, color } = looks(value, defaults);
      const width = x(to) - x(from);
      const said =
        widthOf(text) < width
          ? `<text x="${x(from) + 5}" y="${top + height / 2 + 4}" class="on">${escaped(text)}</text>`
          : '';
      return `<rect x="${x(from).toFixed(1)}" y="${(top + 2).toFixed(1)}" width="${width.toFixed(1)}" height="${(height - 4).toFixed(1)}" fill="${color}" fill-opacity="0.85"/>${said}`;
    });
    return `<text x="${labels - 8}" y="${top + height / 2 + 4}" text-anchor="end">${escaped(name)}</text>${drawn.join('')}`;
  });
  return `<svg width="${size.width}" height="${size.height}">${timeAxis(view, x, size)}${lines.join('')}</svg>`;
}
