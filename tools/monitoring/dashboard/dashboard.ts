import { connectionMetrics, viewMetrics } from '../../../src/observability/metrics-table.ts';
import type { Panel, Row } from './panel.ts';
import { rows } from './rows.ts';

/** What is asked of Prometheus for the choices at the head of the dashboard. */
export const variables = [
  { name: 'environment', label: 'Environment', of: viewMetrics.connections.name, where: '', many: true },
  {
    name: 'application',
    label: 'Application',
    of: viewMetrics.connections.name,
    where: '{environment=~"$environment"}',
    many: true,
  },
  { name: 'namespace', label: 'Namespace', of: connectionMetrics.condition.name, where: '', many: false },
  {
    name: 'connection',
    label: 'Connection',
    of: connectionMetrics.condition.name,
    where: '{namespace="$namespace"}',
    many: false,
  },
] as const;

const labelOf = (name: string) => (name === 'connection' ? 'name' : name);

const source = { type: 'prometheus', uid: '${datasource}' };

/** The dashboard as Grafana imports it ("Dashboard JSON model"). */
export function dashboard(): object {
  return {
    uid: 'square-operator',
    title: 'Square connections',
    description: 'Generated from tools/monitoring/dashboard by "npm run generate". Do not edit.',
    tags: ['square-operator'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' }, ...choices()],
    },
    annotations: { list: [] },
    panels: placed(rows),
  };
}

const choices = () =>
  variables.map(({ name, label, of, where, many }) => ({
    name,
    label,
    type: 'query',
    datasource: source,
    query: { query: `label_values(${of}${where}, ${labelOf(name)})`, refId: name },
    refresh: 2,
    sort: 1,
    ...(many ? { multi: true, includeAll: true, allValue: '.*', current: { text: 'All', value: '$__all' } } : {}),
  }));

/** Grafana's grid has 24 columns. */
const columns = 24;
const heightOf = ({ kind }: Panel): number => (kind === 'stat' ? 4 : 8);

function placed(all: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of all) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: columns, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let tallest = 0;
    for (const panel of row.panels) {
      if (x + panel.width > columns) {
        y += tallest;
        [x, tallest] = [0, 0];
      }
      const h = heightOf(panel);
      panels.push({ id: panels.length + 1, gridPos: { x, y, w: panel.width, h }, ...drawn(panel) });
      x += panel.width;
      tallest = Math.max(tallest, h);
    }
    y += tallest;
  }
  return panels;
}

function drawn(panel: Panel): object {
  const { title, says, kind, queries } = panel;
  const now = kind === 'stat' || kind === 'table';
  return {
    type: kind,
    title,
    ...(says === undefined ? {} : { description: says }),
    datasource: source,
    targets: queries.map(({ expression, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: source,
      expr: expression,
      ...(legend === undefined ? {} : { legendFormat: legend }),
      ...(now ? { instant: true } : { range: true }),
      ...(kind === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: { defaults: fieldOf(panel), overrides: [] },
    options: options(panel),
    ...(kind === 'table' ? { transformations: [{ id: 'organize', options: columnsOf(panel) }] } : {}),
  };
}

/** The value of a label table is 1, and the time is now: neither is worth a column. */
const columnsOf = ({ value }: Panel) => ({
  excludeByName: { Time: true, ...(value === undefined ? { Value: true } : {}) },
  ...(value === undefined ? {} : { renameByName: { Value: value } }),
});

/**
 * What holds for the values. Thresholds are always said: where a panel has none, Grafana takes its own, and 80 of anything is
 * red. Lines have colours of their own even so, for which is which has to be seen.
 */
function fieldOf({ kind, unit, steps, called = {}, none, stacked, below }: Panel): object {
  const isGraph = kind === 'timeseries';
  const coloured = steps !== undefined || Object.keys(called).length > 0;
  return {
    unit,
    color: isGraph
      ? { mode: 'palette-classic' }
      : coloured
        ? { mode: 'thresholds' }
        : { mode: 'fixed', fixedColor: 'text' },
    thresholds: {
      mode: 'absolute',
      steps: (steps ?? [[0, 'text']]).map(([from, color], i) => ({ color, value: i === 0 ? null : from })),
    },
    mappings: Object.entries(called).map(([value, [text, color]], index) => ({
      type: 'value',
      options: { [value]: { text, color, index } },
    })),
    ...(none === undefined ? {} : { noValue: none }),
    ...(isGraph && below !== true ? { min: 0 } : {}),
    ...(isGraph
      ? {
          custom: {
            ...(steps === undefined ? {} : { thresholdsStyle: { mode: 'line' } }),
            ...(stacked === true ? { stacking: { mode: 'normal' }, fillOpacity: 40 } : {}),
          },
        }
      : {}),
  };
}

function options({ kind, value, sortBy = 'name' }: Panel): object {
  switch (kind) {
    case 'stat':
      return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' };
    case 'timeseries':
      return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
    case 'state-timeline':
      return { showValue: 'auto', mergeValues: true, legend: { displayMode: 'hidden', showLegend: false } };
    case 'table':
      return { showHeader: true, sortBy: [{ displayName: value ?? sortBy, desc: value !== undefined }] };
  }
}

/** Every expression of the dashboard, by its panel. */
export const dashboardQueries = rows.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries }) => queries.map(({ expression }) => ({ title, expression }))),
);
