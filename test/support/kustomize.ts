import { rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { findKubectl } from '../cluster/kubectl.ts';
import type { Report } from '../cluster/provider.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { run } from './chart.ts';

const deploy = resolve(import.meta.dirname, '../../deploy');

/** What `kubectl kustomize` makes of a folder of `deploy/` with these components of it. Throws with what it says. */
export async function kustomize(folder: string, components: readonly string[], report: Report): Promise<string> {
  const dir = await runDir();
  const from = (path: string) => relative(dir, join(deploy, path));
  const kustomization = { kind: 'Kustomization', resources: [from(folder)], components: components.map(from) };
  await writeFile(join(dir, 'kustomization.yaml'), JSON.stringify(kustomization));
  const { code, stderr, stdout } = await run(await findKubectl(report), ['kustomize', dir]);
  await rm(dir, { recursive: true });
  if (code !== 0 || stderr !== '') throw new Error(`kubectl kustomize: ${stderr}`);
  return stdout;
}
