import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from 'undici';
import { type Api, connectApi } from './api.ts';
import { ensureCredentials, kubeconfigOf } from './credentials.ts';
import { freePort } from './free-port.ts';
import { type Group, PortTaken, startGroup } from './group.ts';
import { apiServer, type Binaries, controllerManager, etcd, type Layout } from './programs.ts';
import type { ControlPlane, StartOptions } from './provider.ts';
import { removeFiles, writePrivately } from './record.ts';

const portAttempts = 5;

/** A control plane of processes of this machine, with a part of it that a test may end and start again. */
export interface LocalControlPlane extends ControlPlane {
  readonly apiServer: {
    /** As `kill -9` does: no connection is closed in order. */
    kill(): Promise<void>;
    /** The same data, the same address. Resolves once it is ready. */
    start(): Promise<void>;
  };
}

/** Starts etcd, kube-apiserver and kube-controller-manager on 127.0.0.1. Data that are in the folder are taken up. */
export async function startLocal(binaries: Binaries, options: StartOptions): Promise<LocalControlPlane> {
  const { dir, outlive = false, report, apiServerArgs = [], controllers = [] } = options;
  const state = join(dir, 'control-plane');
  await mkdir(state, { recursive: true, mode: 0o700 });
  const credentials = await ensureCredentials(join(state, 'credentials'));
  for (let attempt = 1; ; attempt += 1) {
    const [etcdPort, apiPort] = [await freePort(), await freePort()];
    const layout: Layout = { binaries, state, credentials, etcdPort, apiPort, apiServerArgs, controllers };
    const group = startGroup({ dir, outlive, report });
    try {
      await bringUp(layout, group);
      return await controlPlaneOf(layout, group, dir);
    } catch (error) {
      await group.stopAll();
      if (!(error instanceof PortTaken) || attempt === portAttempts) throw error;
    }
  }
}

async function controlPlaneOf(layout: Layout, group: Group, dir: string): Promise<LocalControlPlane> {
  const kubeconfig = join(dir, 'kubeconfig');
  const ca = await readFile(certificateOf(layout), 'utf8');
  await writePrivately(kubeconfig, kubeconfigOf(serverOf(layout), ca, layout.credentials.admin));
  return {
    kubeconfig,
    apiServer: { kill: () => group.stop('kube-apiserver'), start: () => startApiServer(layout, group) },
    async stop() {
      await group.stopAll();
      await removeFiles(dir);
    },
  };
}

const serverOf = ({ apiPort }: Layout) => `https://127.0.0.1:${apiPort}`;
const certificateOf = ({ state }: Layout) => join(state, 'certificates', 'apiserver.crt');

async function bringUp(layout: Layout, group: Group): Promise<void> {
  await group.launch(etcd(layout));
  await startApiServer(layout, group);
}

/** Resolves when the API server is ready and, where there is a controller manager, that one works. */
async function startApiServer(layout: Layout, group: Group): Promise<void> {
  await group.launch(apiServer(layout));
  // The server makes its certificate itself. The key is written last: when it is there, both are whole.
  const key = join(layout.state, 'certificates', 'apiserver.key');
  await group.until('kube-apiserver has a certificate', async () => existsSync(key));
  const ca = await readFile(certificateOf(layout), 'utf8');
  const api = connectApi({
    server: serverOf(layout),
    headers: { authorization: `Bearer ${layout.credentials.admin}` },
    dispatcher: new Agent({ connect: { ca } }),
  });
  try {
    await group.until('kube-apiserver is ready', () => answers(api, '/readyz'));
    if (!(await startControllerManager(layout, group, ca))) return;
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    await group.until('kube-controller-manager works', () => answers(api, account));
  } finally {
    await api.close();
  }
}

/** Not before the API server is ready: it would look for it only once a second. */
async function startControllerManager(layout: Layout, group: Group, ca: string): Promise<boolean> {
  const { binaries, state, credentials } = layout;
  if (!binaries.controllerManager) return false;
  if (group.has('kube-controller-manager')) return true;
  const kubeconfig = join(state, 'kube-controller-manager.kubeconfig');
  await writePrivately(kubeconfig, kubeconfigOf(serverOf(layout), ca, credentials.controllerManager));
  await group.launch(controllerManager(layout, binaries.controllerManager, certificateOf(layout), kubeconfig));
  return true;
}

async function answers(api: Api, path: string): Promise<boolean> {
  try {
    return (await api.send('GET', path, { signal: AbortSignal.timeout(5_000) })).status === 200;
  } catch {
    return false;
  }
}
