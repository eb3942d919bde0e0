import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type MetricDefinition, ownMetrics } from './metrics-table.ts';

/** What this process costs, read when asked for: nothing is sampled in between, so an idle process stays idle. */
export function processValues(): (readonly [MetricDefinition, number])[] {
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const open = openFiles();
  return [
    [ownMetrics.cpuSeconds, (user + system) / 1e6],
    [ownMetrics.startTime, performance.timeOrigin / 1_000],
    [ownMetrics.residentMemory, rss],
    ...(open === undefined ? [] : [[ownMetrics.openFiles, open] as const]),
    [ownMetrics.heapUsed, heapUsed],
    [ownMetrics.heapTotal, heapTotal],
    [ownMetrics.loopUtilization, performance.eventLoopUtilization().utilization],
  ];
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
