import { countedMetrics, ownMetrics, viewMetrics } from '../../../src/observability/metrics-table.ts';
import { graph, list, type Row, rising, stat, timeline } from './panel.ts';
import { busyNow, leader, operators, quantile } from './queries.ts';

/** What the operator is busy with, and how it fares. */
export const operatorRow: Row = {
  title: 'Operator',
  panels: [
    stat('Replicas', `count(${ownMetrics.buildInfo.name}) or vector(0)`, { width: 4, called: { 0: ['none', 'red'] } }),
    stat('Lease held by', `sum(${leader}) or vector(0)`, {
      width: 4,
      called: { 0: ['nobody', 'red'], 1: ['one', 'green'] },
      says: 'Replicas that lead. Two can be seen for a moment, when it changes hands.',
    }),
    stat('Rotations in doubt', `sum(${ownMetrics.rotationInDoubt.name})`, { width: 4, steps: rising(1, 2) }),
    stat('Retained grants', `max(${viewMetrics.retainedGrants.name})`, {
      width: 4,
      says: 'Authorizations whose connection is gone: adopt them, or end them.',
    }),
    stat('Sealing keys in the cluster', `max(${ownMetrics.keyInCluster.name})`, {
      width: 4,
      called: { 0: ['no', 'green'], 1: ['yes', 'orange'] },
      says: 'Yes: a backup of etcd holds records and keys.',
    }),
    stat('Longest work in hand', `max(${operators(ownMetrics.queueLongest.name)})`, {
      width: 4,
      unit: 's',
      steps: rising(120, 300),
    }),
    list('Replicas', `max by (instance, version, node_version) (${ownMetrics.buildInfo.name})`, {
      width: 8,
      sortBy: 'instance',
    }),
    list('Sealing keys', `max by (key_id, state) (${viewMetrics.sealingKeys.name})`, {
      width: 8,
      sortBy: 'key_id',
    }),
    list('Sealed records, by their key', `max by (key_id) (${viewMetrics.sealedRecords.name})`, {
      width: 8,
      unit: 'short',
      value: 'records',
    }),
    timeline('Holder of the lease', [{ expression: leader, legend: '{{instance}}' }], {
      width: 8,
      called: { 0: ['waits', 'text'], 1: ['leads', 'green'] },
    }),
    graph(
      'Silence of watches',
      [{ expression: `max by (resource) (time() - ${ownMetrics.watchLastEvent.name})`, legend: '{{resource}}' }],
      { unit: 's', steps: rising(150, 300), says: 'Of the replica that has heard nothing for longest.' },
    ),
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
      { unit: 'percentunit', says: '100%: one core.' },
    ),
    graph(
      'Memory',
      [
        { expression: operators(ownMetrics.residentMemory.name), legend: '{{instance}} resident' },
        { expression: operators(ownMetrics.heapUsed.name), legend: '{{instance}} heap' },
      ],
      { unit: 'bytes', width: 12 },
    ),
    graph('Event loop is busy', [{ expression: busyNow, legend: '{{instance}}' }], { unit: 'percentunit', width: 12 }),
  ],
};
