import { type ConditionType, conditionTypes } from '../../../src/api/conditions.ts';
import {
  connectionMetrics,
  countedMetrics,
  ownMetrics,
  viewMetrics,
} from '../../../src/observability/metrics-table.ts';
import { operatorRow } from './operator-row.ts';
import { falling, graph, list, type Query, type Row, rising, stat, timeline } from './panel.ts';
import {
  counted,
  firing,
  fleet,
  inAnHour,
  inDays,
  left,
  one,
  quantile,
  rate,
  since,
  troubles,
  unproven,
  until,
} from './queries.ts';

const { tokenAge, refreshTokenExpiration, nextRefresh, lastVerified, condition } = connectionMetrics;

const ages = rising(7.5, 8);
const ends = falling(0, 7);
const any = rising(1, 2);

const fleetRow: Row = {
  title: 'Fleet',
  panels: [
    stat('Connections', `sum(${viewMetrics.connections.name}{${fleet}})`),
    stat(
      'Ready',
      `count(${condition.name}{${fleet}, type="Ready", status="True"}) / count(${condition.name}{${fleet}, type="Ready"})`,
      { unit: 'percentunit', says: 'The others may wait for their seller, or be suspended.' },
    ),
    stat('Unverified', unproven, {
      steps: [
        [0, 'green'],
        [1, 'orange'],
      ],
      says: 'Square could not be asked whether the token still works. Most connections at once: an outage at Square.',
    }),
    stat('Not renewable', counted('Renewable', 'False'), { steps: any, says: 'Their sellers have to sign in again.' }),
    stat('Revoked', counted('Revoked', 'True'), { steps: any }),
    stat('Expired', counted('Expired', 'True'), { steps: any }),
    stat('Oldest token', inDays(`max(${tokenAge.name}{${fleet}})`), {
      unit: 'suffix: d',
      steps: ages,
      says: 'Tokens are renewed within 7 days.',
    }),
    stat('Next end', inDays(`min(${left(fleet)})`), {
      unit: 'suffix: d',
      steps: ends,
      says: 'Of an access token; negative: it ended so long ago.',
    }),
    graph(
      'Connections by state',
      [{ expression: `sum by (reason) (${viewMetrics.connections.name}{${fleet}})`, legend: '{{reason}}' }],
      { width: 12, stacked: true, says: 'By the reason of their condition Ready.' },
    ),
    graph(
      'Age of access tokens',
      [0.5, 0.99, 1].map((share) => ({
        expression: inDays(`quantile(${share}, ${tokenAge.name}{${fleet}})`),
        legend: share === 1 ? 'oldest' : `p${share * 100}`,
      })),
      { width: 12, unit: 'suffix: d', steps: ages, says: 'Tokens are renewed within 7 days.' },
    ),
    list('What fires', firing, {
      sortBy: 'severity',
      none: 'nothing',
      says: 'The alerts of this operator, where this Prometheus evaluates them too. Each has its remedy and its runbook.',
    }),
    list('What is not as it should be', troubles, {
      sortBy: 'name',
      says: '"kubectl square status NAME -n NAMESPACE" says why and what to do. Connections that wait for their seller are not Ready.',
    }),
    list(
      'Oldest access tokens',
      `topk(20, max by (namespace, name, application, environment) (${inDays(`${tokenAge.name}{${fleet}}`)}))`,
      { unit: 'suffix: d', value: 'age' },
    ),
    graph('Refreshes in an hour', [inAnHour(countedMetrics.refresh, 'result, reason')], { width: 12 }),
    graph('Verifications in an hour', [inAnHour(countedMetrics.verify, 'result, reason')], { width: 12 }),
    graph('Revocations asked of Square in an hour', [inAnHour(countedMetrics.revoke, 'result, reason')], {
      width: 12,
    }),
  ],
};

