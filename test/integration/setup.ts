import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openApi } from '../cluster/api.ts';
import { applyCrds } from '../cluster/crds.ts';
import { reportTo } from '../cluster/report.ts';
import { startControlPlane } from '../cluster/start.ts';
import { runDir } from '../cluster/temp-dir.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of a kubeconfig with every right in the control plane that all integration tests share. */
    kubeconfig: string;
  }
}

/** One control plane for the whole run, with the project's resource definitions; tests isolate by namespace. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await runDir();
  const controlPlane = await startControlPlane({ dir: join(dir, 'c'), report: reportTo(process.stderr) });
  const tearDown = async () => {
    await controlPlane.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const api = await openApi(controlPlane.kubeconfig);
    await applyCrds(api, resolve(import.meta.dirname, '../../crds'));
    await api.close();
  } catch (error) {
    await tearDown();
    throw error;
  }
  project.provide('kubeconfig', controlPlane.kubeconfig);
  return tearDown;
}
