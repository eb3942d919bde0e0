import { runbookBase } from '../../../tools/monitoring/rules.ts';
import { application, connection, connections, days, operator, type SeriesOf, series, without } from './series.ts';

export interface Scenario {
  readonly title: string;
  /** From the beginning. */
  readonly hours: number;
  /** Beside those of a healthy operator, or in their place. */
  readonly series: SeriesOf;
  /** `{alertname="…", name="…"}` of everything that fires. */
  readonly firing: readonly string[];
  /** What a person reads. */
  readonly reads?: readonly {
    readonly alert: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

const about = (alert: string, name = 'bakery') => `{alertname="${alert}", name="${name}"}`;
const alone = (alert: string) => `{alertname="${alert}"}`;
const own = { job: 'operator', instance: 'a' };

const leader = (target: Readonly<Record<string, string>>, value: number | string) =>
  series('leader_election_master_status', { name: 'square-operator', ...own, ...target }, value);
const absentIn = (namespace: string) => ({
  alert: 'SquareOperatorAbsent',
  labels: { namespace, severity: 'critical' },
  annotations: {
    summary: `No replica of square-operator holds the lease in namespace ${namespace}`,
    description:
      'Nothing is renewed, and no other alert about connections can fire. Tokens go on working until they end, so there are days, not minutes.',
    remedy: `kubectl get pods,lease -n ${namespace}`,
    runbook_url: `${runbookBase}/operator.md#squareoperatorabsent`,
  },
});

const healthyFleet = connections(12, { name: 'well' });
const noOperator = Object.fromEntries(Object.keys(operator).map((key) => [key, '_xscrapes']));
const aged = (age: number) => ({ age: days(age), nextIn: 600 });
const dead = { Ready: 'False', Valid: 'False' };
const unproven = { conditions: { Valid: 'Unknown' } };

/** Each is true of single ones and of many; the others of the fleet are well. */
const ofConnections = [
  ['SquareTokenAging', 1, aged(7.6)],
  ['SquareTokenTooOld', 1, aged(8.1)],
  ['SquareTokenEndsSoon', 1, aged(23.5)],
  ['SquareTokenExpired', 1, { ...aged(31), conditions: { ...dead, Expired: 'True', Stalled: 'True' } }],
  ['SquareConnectionRevoked', 1, { conditions: { ...dead, Revoked: 'True', Stalled: 'True' } }],
  ['SquareTokenRejected', 1, { conditions: { ...dead, Revoked: 'Unknown', Stalled: 'True' } }],
  ['SquareReauthorizationNeeded', 1, { conditions: { Renewable: 'False' } }],
  ['SquareTokenUnverified', 4, unproven],
  ['SquareTokenNotPublished', 1, { conditions: { Ready: 'False', Published: 'False', Stalled: 'True' } }],
  ['SquareConnectionStalled', 1, { conditions: { Ready: 'False', Valid: 'Unknown', Stalled: 'True' } }],
  ['SquareScopesMissing', 1, { conditions: { ScopesSatisfied: 'False' } }],
] as const;

export const scenarios: readonly Scenario[] = [
  { title: 'nothing fires while all is well', hours: 25, series: healthyFleet, firing: [] },
  {
    title: 'a connection that waits for its seller is no alarm',
    hours: 25,
    series: without(
      connection({
        conditions: {
          Ready: 'False',
          Valid: 'Unknown',
          Expired: 'Unknown',
          Revoked: 'Unknown',
          Renewable: 'Unknown',
          Published: 'False',
          ScopesSatisfied: 'Unknown',
        },
      }),
      '_seconds{',
    ),
    firing: [],
  },
  ...ofConnections.map(
    ([alert, hours, looks]): Scenario => ({
      title: `${alert}: one connection`,
      hours,
      series: { ...healthyFleet, ...connection(looks) },
      firing: [about(alert)],
    }),
  ),
  ...ofConnections.map(
    ([alert, hours, looks]): Scenario => ({
      title: `${alert}: eleven connections are one page`,
      hours,
      series: { ...healthyFleet, ...connections(11, looks) },
      firing: [alone(`${alert}ForMany`)],
    }),
  ),
  {
    title: 'a token that is renewed when it is due does not age',
    hours: 1,
    series: connection({ age: days(7.4), nextIn: 0 }),
    firing: [],
  },
  {
    title: 'a token of a day is not near its end before its last hours',
    hours: 1,
    series: connection({ age: days(0.8), lifetime: days(1), nextIn: 0 }),
    firing: [],
  },
  {
    title: 'a token of a day in its last hours',
    hours: 1,
    series: connection({ age: days(0.85), lifetime: days(1), nextIn: 600 }),
    firing: [about('SquareTokenEndsSoon')],
  },
  {
    title: 'the 90 days of a refresh token end',
    hours: 1,
    series: connection({ refreshTokenLeft: days(13) }),
    firing: [about('SquareRefreshTokenEnds')],
  },
  {
    title: 'the 90 days of many refresh tokens end',
    hours: 1,
    series: connections(11, { refreshTokenLeft: days(13) }),
    firing: [alone('SquareRefreshTokenEndsForMany')],
  },
  {
    title: 'an outage at Square is one page and not a hundred',
    hours: 4,
    series: { ...connections(100, { ...unproven, age: days(9), nextIn: 600 }), ...connections(2, { name: 'well' }) },
    firing: [alone('SquareUnreachable')],
    reads: [
      {
        alert: 'SquareUnreachable',
        labels: { environment: 'Production', severity: 'critical' },
        annotations: {
          summary: 'Square (Production) cannot be asked: 98.04% of the connections are unverified',
          description:
            'For two verifications in a row Square gave no usable answer about most connections. Tokens and Secrets stay as they are and go on working; none can be renewed until it is over. What single connections suffer by it is not told besides.',
          remedy: 'kubectl square status -A',
          runbook_url: `${runbookBase}/square-unreachable.md#squareunreachable`,
        },
      },
    ],
  },
  {
    title: 'an outage of the Sandbox hides nothing of Production',
    hours: 1,
    series: {
      ...connections(20, { ...unproven, name: 'sand', environment: 'Sandbox', application: 'shop/test' }),
      ...healthyFleet,
      ...connection(aged(8.1)),
    },
    firing: [alone('SquareUnreachable'), about('SquareTokenTooOld')],
  },
  {
    title: 'many tokens that ended in an outage are two pages',
    hours: 1,
    series: {
      ...connections(60, { ...unproven, age: days(20), nextIn: 600 }),
      ...connections(20, { name: 'x', ...aged(31), conditions: { ...dead, Expired: 'True' } }),
    },
    firing: [alone('SquareUnreachable'), alone('SquareTokenExpiredForMany')],
  },
  {
    title: 'a fault of the application stands for its connections',
    hours: 1,
    series: { ...connections(100, aged(9)), ...application('ClientRefused', 'False') },
    firing: [alone('SquareApplicationFault')],
    reads: [
      {
        alert: 'SquareApplicationFault',
        labels: { application: 'shop/pos', environment: 'Production', reason: 'ClientRefused', severity: 'critical' },
        annotations: {
          summary: 'Square application shop/pos cannot be used: ClientRefused',
          description:
            'No connection of the application can be renewed, and no seller can sign in, until it is mended. Tokens go on working until they end. RefreshTokensRefused: only refresh tokens given before the fault are held back; newer ones are renewed, and sellers can sign in.',
          remedy: 'kubectl describe squareapplication -n shop pos',
          runbook_url: `${runbookBase}/application.md#squareapplicationfault`,
        },
      },
    ],
  },
  {
    title: 'an application that Square disabled is no outage at Square',
    hours: 5,
    series: { ...connections(9, unproven), ...application('ClientDisabled', 'False') },
    firing: [alone('SquareApplicationFault')],
  },
  {
    title: 'nor does it hide one that others suffer from',
    hours: 5,
    series: {
      ...connections(30, unproven),
      ...application('ClientDisabled', 'False'),
      ...connections(5, { ...unproven, name: 'x', application: 'shop/other' }),
    },
    firing: [alone('SquareApplicationFault'), alone('SquareUnreachable')],
  },
  {
    title: 'what a person reads of one token',
    hours: 1,
    series: connection(aged(8.1)),
    firing: [about('SquareTokenTooOld')],
    reads: [
      {
        alert: 'SquareTokenTooOld',
        labels: {
          namespace: 'shop',
          name: 'bakery',
          application: 'shop/pos',
          environment: 'Production',
          severity: 'critical',
        },
        annotations: {
          summary: 'Square connection shop/bakery has an access token older than 8 days',
          description:
            'The renewal has failed for more than a day. The token works until its end, 30 days after its issue; then workloads are refused by Square.',
          remedy: 'kubectl square status bakery -n shop',
          runbook_url: `${runbookBase}/not-renewed.md#squaretokentooold`,
        },
      },
    ],
  },
  {
    title: 'what a person reads of many tokens',
    hours: 1,
    series: connections(24, aged(8.1)),
    firing: [alone('SquareTokenTooOldForMany')],
    reads: [
      {
        alert: 'SquareTokenTooOldForMany',
        labels: { application: 'shop/pos', environment: 'Production', severity: 'critical' },
        annotations: {
          summary: '24 connections of Square application shop/pos have access tokens older than 8 days',
          description:
            'So many at once have one cause. The renewal has failed for more than a day. The token works until its end, 30 days after its issue; then workloads are refused by Square.',
          remedy: 'kubectl square list -A',
          runbook_url: `${runbookBase}/not-renewed.md#squaretokentooold`,
        },
      },
    ],
  },
  ...(
    [
      ['revoked long ago', { ...dead, Revoked: 'True', Stalled: 'True' }, 'SquareConnectionRevoked'],
      ['rejected long ago', { ...dead, Revoked: 'Unknown', Stalled: 'True' }, 'SquareTokenRejected'],
    ] as const
  ).flatMap(([what, conditions, alert]) =>
    [7.6, 9, 24, 40].map((age) => ({
      title: `of a token that was ${what} nothing else is told: ${age} days`,
      hours: 1,
      series: { ...healthyFleet, ...connection({ ...aged(age), conditions, refreshTokenLeft: days(1) }) },
      firing: [about(alert)],
    })),
  ),
  ...[7.6, 9].map((age) => ({
    title: `only its seller can renew a token of ${age} days`,
    hours: 1,
    series: connection({ ...aged(age), conditions: { Renewable: 'False' } }),
    firing: [about('SquareReauthorizationNeeded')],
  })),
  {
    title: 'a seller who does not sign in again, and whose token ends soon',
    hours: 1,
    series: connection({ ...aged(24), conditions: { Renewable: 'False' } }),
    firing: [about('SquareReauthorizationNeeded'), about('SquareTokenEndsSoon')],
  },
  {
    title: 'the token of a suspended connection ages as somebody wants it',
    hours: 1,
    series: connection({ age: days(9), suspended: true, conditions: { Ready: 'False' } }),
    firing: [],
  },
  {
    title: 'but that it ends is told',
    hours: 1,
    series: connection({ age: days(24), suspended: true, conditions: { Ready: 'False' } }),
    firing: [about('SquareTokenEndsSoon')],
  },
  {
    title: 'a personal access token has no age',
    hours: 4,
    series: without(
      without(connection({ application: '', conditions: { Valid: 'Unknown' } }), 'token_'),
      'next_refresh',
    ),
    firing: [alone('SquareUnreachable')],
  },
  {
    title: 'Square limits an application',
    hours: 2,
    series: application('RateLimited', 'True'),
    firing: [alone('SquareApplicationRateLimited')],
  },
  {
    title: 'few authorizations are left',
    hours: 2,
    series: application('AuthorizationsNearLimit', 'True'),
    firing: [alone('SquareAuthorizationsNearLimit')],
  },
  { title: 'no operator is there', hours: 1, series: noOperator, firing: [alone('SquareOperatorAbsent')] },
  {
    title: 'replicas are there and none leads',
    hours: 1,
    series: series('leader_election_master_status', { name: 'square-operator', ...own }, 0),
    firing: [alone('SquareOperatorAbsent')],
  },
  {
    title: 'of two installations one has none that leads',
    hours: 2,
    series: { ...leader({ namespace: 'first' }, 1), ...leader({ namespace: 'second' }, 0), ...noOperator },
    firing: [alone('SquareOperatorAbsent')],
    reads: [absentIn('second')],
  },
  {
    title: 'of two installations one is gone with all that it told',
    hours: 2,
    series: { ...leader({ namespace: 'first' }, 1), ...leader({ namespace: 'second' }, '1+0x4 _x20'), ...noOperator },
    firing: [alone('SquareOperatorAbsent')],
    reads: [absentIn('second')],
  },
  {
    title: 'the one installation of which the namespace is known is gone for more than a day',
    hours: 26,
    series: { ...leader({ namespace: 'first' }, '1+0x4 _xscrapes'), ...noOperator },
    firing: [alone('SquareOperatorAbsent')],
  },
  {
    title: 'two installations of which one has just handed its lease on, and been scraped under another name',
    hours: 2,
    series: {
      ...leader({ namespace: 'first', job: 'old' }, '1+0x18 _x20'),
      ...leader({ namespace: 'first', job: 'new' }, '_x18 1+0x6'),
      ...leader({ namespace: 'second' }, 1),
      ...noOperator,
    },
    firing: [],
  },
  {
    title: 'a watch is silent',
    hours: 1,
    series: series(
      'square_operator_watch_last_event_timestamp_seconds',
      { ...own, resource: 'secrets' },
      '0+0xscrapes',
    ),
    firing: [alone('SquareOperatorDeaf')],
  },
  {
    title: 'a pass goes on and on',
    hours: 1,
    series: series('workqueue_longest_running_processor_seconds', { ...own, name: 'connection' }, 400),
    firing: [about('SquareOperatorStuck', 'connection')],
  },
  {
    title: 'refreshes are overdue',
    hours: 1,
    series: { ...healthyFleet, ...connections(20, { nextIn: -4_000 }) },
    firing: [alone('SquareRefreshesOverdue')],
  },
  {
    title: 'passes fail',
    hours: 1,
    series: series('controller_runtime_reconcile_errors_total', { ...own, controller: 'connection' }, '0+2xscrapes'),
    firing: [alone('SquareOperatorErrors')],
  },
  {
    title: 'the outcome of a rotation is in doubt',
    hours: 1,
    series: series('square_operator_rotation_in_doubt', own, 2),
    firing: [alone('SquareRotationInDoubt')],
  },
  {
    title: 'the clock is wrong',
    hours: 1,
    series: series('square_api_clock_skew_seconds', own, -400),
    firing: [alone('SquareClockSkew')],
  },
  {
    title: 'records need a key that is gone, and no others',
    hours: 1,
    series: {
      ...series('square_operator_sealed_records', { ...own, key_id: 'gone' }, 5),
      ...series('square_operator_sealed_records', { ...own, key_id: 'there' }, 5),
      ...series('square_operator_sealing_keys', { ...own, key_id: 'there', state: 'Active' }, 1),
    },
    firing: [alone('SquareSealingKeyMissing')],
  },
  {
    title: 'a retired key is needed for a day',
    hours: 25,
    series: {
      ...series('square_operator_sealed_records', { ...own, key_id: 'old' }, 5),
      ...series('square_operator_sealing_keys', { ...own, key_id: 'old', state: 'Retired' }, 1),
    },
    firing: [alone('SquareSealingKeyStillNeeded')],
  },
  {
    title: 'the keys lie in the cluster',
    hours: 2,
    series: series('square_operator_sealing_key_in_cluster', own, 1),
    firing: [alone('SquareSealingKeysInCluster')],
  },
  {
    title: 'a replica is started again and again, and leads in between',
    hours: 2,
    series: {
      ...series('process_start_time_seconds', own, '0+600x24'),
      ...series(
        'leader_election_master_status',
        { name: 'square-operator', ...own },
        '1 _ 1 1 _ 1 1 _ 1 1 _ 1 1 _ 1 1 _ 1 1 _ 1 1 _ 1',
      ),
    },
    firing: [alone('SquareOperatorRestarting')],
  },
  {
    title: 'an upgrade is no restart of a replica',
    hours: 1,
    series: {
      ...series('process_start_time_seconds', own, '100+0x4 _x8'),
      ...series('process_start_time_seconds', { job: 'operator', instance: 'c' }, '_x5 400+0x7'),
      ...series('square_operator_build_info', { job: 'operator', instance: 'c' }, '_x5 1+0x7'),
    },
    firing: [],
  },
  {
    title: 'webhooks are refused',
    hours: 1,
    series: series('square_webhook_deliveries_total', { ...own, result: 'refused' }, '0+1xscrapes'),
    firing: [alone('SquareWebhooksRefused')],
  },
];
