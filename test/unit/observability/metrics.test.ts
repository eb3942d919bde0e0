import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { metricsTable } from '../../../src/observability/metrics-table.ts';
import type { ConnectionSeries, OperatorView } from '../../../src/observability/port.ts';
import { testUnless } from '../../support/needs.ts';
import { lackOf, promtool } from '../../support/promtool.ts';
import { parseExposition, type Series } from './exposition.ts';

const now = Date.UTC(2026, 6, 1);

const aConnection = (fields: Partial<ConnectionSeries> = {}): ConnectionSeries => ({
  namespace: 'shop',
  name: 'bakery',
  application: 'platform/pos',
  environment: 'Production',
  personalAccessToken: false,
  suspended: false,
  issuedAt: now - minutes(10),
  expiresAt: now + minutes(20),
  nextRefreshAt: now + minutes(5),
  lastVerifiedAt: now - seconds(30),
  conditions: [
    ['Ready', 'True'],
    ['Revoked', 'False'],
  ],
  ...fields,
});

const aView = (fields: Partial<OperatorView> = {}): OperatorView => ({
  connections: () => [aConnection()],
  states: () => [{ application: 'platform/pos', environment: 'Production', reason: 'Valid', count: 7 }],
  applications: () => [
    { application: 'platform/pos', environment: 'Production', type: 'Ready', status: 'False', reason: 'ClientRefused' },
  ],
  sealingKeys: () => [['key-1', 'Active']],
  sealedRecords: () => [['key-1', 4]],
  retainedGrants: () => 2,
  budgets: () => [{ application: 'platform/pos', environment: 'Production', rate: 50, waiting: 3 }],
  rotationsInDoubt: () => 1,
  watches: () => [['secrets', now - 500]],
  ...fields,
});

function create(view: Partial<OperatorView> = {}, isLeader = () => true) {
  return createMetrics({
    view: aView(view),
    isLeader,
    now: () => now,
    leaseName: 'square-operator',
    version: '1.2.3',
  });
}

async function textOf(metrics: ReturnType<typeof create>): Promise<string> {
  let text = '';
  for await (const piece of metrics.scrape()) text += piece;
  return text;
}

async function scrape(metrics: ReturnType<typeof create>) {
  const families = parseExposition(await textOf(metrics));
  return (name: string): readonly Series[] => families.get(name)?.series ?? [];
}

const bakery = { namespace: 'shop', name: 'bakery', application: 'platform/pos', environment: 'Production' };

