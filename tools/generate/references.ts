import { applicationReasons, conditionTypes, reasons } from '../../src/api/conditions.ts';
import { environmentName, type Setting, settings } from '../../src/config.ts';
import { metricsTable } from '../../src/observability/metrics-table.ts';
import { runbookOf } from '../monitoring/runbooks.ts';
import type { Artifact } from './artifact.ts';
import { chartValueOf } from './chart.ts';
import { code, page, table } from './markdown.ts';

/** The reference of the settings. */
export function settingsReference(): Artifact[] {
  const all = Object.entries(settings) as [keyof typeof settings, Setting<unknown>][];
  const rows = all.map(([property, setting]) => {
    const value = chartValueOf(property);
    return [
      code(`--${setting.name}`),
      code(environmentName(setting)),
      value === undefined ? '' : code(value),
      setting.kind.word,
      setting.default === undefined ? '' : code(setting.default),
      setting.help,
    ];
  });
  const text = page(
    'src/config.ts',
    '# Settings',
    'A flag wins over its environment variable; an empty text counts as not given. Where no value of the chart stands, the chart decides by itself.',
    table(['Flag', 'Environment variable', 'Value of the chart', 'Value', 'Default', 'Meaning'], rows),
  );
  return [{ path: 'docs/reference/settings.md', text }];
}

/** The reference of condition types and reasons. */
export function conditionsReference(): Artifact[] {
  const types = Object.entries(conditionTypes).map(([type, { polarity, says }]) => [
    code(type),
    polarity === 'positive' ? 'True is good' : 'True is bad',
    says,
  ]);
  const rows = (entries: Readonly<Record<string, { means: string; remedy: string }>>) =>
    Object.entries(entries).map(([reason, { means, remedy }]) => [
      code(reason),
      means,
      remedy,
      remedy === '' ? '' : `[runbook](../runbooks/${runbookOf(reason)})`,
    ]);
  const head = ['Reason', 'What is so', 'What to do', ''];
  const text = page(
    'src/api/conditions.ts',
    '# Conditions and reasons',
    '## SquareConnection',
    table(['Condition', '', 'Meaning'], types),
    table(head, rows(reasons)),
    '## SquareApplication',
    `The conditions are ${code('Ready')} and, with the same words, ${code('Stalled')}: a person has to change something. It is absent when not, also while the client secret is only not there yet.`,
    table(head, rows(applicationReasons)),
  );
  return [{ path: 'docs/reference/conditions.md', text }];
}

/** The reference of the metrics. */
export function metricsReference(): Artifact[] {
  const rows = metricsTable.map(({ name, type, help, labels }) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ]);
  const text = page(
    'src/observability/metrics-table.ts',
    '# Metrics',
    'Series of connections come from the replica that holds the lease, and go with their connection.',
    table(['Metric', 'Type', 'Labels', 'Meaning'], rows),
  );
  return [{ path: 'docs/reference/metrics.md', text }];
}
