import { applicationReasons, reasons } from '../../src/api/conditions.ts';
import { alertGroups } from '../monitoring/alerts.ts';
import { dashboard } from '../monitoring/dashboard/dashboard.ts';
import { rulesFile } from '../monitoring/rules.ts';
import { index, runbookOf, runbooks } from '../monitoring/runbooks.ts';
import type { Artifact } from './artifact.ts';
import { code, page, table } from './markdown.ts';

/** The alerts, for the chart. */
export function alertRules(): Artifact[] {
  return [{ path: 'charts/square-operator/files/alerts.yaml', text: rulesFile() }];
}

/** The dashboard, for the chart. */
export function grafanaDashboard(): Artifact[] {
  const text = `${JSON.stringify(dashboard(), null, 2)}\n`;
  return [{ path: 'charts/square-operator/files/dashboard.json', text }];
}

/** The first page of the runbooks: every alert and every reason with the section that tells of it. */
export function runbookIndex(): Artifact[] {
  const known = new Set(runbooks.flatMap(({ names }) => names));
  const link = (name: string) => `[${name}](${runbookOf(name)})`;
  const rows = (entries: Readonly<Record<string, { means: string }>>) =>
    Object.entries(entries)
      .filter(([reason]) => known.has(reason))
      .map(([reason, { means }]) => [link(reason), means]);
  const alerts = alertGroups.flatMap((group) =>
    group.alerts
      .filter(({ runbook }) => runbook === undefined)
      .map(({ name, severity, for: after, description }) => [link(name), severity, code(after), description]),
  );
  const text = page(
    'docs/runbooks and tools/monitoring',
    '# Runbooks',
    `What to do, by the name of the alert, or by the reason that ${code('kubectl square status')} or a condition shows. The examples are about connection ${code('bakery')} of application ${code('pos')} in namespace ${code('shop')}; the operator is in ${code('square-operator')}.`,
    table(
      ['', 'About'],
      runbooks.map(({ file, title, names }) => [`[${title}](${file})`, names.map(code).join(' ')]),
    ),
    '## Alerts',
    `critical: now; warning: in working hours; info: when you look. More than ten connections of an application are told of together, of what only their sellers can mend those who came to it at once, by the same name with ${code('ForMany')}.`,
    table(['Alert', 'Severity', 'After', 'What is so'], alerts),
    '## Reasons of a SquareConnection',
    table(['Reason', 'What is so'], rows(reasons)),
    '## Reasons of a SquareApplication',
    table(['Reason', 'What is so'], rows(applicationReasons)),
  );
  return [{ path: `docs/runbooks/${index}`, text }];
}
