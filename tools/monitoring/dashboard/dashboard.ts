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

function drawn({ title, says, kind, unit, queries, bounds }: Panel): object {
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
    fieldConfig: { defaults: { unit, ...(bounds === undefined ? {} : thresholds(bounds)) }, overrides: [] },
    options: options(kind),
    // The value of a label table is 1, and the time is now: neither is worth a column.
    ...(kind === 'table' ? { transformations: [{ id: 'organize', options: { excludeByName: hidden(unit) } }] } : {}),
  };
}

const hidden = (unit: string) => ({ Time: true, ...(unit === 'none' ? { Value: true } : {}) });

const thresholds = ([orange, red]: readonly [number, number]) => ({
  color: { mode: 'thresholds' },
  thresholds: {
    mode: 'absolute',
    steps: [
      { color: 'green', value: null },
      { color: 'orange', value: orange },
      { color: 'red', value: red },
    ],
  },
  custom: { thresholdsStyle: { mode: 'line' } },
});

function options(kind: Panel['kind']): object {
  switch (kind) {
    case 'stat':
      return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'area' };
    case 'timeseries':
      return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
    case 'state-timeline':
      return { showValue: 'never', legend: { displayMode: 'hidden', showLegend: false } };
    case 'table':
      return { showHeader: true };
  }
}

/** Every expression of the dashboard, by its panel. */
export const dashboardQueries = rows.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries }) => queries.map(({ expression }) => ({ title, expression }))),
);
