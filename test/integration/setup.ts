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

interface Shared {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** Of this process: each project of the run has this module for itself. */
const place = Symbol.for('square-operator.control-plane');
const run = globalThis as { [place]?: { users: number; readonly shared: Promise<Shared> } };

/** One control plane for the whole run, with the project's resource definitions; tests isolate by namespace. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const held = (run[place] ??= { users: 0, shared: start() });
  held.users += 1;
  project.provide('kubeconfig', (await held.shared).kubeconfig);
  return async () => {
    held.users -= 1;
    if (held.users > 0) return;
    delete run[place];
    await (await held.shared).stop();
  };
}

async function start(): Promise<Shared> {
  const dir = await runDir();
  const controlPlane = await startControlPlane({ dir: join(dir, 'c'), report: reportTo(process.stderr) });
  const stop = async () => {
    await controlPlane.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const api = await openApi(controlPlane.kubeconfig);
    await applyCrds(api, resolve(import.meta.dirname, '../../crds'));
    await api.close();
  } catch (error) {
    await stop();
    throw error;
  }
  return { kubeconfig: controlPlane.kubeconfig, stop };
}
