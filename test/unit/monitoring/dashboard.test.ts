import { describe, expect, test } from 'vitest';
import { metricsTable } from '../../../src/observability/metrics-table.ts';
import { dashboard, dashboardQueries, variables } from '../../../tools/monitoring/dashboard/dashboard.ts';
import { metricNames } from './metric-names.ts';

interface Grid {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Drawn {
  readonly uid: string;
  readonly panels: readonly { readonly id: number; readonly type: string; readonly gridPos: Grid }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

describe('the dashboard', () => {
  const drawn = dashboard() as Drawn;

  test('asks for metrics that there are', () => {
    // ALERTS is what Prometheus says itself of the rules.
    const known = new Set([...metricsTable.map(({ name }) => name), 'ALERTS']);
    const asked = [
      ...dashboardQueries.flatMap(({ expression }) => metricNames(expression)),
      ...variables.map(({ of }) => of),
    ];
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  test('shows every metric but a few that others tell of', () => {
    const asked = new Set(dashboardQueries.flatMap(({ expression }) => metricNames(expression)));
    expect(metricsTable.map(({ name }) => name).filter((name) => !asked.has(name))).toEqual([
      'square_connection_suspended',
      'workqueue_unfinished_work_seconds',
      'controller_runtime_active_workers',
      'process_open_fds',
      'nodejs_heap_size_total_bytes',
      'controller_runtime_reconcile_errors_total',
      'workqueue_adds_total',
      'workqueue_retries_total',
      'workqueue_work_duration_seconds',
    ]);
  });

  test('uses no variable that it does not offer', () => {
    const offered = new Set([...drawn.templating.list.map(({ name }) => name), '__rate_interval']);
    const used = [...JSON.stringify(drawn).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !offered.has(name) && name !== '__all')).toEqual([]);
    expect(used).toContain('connection');
  });

  test('lays no panel over another one, and none outside the 24 columns', () => {
    const cells = new Set<string>();
    for (const { gridPos, id } of drawn.panels) {
      expect(gridPos.x + gridPos.w, `panel ${id}`).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.has(`${x} ${y}`), `panel ${id} at ${x} ${y}`).toBe(false);
          cells.add(`${x} ${y}`);
        }
      }
    }
    expect(new Set(drawn.panels.map(({ id }) => id)).size).toBe(drawn.panels.length);
  });
});
