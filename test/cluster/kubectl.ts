import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinaries } from './build.ts';
import type { Report } from './provider.ts';

/** The path of a kubectl: that of PATH, that of KUBEBUILDER_ASSETS, or one that is built once from the Go modules. */
export async function findKubectl(report: Report): Promise<string> {
  const onPath = spawnSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).stdout.trim();
  if (onPath) return onPath;
  const asset = join(process.env.KUBEBUILDER_ASSETS ?? '', 'kubectl');
  if (process.env.KUBEBUILDER_ASSETS && existsSync(asset)) return asset;
  return join(await ensureBinaries(['kubectl'], report), 'kubectl');
}
