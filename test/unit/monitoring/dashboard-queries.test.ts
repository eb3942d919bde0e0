import { describe } from 'vitest';
import { stringify } from 'yaml';
import { countedMetrics } from '../../../src/observability/metrics-table.ts';
import { busyNow, inAnHour, troubles, unproven } from '../../../tools/monitoring/dashboard/queries.ts';
import { filled } from '../../../tools/panels/ask.ts';
import { testUnless } from '../../support/needs.ts';
import { lackOf, promtool } from '../../support/promtool.ts';
import { connection, operator, type SeriesOf, series } from './series.ts';

const view = { start: 0, end: 0, scrape: 300, chosen: { environment: '.*', application: '.*' } };

interface Answer {
  /** As Prometheus writes it. */
  readonly labels: string;
  readonly value: number;
}

/** Fails unless Prometheus gives these answers two hours after the series began, one scrape every five minutes. */
async function expectAnswers(expression: string, from: SeriesOf, answers: readonly Answer[]): Promise<void> {
  const input = Object.entries(from).map(([name, values]) => ({
    series: name,
    values: values.replaceAll('scrapes', '24'),
  }));
  const asked = { expr: filled(expression, view, 300), eval_time: '2h', exp_samples: answers };
  const tests = [{ interval: '5m', input_series: input, promql_expr_test: [asked] }];
  await promtool(['test', 'rules', 'tests.yaml'], { 'tests.yaml': stringify({ rule_files: [], tests }) });
}

const lack = lackOf('promtool');
const patience = 30_000;

describe('queries of the dashboard', () => {
  const { expression } = inAnHour(countedMetrics.refresh, 'result');
  const refreshes = (result: string, values: string) =>
    series(countedMetrics.refresh.name, { job: 'o', instance: 'a', result, reason: 'x' }, values);

  testUnless(
    lack,
    'the first of its kind is counted, and what was long ago is not',
    () =>
      expectAnswers(
        `round(${expression})`,
        { ...refreshes('first', '_x18 1+0x6'), ...refreshes('old', '7+0x24'), ...refreshes('steady', '0+1x24') },
        [
          { labels: '{result="first"}', value: 1 },
          { labels: '{result="old"}', value: 0 },
          { labels: '{result="steady"}', value: 12 },
        ],
      ),
    patience,
  );

  testUnless(
    lack,
    'that a connection is not ready is told where nothing says more',
    () =>
      expectAnswers(
        troubles,
        {
          ...connection({ name: 'well' }),
          ...connection({ name: 'waits', conditions: { Ready: 'False', Valid: 'Unknown' } }),
          ...connection({ name: 'dead', conditions: { Ready: 'False', Valid: 'False', Revoked: 'True' } }),
          ...connection({ name: 'dying', conditions: { Renewable: 'False' } }),
        },
        [
          { labels: '{name="dead", namespace="shop", status="True", type="Revoked"}', value: 1 },
          { labels: '{name="dying", namespace="shop", status="False", type="Renewable"}', value: 1 },
          { labels: '{name="waits", namespace="shop", status="False", type="Ready"}', value: 1 },
        ],
      ),
    patience,
  );

  testUnless(
    lack,
    'a connection that never worked is not unproven',
    () =>
      expectAnswers(
        unproven,
        {
          ...connection({ name: 'waits', conditions: { Ready: 'False', Valid: 'Unknown' } }),
          ...connection({ name: 'cut-off', conditions: { Valid: 'Unknown' } }),
        },
        [{ labels: '{}', value: 1 }],
      ),
    patience,
  );

  testUnless(
    lack,
    'the event loop is as busy as it is now, and not as it was on the whole',
    () => {
      // Idle for an hour, busy for an hour: half of the time since the process started.
      const share = Array.from({ length: 25 }, (_, i) => (i <= 12 ? 0 : (i - 12) / i)).join(' ');
      const own = { job: 'operator', instance: 'a' };
      return expectAnswers(
        `round(${busyNow}, 0.1)`,
        {
          ...operator,
          ...series('nodejs_eventloop_utilization', own, share),
          ...series('process_start_time_seconds', own, 0),
        },
        [{ labels: '{instance="a", job="operator"}', value: 1 }],
      );
    },
    patience,
  );
});
