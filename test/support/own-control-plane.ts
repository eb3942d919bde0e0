import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openApi } from '../cluster/api.ts';
import { applyCrds } from '../cluster/crds.ts';
import type { ControlPlane } from '../cluster/provider.ts';
import { reportTo } from '../cluster/report.ts';
import { startControlPlane } from '../cluster/start.ts';
import { runDir } from '../cluster/temp-dir.ts';

/**
 * A control plane for the tests of this file alone: an operator of the whole cluster would take the connections of other
 * tests for its own. Gives the admin's kubeconfig, which is there while tests run. `bare`: without the definitions.
 */
export function ownControlPlane(bare?: 'bare'): () => string {
  let dir = '';
  let controlPlane: ControlPlane | undefined;
  beforeAll(async () => {
    dir = await runDir();
    controlPlane = await startControlPlane({ dir: join(dir, 'c'), report: reportTo(process.stderr) });
    if (bare !== undefined) return;
    const api = await openApi(controlPlane.kubeconfig);
    await applyCrds(api, resolve(import.meta.dirname, '../../crds'));
    await api.close();
  });
  afterAll(async () => {
    await controlPlane?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  return () => controlPlane?.kubeconfig ?? '';
}