describe('the series of a connection', () => {
  test('are its times in seconds, the age of its token, and its conditions', async () => {
    const series = await scrape(create());
    const only = (name: string) => series(`square_connection_${name}`).map(({ labels, value }) => ({ labels, value }));
    expect(only('token_age_seconds')).toEqual([{ labels: bakery, value: 600 }]);
    expect(only('token_issued_timestamp_seconds')).toEqual([{ labels: bakery, value: now / 1_000 - 600 }]);
    expect(only('token_expiration_timestamp_seconds')).toEqual([{ labels: bakery, value: now / 1_000 + 1_200 }]);
    expect(only('next_refresh_timestamp_seconds')).toEqual([{ labels: bakery, value: now / 1_000 + 300 }]);
    expect(only('last_verified_timestamp_seconds')).toEqual([{ labels: bakery, value: now / 1_000 - 30 }]);
    expect(only('refresh_token_expiration_timestamp_seconds')).toEqual([]);
    expect(only('status_condition')).toEqual([
      { labels: { ...bakery, type: 'Ready', status: 'True' }, value: 1 },
      { labels: { ...bakery, type: 'Revoked', status: 'False' }, value: 1 },
    ]);
  });

  test('have no age without a token or for a personal access token', async () => {
    const { issuedAt: _, ...waiting } = aConnection();
    const personal = aConnection({ personalAccessToken: true });
    const series = await scrape(create({ connections: () => [waiting, { ...personal, name: 'personal' }] }));
    expect(series('square_connection_token_age_seconds')).toEqual([]);
    expect(series('square_connection_token_issued_timestamp_seconds')).toHaveLength(1);
  });

  test('say which of them are suspended', async () => {
    const suspended = aConnection({ name: 'florist', suspended: true });
    const series = await scrape(create({ connections: () => [aConnection(), suspended] }));
    const { labels, value } = series('square_connection_suspended')[0] ?? {};
    expect({ labels, value }).toEqual({ labels: { ...bakery, name: 'florist' }, value: 1 });
    expect(series('square_connection_suspended')).toHaveLength(1);
  });

  test('never have a negative age', async () => {
    const series = await scrape(create({ connections: () => [aConnection({ issuedAt: now + seconds(2) })] }));
    expect(series('square_connection_token_age_seconds')[0]?.value).toBe(0);
  });

  test('go with their object', async () => {
    const connections = [aConnection(), aConnection({ name: 'florist' })];
    const metrics = create({ connections: () => connections });
    expect((await scrape(metrics))('square_connection_token_age_seconds')).toHaveLength(2);
    connections.pop();
    expect((await scrape(metrics))('square_connection_token_age_seconds')).toHaveLength(1);
  });

  test('keep odd labels whole', async () => {
    const odd = 'a"b\\c\nd{}=,';
    const series = await scrape(
      create({ connections: () => [aConnection({ application: odd, conditions: [[odd, odd]] })] }),
    );
    expect(series('square_connection_token_age_seconds')[0]?.labels['application']).toBe(odd);
    expect(series('square_connection_status_condition')[0]?.labels).toMatchObject({ type: odd, status: odd });
  });

  test('are exported by the lease holder only', async () => {
    let leader = false;
    const metrics = create({}, () => leader);
    const status = 'leader_election_master_status';
    const before = await scrape(metrics);
    expect(before('square_connection_token_age_seconds')).toEqual([]);
    expect(before('square_operator_retained_grants')).toEqual([]);
    expect(before(status)).toEqual([{ name: status, labels: { name: 'square-operator' }, value: 0 }]);
    leader = true;
    const after = await scrape(metrics);
    expect(after('square_connection_token_age_seconds')).toHaveLength(1);
    expect(after('square_operator_retained_grants')[0]?.value).toBe(2);
    const labels = { application: 'platform/pos', environment: 'Production' };
    expect(after('square_api_budget_requests_per_second')).toMatchObject([{ labels, value: 50 }]);
    expect(after('square_api_budget_waiting')).toMatchObject([{ labels, value: 3 }]);
    expect(after('square_operator_connections')).toMatchObject([{ labels: { ...labels, reason: 'Valid' }, value: 7 }]);
    const refused = { ...labels, type: 'Ready', status: 'False', reason: 'ClientRefused' };
    expect(after('square_application_status_condition')).toMatchObject([{ labels: refused, value: 1 }]);
    const active = { key_id: 'key-1', state: 'Active' };
    expect(after('square_operator_sealing_keys')).toMatchObject([{ labels: active, value: 1 }]);
    expect(after('square_operator_sealed_records')[0]).toMatchObject({ labels: { key_id: 'key-1' }, value: 4 });
    expect(after(status)[0]?.value).toBe(1);
  });
});

