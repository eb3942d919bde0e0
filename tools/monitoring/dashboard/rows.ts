import { leaseName } from '../../../src/api/names.ts';
import {
  connectionMetrics,
  countedMetrics,
  ownMetrics,
  viewMetrics,
} from '../../../src/observability/metrics-table.ts';
import { days } from '../promql.ts';
import { graph, list, type Query, type Row, stat, timeline } from './panel.ts';

const { tokenAge, tokenIssued, tokenExpiration, refreshTokenExpiration, nextRefresh, lastVerified, condition } =
  connectionMetrics;

/** What the variables at the head of the dashboard pick out. */
const fleet = 'environment=~"$environment", application=~"$application"';
const one = 'namespace="$namespace", name="$connection"';

const rate = (metric: { readonly name: string }, by: string): Query => ({
  expression: `sum by (${by}) (rate(${metric.name}[$__rate_interval]))`,
  legend: by
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' '),
});

const quantile = (share: number, metric: { readonly name: string }, by = ''): Query => ({
  expression: `histogram_quantile(${share}, sum by (${['le', ...(by === '' ? [] : [by])].join(', ')}) (rate(${metric.name}_bucket[$__rate_interval])))`,
  legend: by === '' ? `p${share * 100}` : `{{${by}}} p${share * 100}`,
});

/** Of series of well-known names: those of the operator. */
const operators = (expression: string) =>
  `${expression} * on (job, instance) group_left () max by (job, instance) (${ownMetrics.buildInfo.name})`;

const left = (labels: string) => `${tokenExpiration.name}{${labels}} - ${tokenIssued.name} - ${tokenAge.name}`;
const square = (labels: string) => `${tokenIssued.name}{${labels}} + ${tokenAge.name}`;

const ages = [days(7.5), days(8)] as const;
const any = [1, 2] as const;

const fleetRow: Row = {
  title: 'Fleet',
  panels: [
    stat('Connections', `sum(${viewMetrics.connections.name}{${fleet}})`),
    stat(
      'Ready',
      `count(${condition.name}{${fleet}, type="Ready", status="True"}) / count(${condition.name}{${fleet}, type="Ready"})`,
      { unit: 'percentunit' },
    ),
    stat('Revoked', `count(${condition.name}{${fleet}, type="Revoked", status="True"}) or vector(0)`, { bounds: any }),
    stat('Expired', `count(${condition.name}{${fleet}, type="Expired", status="True"}) or vector(0)`, { bounds: any }),
    stat('Oldest access token', `max(${tokenAge.name}{${fleet}})`, { unit: 's', bounds: ages }),
    stat('Next end of a token in', `min(${left(fleet)})`, { unit: 's' }),
    graph(
      'Connections by state',
      [{ expression: `sum by (reason) (${viewMetrics.connections.name}{${fleet}})`, legend: '{{reason}}' }],
      { width: 12, says: 'By the reason of their condition Ready.' },
    ),
    graph(
      'Age of access tokens',
      [0.5, 0.99, 1].map((share) => ({
        expression: `quantile(${share}, ${tokenAge.name}{${fleet}})`,
        legend: share === 1 ? 'oldest' : `p${share * 100}`,
      })),
      { width: 12, unit: 's', bounds: ages, says: 'Tokens are renewed within 7 days.' },
    ),
    list(
      'Not ready',
      `max by (namespace, name, application, environment) (${condition.name}{${fleet}, type="Ready", status="False"})`,
    ),
    list(
      'Oldest access tokens',
      `topk(20, max by (namespace, name, application, environment) (${tokenAge.name}{${fleet}}))`,
      {
        unit: 's',
      },
    ),
    graph('Refreshes', [rate(countedMetrics.refresh, 'result, reason')], { unit: 'ops' }),
    graph('Verifications', [rate(countedMetrics.verify, 'result, reason')], { unit: 'ops' }),
    graph('Revocations asked of Square', [rate(countedMetrics.revoke, 'result, reason')], { unit: 'ops' }),
  ],
};

const applicationRow: Row = {
  title: 'Applications and Square',
  panels: [
    list(
      'Applications',
      `max by (application, environment, status, reason) (${viewMetrics.applicationCondition.name}{${fleet}, type="Ready"})`,
    ),
    graph('Calls to Square', [rate(countedMetrics.apiRequests, 'operation, code')], { width: 12, unit: 'ops' }),
    graph('Answers of Square take', [quantile(0.99, countedMetrics.apiDuration, 'operation')], { unit: 's' }),
    graph('Connections that wait for their budget', [
      { expression: `max by (application) (${viewMetrics.budgetWaiting.name}{${fleet}})`, legend: '{{application}}' },
    ]),
    graph('Calls a second that are allowed', [
      { expression: `max by (application) (${viewMetrics.budgetRate.name}{${fleet}})`, legend: '{{application}}' },
    ]),
    graph('Sign-ins', [rate(countedMetrics.signIns, 'result')], { unit: 'ops' }),
    graph('Webhooks', [rate(countedMetrics.webhooks, 'result')], { unit: 'ops' }),
    graph('Local clock ahead of Square’s', [{ expression: ownMetrics.clockSkew.name, legend: '{{instance}}' }], {
      unit: 's',
    }),
  ],
};

