import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openApi } from '../cluster/api.ts';
import { applyCrds } from '../cluster/crds.ts';
import { reportTo } from '../cluster/report.ts';
import { startControlPlane } from '../cluster/start.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of a kubeconfig with every right in the control plane that all integration tests share. */
    kubeconfig: string;
  }
}

/** One control plane for the whole run, with the project's resource definitions; tests isolate by namespace. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'square-operator-test-'));
  const controlPlane = await startControlPlane({ dir, report: reportTo(process.stderr) });
  const api = await openApi(controlPlane.kubeconfig);
  try {
    await applyCrds(api, resolve(import.meta.dirname, '../../crds'));
  } catch (error) {
    await controlPlane.stop();
    throw error;
  } finally {
    await api.close();
  }
  project.provide('kubeconfig', controlPlane.kubeconfig);
  return () => controlPlane.stop();
}