describe('what is counted', () => {
  test('is counted under its labels', async () => {
    const metrics = create();
    metrics.refreshCounted('success', 'Due');
    metrics.refreshCounted('success', 'Due');
    metrics.verifyCounted('failure', 'SquareTimedOut');
    metrics.apiRequestObserved('ObtainToken', '200', 250);
    metrics.apiRequestObserved('ObtainToken', 'SquareTimedOut', 9_000);
    metrics.reconcileObserved('connection', 'error', 3);
    metrics.reconcilesActive('connection', 1);
    metrics.reconcilesActive('connection', 1);
    metrics.reconcilesActive('connection', -1);
    metrics.clockSkewObserved(-1_500);
    metrics.sealingKeyInCluster(true);
    const series = await scrape(metrics);
    expect(series('square_connection_refresh_total')).toMatchObject([
      { labels: { result: 'success', reason: 'Due' }, value: 2 },
    ]);
    expect(series('square_connection_verify_total')).toMatchObject([
      { labels: { result: 'failure', reason: 'SquareTimedOut' }, value: 1 },
    ]);
    expect(series('square_api_requests_total').map(({ labels }) => labels['code'])).toEqual(['200', 'SquareTimedOut']);
    const sum = series('square_api_request_duration_seconds').find(({ name }) => name.endsWith('_sum'));
    expect(sum?.value).toBeCloseTo(9.25);
    expect(series('controller_runtime_reconcile_errors_total')[0]?.value).toBe(1);
    expect(series('controller_runtime_reconcile_total')[0]?.labels).toEqual({
      controller: 'connection',
      result: 'error',
    });
    expect(series('controller_runtime_active_workers')[0]?.value).toBe(1);
    expect(series('square_api_clock_skew_seconds')[0]?.value).toBe(-1.5);
    expect(series('square_operator_sealing_key_in_cluster')[0]?.value).toBe(1);
    expect(series('square_operator_build_info')[0]).toMatchObject({ labels: { version: '1.2.3' }, value: 1 });
    expect(series('square_operator_watch_last_event_timestamp_seconds')[0]).toMatchObject({
      labels: { resource: 'secrets' },
      value: (now - 500) / 1_000,
    });
  });

  test('says nothing of skew and keys before they are known', async () => {
    const series = await scrape(create());
    expect(series('square_api_clock_skew_seconds')).toEqual([]);
    expect(series('square_operator_sealing_key_in_cluster')).toEqual([]);
  });

  test('includes the queue as it works and as it stands', async () => {
    const metrics = create();
    const observer = metrics.queueObserver('connection');
    metrics.queueSeen('connection', { length: 3, unfinished: () => [2_000, 500] });
    observer.added();
    observer.started(5);
    observer.finished(20);
    observer.delayed(60_000);
    const series = await scrape(metrics);
    const value = (name: string) => series(`workqueue_${name}`)[0]?.value;
    expect([value('depth'), value('adds_total'), value('retries_total')]).toEqual([3, 1, 1]);
    expect([value('unfinished_work_seconds'), value('longest_running_processor_seconds')]).toEqual([2.5, 2]);
    const count = (name: string) => series(`workqueue_${name}`).find((s) => s.name.endsWith('_count'))?.value;
    expect([count('queue_duration_seconds'), count('work_duration_seconds')]).toEqual([1, 1]);
  });

  test('includes what the process costs', async () => {
    const series = await scrape(create());
    expect(series('process_cpu_seconds_total')[0]?.value).toBeGreaterThan(0);
    expect(series('process_resident_memory_bytes')[0]?.value).toBeGreaterThan(1e6);
    expect(series('process_start_time_seconds')[0]?.value).toBeCloseTo(Date.now() / 1_000, -4);
    const utilization = series('nodejs_eventloop_utilization')[0]?.value;
    expect(utilization).toBeGreaterThanOrEqual(0);
    expect(utilization).toBeLessThanOrEqual(1);
  });
});

/** Metrics of which every one has a series. */
function everyMetric() {
  const metrics = create({ connections: () => [aConnection({ refreshTokenExpiresAt: now, suspended: true })] });
  metrics.refreshCounted('success', 'x');
  metrics.verifyCounted('success', 'x');
  metrics.revokeCounted('given_up', 'x');
  metrics.webhookCounted('stored');
  metrics.signInCounted('Connected');
  metrics.apiRequestObserved('ObtainToken', '200', 1);
  metrics.reconcileObserved('c', 'error', 1);
  metrics.reconcilesActive('c', 1);
  metrics.clockSkewObserved(0);
  metrics.sealingKeyInCluster(false);
  metrics.queueSeen('q', { length: 0, unfinished: () => [] });
  const observer = metrics.queueObserver('q');
  observer.added();
  observer.started(1);
  observer.finished(1);
  observer.delayed(1);
  return metrics;
}

