import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { applicationReasons, reasons } from '../../../src/api/conditions.ts';
import { metricsTable } from '../../../src/observability/metrics-table.ts';
import { allAlerts, allRecordings } from '../../../tools/monitoring/alerts.ts';
import { rulesFile, runbookBase } from '../../../tools/monitoring/rules.ts';
import { runbookOf, runbooks } from '../../../tools/monitoring/runbooks.ts';
import { testUnless } from '../../support/needs.ts';
import { unknownCalls } from '../../support/plugin-commands.ts';
import { lackOf, promtool } from '../../support/promtool.ts';
import { metricNames } from './metric-names.ts';
import { overDays, seldom } from './over-days.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { interval, operator, scrapesIn } from './series.ts';

/** What promtool is told: which alerts fire, and about which connection, at the end of each scenario. */
const unitTest = (scenario: Scenario) => testOf({ ...scenario, series: { ...operator, ...scenario.series } }, interval);

/** Of the operator itself these have no series. */
const testOverDays = (scenario: Scenario) => testOf(scenario, seldom, 'SquareOperatorAbsent');

function testOf({ title, hours, series, firing, reads = [] }: Scenario, every: string, but = ''): object {
  return {
    name: title,
    interval: every,
    input_series: Object.entries(series).map(([key, values]) => ({
      series: key,
      values: values.replace('scrapes', String(scrapesIn(hours))),
    })),
    promql_expr_test: [
      {
        expr: `count by (alertname, name) (ALERTS{alertstate="firing", alertname!="${but}"})`,
        eval_time: `${hours}h`,
        exp_samples: firing.map((labels) => ({ labels, value: 1 })),
      },
    ],
    alert_rule_test: reads.map(({ alert, labels, annotations }) => ({
      eval_time: `${hours}h`,
      alertname: alert,
      exp_alerts: [{ exp_labels: labels, exp_annotations: annotations }],
    })),
  };
}

/** Fails unless promtool finds it all so. */
async function hold(every: string, tests: readonly object[]): Promise<void> {
  const order = ['square-operator.shared', 'square-operator.connections', 'square-operator.operator'];
  const file = { rule_files: ['rules.yaml'], evaluation_interval: every, group_eval_order: order, tests };
  const files = { 'rules.yaml': rulesFile(), 'tests.yaml': stringify(file, { lineWidth: 0 }) };
  expect(await promtool(['test', 'rules', 'tests.yaml'], files)).toContain('SUCCESS');
}

const lack = lackOf('promtool');

describe('the alerts', () => {
  testUnless(
    lack,
    'are rules that Prometheus takes',
    async () => {
      const said = await promtool(['check', 'rules', '--lint-fatal', 'rules.yaml'], { 'rules.yaml': rulesFile() });
      expect(said).toContain(`SUCCESS: ${allAlerts.length + allRecordings.length} rules found`);
    },
    30_000,
  );

  testUnless(lack, 'fire when they should, and only then', () => hold(interval, scenarios.map(unitTest)), 300_000);

  testUnless(
    lack,
    'tell apart over days who comes to it one by one and who at once',
    () => hold(seldom, overDays.map(testOverDays)),
    300_000,
  );

  test('each fires in one of the scenarios', () => {
    const fired = new Set(
      [...scenarios, ...overDays].flatMap(({ firing }) => firing.map((text) => /alertname="(\w+)"/.exec(text)?.[1])),
    );
    expect(allAlerts.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
  });

  test('ask for metrics that there are', () => {
    const known = new Set(
      [...metricsTable, ...allRecordings.map(({ record }) => ({ name: record }))].map(({ name }) => name),
    );
    const asked = [...allAlerts, ...allRecordings].flatMap(({ expression }) => metricNames(expression));
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    expect(new Set(asked).size).toBeGreaterThan(10);
  });

  test('say what is so, what to do and where it is told', () => {
    expect(new Set(allAlerts.map(({ name }) => name)).size).toBe(allAlerts.length);
    for (const { name, summary, description, remedy, severity } of allAlerts) {
      expect(name).toMatch(/^Square[A-Z]\w+$/);
      expect(summary, name).not.toMatch(/\.$/);
      expect(description, name).toMatch(/\.$/);
      expect(remedy, name).toMatch(/^kubectl /);
      // A Secret is shown by name at most: remedies are run in front of others, and copied into tickets.
      expect(remedy, name).not.toMatch(/secret.* -o (yaml|json)/);
      expect(['critical', 'warning', 'info']).toContain(severity);
    }
  });
});

describe('the runbooks', () => {
  const sections = ['Why you are here', 'How to see it', 'What to do', 'How to know it is over'];

  test('have a section for every alert, and for every reason that needs a person', () => {
    const needed = [
      ...allAlerts.map(({ name, runbook }) => runbook ?? name),
      ...[...Object.entries(reasons), ...Object.entries(applicationReasons)].flatMap(([reason, { remedy }]) =>
        remedy === '' ? [] : [reason],
      ),
    ];
    for (const name of needed) expect(runbookOf(name)).toMatch(/^[a-z-]+\.md#[a-z]+$/);
    expect(rulesFile().match(/runbook_url: .*/g)).toHaveLength(allAlerts.length);
    expect(rulesFile()).toContain(`${runbookBase}/not-renewed.md#squaretokentooold`);
  });

  test('and the alerts name verbs and flags of the plugin that there are', () => {
    const texts = [...runbooks.map(({ text }) => text), ...allAlerts.map(({ remedy }) => remedy)];
    expect(texts.join('\n').match(/kubectl square/g)?.length).toBeGreaterThan(40);
    expect(texts.flatMap(unknownCalls)).toEqual([]);
    expect(unknownCalls('`kubectl square mend bakery` and `kubectl square status -A --now`')).toHaveLength(2);
  });

  test('tell of nothing that there is not, and of nothing twice', () => {
    const known = new Set([
      ...allAlerts.map(({ name }) => name),
      ...Object.keys(reasons),
      ...Object.keys(applicationReasons),
    ]);
    const told = runbooks.flatMap(({ names }) => names);
    expect(told.filter((name) => !known.has(name))).toEqual([]);
    expect(told.filter((name, i) => told.indexOf(name) !== i)).toEqual([]);
  });

  test.each(runbooks)('$file: what it means, how to see it, what to do, how to know it is over', ({ text }) => {
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(sections);
  });
});