const connectionRow: Row = {
  title: 'One connection: $namespace/$connection',
  panels: [
    stat('Age of the access token', `max(${tokenAge.name}{${one}})`, { unit: 's', bounds: ages }),
    stat('It ends in', `max(${left(one)})`, { unit: 's' }),
    stat('Next refresh in', `max(${nextRefresh.name}{${one}} - ${tokenIssued.name} - ${tokenAge.name})`, { unit: 's' }),
    stat('Verified ago', `max(${square(one)} - ${lastVerified.name})`, { unit: 's' }),
    stat(
      'Refresh token ends in',
      `max(${refreshTokenExpiration.name}{${one}} - ${tokenIssued.name} - ${tokenAge.name})`,
      { unit: 's', says: 'Only those of the PKCE flow end.' },
    ),
    stat('Not ready', `count(${condition.name}{${one}, type="Ready", status="False"}) or vector(0)`, { bounds: any }),
    timeline('Conditions', [
      { expression: `max by (type, status) (${condition.name}{${one}})`, legend: '{{type}}: {{status}}' },
    ]),
    graph('Age of the access token', [{ expression: `max(${tokenAge.name}{${one}})`, legend: 'age' }], {
      unit: 's',
      bounds: ages,
      width: 24,
    }),
  ],
};

const operatorRow: Row = {
  title: 'Operator',
  panels: [
    list('Replicas', `max by (instance, version, node_version) (${ownMetrics.buildInfo.name})`, { width: 8 }),
    graph('Holder of the lease', [
      { expression: `${ownMetrics.leader.name}{name="${leaseName}"}`, legend: '{{instance}}' },
    ]),
    graph(
      'Silence of watches',
      [{ expression: `time() - ${ownMetrics.watchLastEvent.name}`, legend: '{{instance}} {{resource}}' }],
      { unit: 's', bounds: [150, 300] },
    ),
    stat('Rotations in doubt', `sum(${ownMetrics.rotationInDoubt.name})`, { bounds: any }),
    stat('Retained grants', `max(${viewMetrics.retainedGrants.name})`),
    stat('Sealing keys in the cluster', `max(${ownMetrics.keyInCluster.name})`),
    list('Sealing keys', `max by (key_id, state) (${viewMetrics.sealingKeys.name})`, { width: 6 }),
    list('Sealed records', `max by (key_id) (${viewMetrics.sealedRecords.name})`, { width: 6 }),
    graph('Waiting keys', [{ expression: operators(ownMetrics.queueDepth.name), legend: '{{instance}} {{name}}' }]),
    graph(
      'Longest work in hand',
      [{ expression: operators(ownMetrics.queueLongest.name), legend: '{{instance}} {{name}}' }],
      { unit: 's' },
    ),
    graph(
      'Keys wait',
      [
        {
          expression: `histogram_quantile(0.99, sum by (le, name) (${operators(`rate(${countedMetrics.queueWait.name}_bucket[$__rate_interval])`)}))`,
          legend: '{{name}} p99',
        },
      ],
      { unit: 's' },
    ),
    graph(
      'Passes',
      [
        {
          expression: `sum by (controller, result) (${operators(`rate(${countedMetrics.reconciles.name}[$__rate_interval])`)})`,
          legend: '{{controller}} {{result}}',
        },
      ],
      { unit: 'ops' },
    ),
    graph(
      'Passes take',
      [
        {
          expression: `histogram_quantile(0.99, sum by (le, controller) (${operators(`rate(${countedMetrics.reconcileTime.name}_bucket[$__rate_interval])`)}))`,
          legend: '{{controller}} p99',
        },
      ],
      { unit: 's' },
    ),
    graph('Answers reach the disk within', [quantile(0.99, countedMetrics.journalDuration)], { unit: 's' }),
    graph(
      'CPU',
      [{ expression: operators(`rate(${ownMetrics.cpuSeconds.name}[$__rate_interval])`), legend: '{{instance}}' }],
      { unit: 'percentunit' },
    ),
    graph(
      'Memory',
      [
        { expression: operators(ownMetrics.residentMemory.name), legend: '{{instance}} resident' },
        { expression: operators(ownMetrics.heapUsed.name), legend: '{{instance}} heap' },
      ],
      { unit: 'bytes' },
    ),
    graph('Event loop', [{ expression: operators(ownMetrics.loopUtilization.name), legend: '{{instance}} busy' }], {
      unit: 'percentunit',
    }),
  ],
};

/** The dashboard, from top to bottom. */
export const rows: readonly Row[] = [fleetRow, applicationRow, connectionRow, operatorRow];