describe('the table', () => {
  test('is what is exported, name for name, type for type, label for label', async () => {
    const families = parseExposition(await textOf(everyMetric()));
    expect([...families.keys()].sort(byText)).toEqual(metricsTable.map(({ name }) => name).sort(byText));
    for (const { name, type, help, labels } of metricsTable) {
      const family = families.get(name);
      expect({ name, type: family?.type, help: family?.help }).toEqual({ name, type, help });
      const found = Object.keys(family?.series[0]?.labels ?? {}).filter((label) => label !== 'le');
      expect({ name, labels: found.sort(byText) }).toEqual({ name, labels: [...labels].sort(byText) });
    }
  });

  testUnless(
    lackOf('promtool'),
    'passes `promtool check metrics`',
    async () => {
      // It prints what it finds fault with, and nothing else.
      expect(await promtool(['check', 'metrics'], {}, await textOf(everyMetric()))).toBe('');
    },
    30_000,
  );

  test('has what dashboards and alerts of others rely on', () => {
    const place = 'namespace name application environment';
    const promised = {
      square_connection_token_age_seconds: `gauge ${place}`,
      square_connection_token_issued_timestamp_seconds: `gauge ${place}`,
      square_connection_token_expiration_timestamp_seconds: `gauge ${place}`,
      square_connection_refresh_token_expiration_timestamp_seconds: `gauge ${place}`,
      square_connection_next_refresh_timestamp_seconds: `gauge ${place}`,
      square_connection_last_verified_timestamp_seconds: `gauge ${place}`,
      square_connection_status_condition: `gauge ${place} type status`,
      square_connection_refresh_total: 'counter result reason',
      square_connection_verify_total: 'counter result reason',
      square_api_requests_total: 'counter operation code',
      square_api_request_duration_seconds: 'histogram operation',
      square_api_clock_skew_seconds: 'gauge',
      square_operator_sealed_records: 'gauge key_id',
      square_operator_retained_grants: 'gauge',
      square_operator_rotation_in_doubt: 'gauge',
      square_operator_sealing_key_in_cluster: 'gauge',
      square_operator_watch_last_event_timestamp_seconds: 'gauge resource',
      square_operator_build_info: 'gauge version node_version',
      workqueue_depth: 'gauge name',
      controller_runtime_reconcile_total: 'counter controller result',
      leader_election_master_status: 'gauge name',
    };
    const there = new Map(metricsTable.map(({ name, type, labels }) => [name, [type, ...labels].join(' ')]));
    expect(Object.fromEntries(Object.keys(promised).map((name) => [name, there.get(name)]))).toEqual(promised);
  });

  test('follows the naming rules of Prometheus, and names no merchant', () => {
    for (const { name, type, help, labels } of metricsTable) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(labels.filter((label) => /merchant|uid/.test(label))).toEqual([]);
    }
    expect(new Set(metricsTable.map(({ name }) => name)).size).toBe(metricsTable.length);
  });

  test('leaves the registry of the library alone', async () => {
    create();
    create();
    expect(await new Registry().metrics()).toBe('\n');
  });
});

const byText = (a: string, b: string) => (a < b ? -1 : 1);

describe('10,000 connections', () => {
  const many = Array.from({ length: 10_000 }, (_, i) =>
    aConnection({
      namespace: `namespace-${i % 100}`,
      name: `connection-${i}`,
      refreshTokenExpiresAt: now,
      conditions: ['Ready', 'Valid', 'Expired', 'Revoked', 'Renewable', 'Published', 'ScopesSatisfied', 'Stalled'].map(
        (type) => [type, 'True'] as const,
      ),
    }),
  );
  const metrics = create({ connections: () => many });

  test('come in pieces, none of which is large', async () => {
    let [series, pieces, largest] = [0, 0, 0];
    for await (const piece of metrics.scrape()) {
      series += piece.split('\n').filter((line) => line.startsWith('square_connection_')).length;
      pieces += 1;
      largest = Math.max(largest, piece.length);
    }
    expect(series).toBe(10_000 * 14);
    expect(pieces).toBeGreaterThan(100);
    expect(largest).toBeLessThan(128 * 1_024);
  });

  test('cost less than a second of CPU', async () => {
    const before = process.cpuUsage();
    for await (const piece of metrics.scrape()) Buffer.byteLength(piece);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(1);
  });
});
