import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const chart = join(import.meta.dirname, '../../charts/square-operator');

export interface RenderOptions {
  readonly values?: object;
  readonly release?: string;
  readonly namespace?: string;
  readonly args?: readonly string[];
}

/** What `helm template` makes of the chart. Throws with what Helm says where it refuses. */
export function renderChart(helm: string, options: RenderOptions = {}): string {
  const { values = {}, release = 'square-operator', namespace = 'square-operator', args = [] } = options;
  const given = ['template', release, chart, '--namespace', namespace, '--values', '-', ...args];
  const run = spawnSync(helm, given, { encoding: 'utf8', input: JSON.stringify(values), maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`helm template: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}