const applicationRow: Row = {
  title: 'Applications and Square',
  panels: [
    list(
      'Applications',
      `max by (application, environment, status, reason) (${viewMetrics.applicationCondition.name}{${fleet}, type="Ready"})`,
      { sortBy: 'application' },
    ),
    graph('Calls to Square', [rate(countedMetrics.apiRequests, 'operation, code')], { width: 12, unit: 'ops' }),
    graph('Answers of Square take', [quantile(0.99, countedMetrics.apiDuration, 'operation')], { unit: 's' }),
    graph('Connections that wait for their budget', [
      { expression: `max by (application) (${viewMetrics.budgetWaiting.name}{${fleet}})`, legend: '{{application}}' },
    ]),
    graph('Calls a second that are allowed', [
      { expression: `max by (application) (${viewMetrics.budgetRate.name}{${fleet}})`, legend: '{{application}}' },
    ]),
    graph('Sign-ins in an hour', [inAnHour(countedMetrics.signIns, 'result')]),
    graph('Webhooks in an hour', [inAnHour(countedMetrics.webhooks, 'result')]),
    graph('Local clock ahead of Square’s', [{ expression: ownMetrics.clockSkew.name, legend: '{{instance}}' }], {
      unit: 's',
      below: true,
    }),
  ],
};

const typesOf = (polarity: 'positive' | 'negative') =>
  (Object.keys(conditionTypes) as ConditionType[]).filter((type) => conditionTypes[type].polarity === polarity);

/** What the line of a condition is made of: its statuses as numbers, which have other colours where True is bad. */
const statuses: readonly (readonly [number, string, 'green' | 'orange' | 'red'])[] = [
  [1, 'True', 'green'],
  [2, 'False', 'red'],
  [3, 'Unknown', 'orange'],
  [4, 'True', 'red'],
  [5, 'False', 'green'],
];

/** Each condition is one line, whatever its status is at a time. */
function conditionLines(): Query[] {
  const lines = (polarity: 'positive' | 'negative', numbers: readonly [number, string][]) => ({
    legend: '{{type}}',
    expression: numbers
      .map(
        ([number, status]) =>
          `${number} * max by (type) (${condition.name}{${one}, type=~"${typesOf(polarity).join('|')}", status="${status}"})`,
      )
      .join(' or '),
  });
  return [
    lines('positive', [
      [1, 'True'],
      [2, 'False'],
      [3, 'Unknown'],
    ]),
    lines('negative', [
      [4, 'True'],
      [5, 'False'],
      [3, 'Unknown'],
    ]),
  ];
}

const connectionRow: Row = {
  title: 'One connection: $namespace/$connection',
  panels: [
    stat('Ready', `count(${condition.name}{${one}, type="Ready", status="True"}) or vector(0)`, {
      width: 4,
      called: { 0: ['no', 'red'], 1: ['yes', 'green'] },
    }),
    stat('Age of the access token', inDays(`max(${tokenAge.name}{${one}})`), {
      width: 4,
      unit: 'suffix: d',
      steps: ages,
      none: 'no token',
      says: 'Tokens are renewed within 7 days.',
    }),
    stat('It ends in', inDays(`max(${left(one)})`), {
      width: 4,
      unit: 'suffix: d',
      steps: ends,
      none: 'never',
      says: 'Negative: ended so long ago.',
    }),
    stat('Next refresh in', `max(${until(nextRefresh, one)})`, {
      width: 4,
      unit: 's',
      none: 'none planned',
      says: 'Negative: due since then.',
    }),
    stat('Checked ago', `max(${since(lastVerified, one)})`, {
      width: 4,
      unit: 's',
      none: 'not yet',
      says: 'When Square last accepted or refused the token.',
    }),
    stat('Refresh token ends in', inDays(`max(${until(refreshTokenExpiration, one)})`), {
      width: 4,
      unit: 'suffix: d',
      steps: falling(0, 14),
      none: 'never',
      says: 'Only those of the PKCE flow end.',
    }),
    timeline('Conditions', conditionLines(), {
      called: Object.fromEntries(statuses.map(([number, text, color]) => [number, [text, color]])),
    }),
    graph('Age of the access token', [{ expression: inDays(`max(${tokenAge.name}{${one}})`), legend: 'age' }], {
      unit: 'suffix: d',
      steps: ages,
      width: 24,
    }),
  ],
};

/** The dashboard, from top to bottom. */
export const rows: readonly Row[] = [fleetRow, applicationRow, connectionRow, operatorRow];
