import { stringify } from 'yaml';
import { type AlertGroup, alertGroups } from './alerts.ts';
import { runbookOf } from './runbooks.ts';

/** Where the runbooks are read. The chart puts its own value in the place of this one. */
export const runbookBase = 'https://square-operator.dev/runbooks';

/** The groups of a PrometheusRule, and at the same time a rules file of Prometheus. */
export function rulesFile(): string {
  return [
    '# Generated from tools/monitoring by "npm run generate". Do not edit.',
    stringify({ groups: alertGroups.map(groupOf) }, { lineWidth: 0 }),
  ].join('\n');
}

const groupOf = ({ name, recordings, alerts }: AlertGroup) => ({
  name,
  rules: [
    ...recordings.map(({ record, expression }) => ({ record, expr: expression })),
    ...alerts.map((alert) => ({
      alert: alert.name,
      expr: alert.expression,
      for: alert.for,
      labels: { severity: alert.severity },
      annotations: {
        summary: alert.summary,
        description: alert.description,
        remedy: alert.remedy,
        runbook_url: `${runbookBase}/${runbookOf(alert.runbook ?? alert.name)}`,
      },
    })),
  ],
});
