import { describe, expect, test } from 'vitest';
import { dashboard } from '../../../tools/monitoring/dashboard/dashboard.ts';
import { type Frame, filled, nameOf, stepOf, type View } from '../../../tools/panels/ask.ts';
import { looks } from '../../../tools/panels/colors.ts';
import { type PanelModel, sectionsOf, shippedSections } from '../../../tools/panels/dashboard-file.ts';
import { page } from '../../../tools/panels/page.ts';
import { drawn } from '../../../tools/panels/panel.ts';
import { ticks, written } from '../../../tools/panels/units.ts';

const view: View = { start: 1_000, end: 1_100, scrape: 2, chosen: { namespace: 'shop', connection: 'bakery' } };
const frame = (name: string, values: readonly (readonly [number, number])[], metric = {}): Frame => ({
  name,
  metric,
  values,
});
const aPanel = (panel: Partial<PanelModel>): PanelModel => ({
  type: 'timeseries',
  title: 'A panel',
  gridPos: { x: 0, y: 0, w: 8, h: 8 },
  ...panel,
});
const html = (panel: PanelModel, frames: readonly Frame[]) =>
  drawn({ panel, frames, step: 2 }, view, (text) => filled(text, view, 2));

describe('what is asked', () => {
  test('variables are filled in, and the interval of rates is four scrapes or a step and one', () => {
    expect(filled('x{namespace="$namespace", name="$connection"}[$__rate_interval]', view, 2)).toBe(
      'x{namespace="shop", name="bakery"}[8000ms]',
    );
    expect(filled('[$__rate_interval]', view, 60)).toBe('[62000ms]');
  });

  test('points are no closer than pixels or scrapes', () => {
    expect(stepOf(view, 500)).toBe(2);
    expect(stepOf({ ...view, end: 87_400 }, 480)).toBe(180);
  });

  test('a series is named by its legend, or by its labels', () => {
    expect(nameOf({ legendFormat: '{{a}} p99 {{b}}' }, { a: 'x' })).toBe('x p99 ');
    expect(nameOf({}, { a: 'x' })).toBe('{a="x"}');
  });
});

test.each([
  [8.24, 'suffix: d', '8.2 d'],
  [-1.2, 'suffix: d', '-1.2 d'],
  [691_200, 's', '1.14 weeks'],
  [0.4, 's', '400 ms'],
  [0.692, 'percentunit', '69.2%'],
  [2 ** 28, 'bytes', '256 MiB'],
  [12_000, 'short', '12 K'],
  [0, 'ops', '0 ops/s'],
])('%d in %s is written %s', (value, unit, text) => expect(written(value, unit)).toBe(text));

test('ticks are round and span the values', () => {
  expect(ticks(0, 31)).toEqual([0, 10, 20, 30, 40]);
  expect(ticks(0, 0)).toHaveLength(6);
  expect(ticks(-3, 4)).toEqual([-4, -2, 0, 2, 4]);
});

describe('what is drawn', () => {
  test('a line has a gap where points are missing, and what has no points says so', () => {
    const panel = aPanel({});
    const picture = html(panel, [
      frame('a', [
        [1_000, 1],
        [1_002, 2],
        [1_050, 3],
        [1_052, 4],
      ]),
    ]);
    expect(picture.match(/<polyline/g)).toHaveLength(2);
    expect(html(panel, [])).toContain('No data');
    expect(html(aPanel({ fieldConfig: { defaults: { noValue: 'never' } } }), [])).toContain('never');
  });

  test('a panel of an unknown type or unit is refused', () => {
    const frames = [frame('a', [[1_000, 1]])];
    expect(() => html(aPanel({ type: 'piechart' }), frames)).toThrow('piechart');
    expect(() => html(aPanel({ type: 'stat', fieldConfig: { defaults: { unit: 'kelvin' } } }), frames)).toThrow(
      'kelvin',
    );
  });

  test('names cannot be mistaken for HTML', () => {
    expect(html(aPanel({}), [frame('<b>"', [[1_000, 1]])])).toContain('&lt;b&gt;&quot;');
  });

  test('a table is sorted and headed as the dashboard says', () => {
    const panel = aPanel({
      type: 'table',
      options: { sortBy: [{ displayName: 'age', desc: true }] },
      transformations: [{ options: { excludeByName: { Time: true }, renameByName: { Value: 'age' } } }],
    });
    const rows = html(panel, [frame('', [[1, 1]], { name: 'young' }), frame('', [[1, 9]], { name: 'old' })]);
    expect(rows.indexOf('old')).toBeLessThan(rows.indexOf('young'));
    expect(rows).toContain('>age</th>');
  });

  test('thresholds that nobody set are those of Grafana', () => {
    expect(looks(81, {}).color).not.toBe(looks(79, {}).color);
    const { color } = looks(81, { thresholds: { steps: [{ color: 'text', value: null }] } });
    expect(color).toBe(looks(79, { color: { mode: 'fixed', fixedColor: 'text' } }).color);
  });

  test('every panel of the dashboard, with its variables filled in', () => {
    for (const { title, panels } of shippedSections()) {
      const told = panels.map((panel) => ({
        panel,
        step: 2,
        frames: [frame('a', [[view.end, 1]], { name: 'bakery', namespace: 'shop' })],
      }));
      const text = page(title, told, view, (text) => filled(text, view, 2));
      expect(text.match(/<section/g)).toHaveLength(panels.length);
      expect(text).not.toMatch(/undefined|NaN|\$/);
    }
  });
});

test('no panel leaves its thresholds to Grafana, to which 80 of anything is red', () => {
  const { panels } = dashboard() as { panels: PanelModel[] };
  for (const panel of sectionsOf(panels).flatMap((section) => section.panels)) {
    const [lowest, ...others] = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
    expect(lowest, panel.title).toMatchObject({ value: null });
    for (const { value } of others) expect(value, panel.title).not.toBeNull();
  }
});
