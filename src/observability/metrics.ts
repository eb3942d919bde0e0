import type { Duration, Instant } from '../clock.ts';
import { connectionText } from './connection-series.ts';
import { createCounted } from './counted.ts';
import { headOf, labelsOf, lineOf } from './exposition.ts';
import { type MetricDefinition, ownMetrics, viewMetrics } from './metrics-table.ts';
import type { BudgetSight, Metrics, OperatorView, QueueSight } from './port.ts';
import { processValues } from './process-series.ts';

export interface MetricsOptions {
  readonly view: OperatorView;
  /** Whether this replica may act: only then connections are exported. Asked at each scrape. */
  readonly isLeader: () => boolean;
  /** Square's time in an environment, for ages of tokens. */
  readonly now: (environment: string) => Instant;
  /** Of the lease. */
  readonly leaseName: string;
  readonly version: string;
}

type Row = readonly [labels: readonly string[], value: number];

/** All metrics of the operator: what is counted, and what is read from `view` at a scrape. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { view, isLeader, now } = options;
  const { registry, ...counted } = createCounted();
  const queues = new Map<string, QueueSight>();
  const active = new Map<string, number>();
  let skew: Duration | undefined;
  let keyInCluster: boolean | undefined;

  const ownText = () => {
    const sights = [...queues];
    const build: Row = [[options.version, process.versions.node], 1];
    return [
      family(
        ownMetrics.watchLastEvent,
        [...view.watches()].map(([resource, at]) => [[resource], at / 1_000]),
      ),
      family(ownMetrics.clockSkew, skew === undefined ? [] : [[[], skew / 1_000]]),
      family(ownMetrics.keyInCluster, keyInCluster === undefined ? [] : [[[], Number(keyInCluster)]]),
      family(ownMetrics.rotationInDoubt, [[[], view.rotationsInDoubt()]]),
      family(ownMetrics.leader, [[[options.leaseName], Number(isLeader())]]),
      family(ownMetrics.buildInfo, [build]),
      family(
        ownMetrics.queueDepth,
        sights.map(([name, queue]) => [[name], queue.length]),
      ),
      family(
        ownMetrics.queueUnfinished,
        sights.map(([name, queue]) => [[name], sum(queue.unfinished()) / 1_000]),
      ),
      family(
        ownMetrics.queueLongest,
        sights.map(([name, queue]) => [[name], Math.max(0, ...queue.unfinished()) / 1_000]),
      ),
      family(
        ownMetrics.activeWorkers,
        [...active].map(([controller, count]) => [[controller], count]),
      ),
      ...processValues().map(([metric, value]) => family(metric, [[[], value]])),
    ].join('');
  };
  const viewText = () =>
    family(
      viewMetrics.sealedRecords,
      [...view.sealedRecords()].map(([keyID, count]) => [[keyID], count]),
    ) +
    family(
      viewMetrics.sealingKeys,
      [...view.sealingKeys()].map((labels) => [labels, 1]),
    ) +
    family(
      viewMetrics.connections,
      [...view.states()].map(({ application, environment, reason, count }) => [
        [application, environment, reason],
        count,
      ]),
    ) +
    family(
      viewMetrics.applicationCondition,
      [...view.applications()].map(({ application, environment, type, status, reason }) => [
        [application, environment, type, status, reason],
        1,
      ]),
    ) +
    family(viewMetrics.retainedGrants, [[[], view.retainedGrants()]]) +
    budgetText([...view.budgets()]);

  return {
    ...counted,
    async *scrape() {
      yield `${await registry.metrics()}\n${ownText()}`;
      if (!isLeader()) return;
      yield viewText();
      yield* connectionText(view.connections(), now);
    },
    queueSeen: (name, queue) => void queues.set(name, queue),
    reconcilesActive: (controller, by) => void active.set(controller, (active.get(controller) ?? 0) + by),
    clockSkewObserved: (ahead) => void (skew = ahead),
    sealingKeyInCluster: (inCluster) => void (keyInCluster = inCluster),
  };
}

function budgetText(budgets: readonly BudgetSight[]): string {
  const rows = (valueOf: (budget: BudgetSight) => number) =>
    budgets.map((budget): Row => [[budget.application, budget.environment], valueOf(budget)]);
  return (
    family(
      viewMetrics.budgetRate,
      rows(({ rate }) => rate),
    ) +
    family(
      viewMetrics.budgetWaiting,
      rows(({ waiting }) => waiting),
    )
  );
}

function family(metric: MetricDefinition, rows: readonly Row[]): string {
  return (
    headOf(metric) + rows.map(([labels, value]) => lineOf(metric.name, labelsOf(metric.labels, labels), value)).join('')
  );
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
