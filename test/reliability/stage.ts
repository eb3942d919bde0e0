import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from '../cluster/api.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import type { Live } from '../support/live.ts';
import { grantRole, operatorKubeconfig } from '../support/operator-role.ts';
import { createScene, type Scene } from '../support/scene.ts';
import type { Upstream } from '../support/upstream.ts';
import { type ApiProxy, startApiProxy } from './api-proxy.ts';
import { type Process, startProcess } from './replica.ts';
import { createScript, type Script } from './script.ts';
import { type SquareProxy, startSquareProxy } from './square-proxy.ts';

/** What all runs share: a control plane with the resource definitions, and a view of all that is stored in it. */
export interface Theatre {
  readonly api: Api;
  readonly live: Live;
  /** An admin's kubeconfig. */
  readonly kubeconfig: string;
  readonly upstream: Upstream;
  /** The bundled operator. */
  readonly program: string;
  /** For compiled code, kubeconfigs and journals. */
  readonly dir: string;
}

/** What one run has for itself: namespaces, a Square of its own, and proxies before both for each replica. */
export interface Stage extends Pick<Theatre, 'api' | 'live'> {
  /** Where the connection lives. */
  readonly namespace: string;
  readonly operatorNamespace: string;
  readonly square: Simulator;
  readonly scene: Scene;
  readonly script: Script;
  /** Every process that was started, in order. */
  readonly processes: readonly Process[];
  /** The folder of a replica's journal: it outlives the process, as a volume does. */
  journalDir(replica: number): string;
  readonly journalDirs: readonly string[];
  /** Starts a process in the place of a replica, 0 unless told otherwise; another when it ends by itself. */
  start(replica?: number): Promise<Process>;
  /** The process that a replica is now. */
  process(replica: number): Process;
  close(): Promise<void>;
}

/** Other replicas take over after this; short, for a run waits for it. */
const leaseSeconds = 3;

/** More processes than this in one run are a loop of crashes. */
const mostProcesses = 12;

export async function openStage(theatre: Theatre, replicas: number): Promise<Stage> {
  const { api, live } = theatre;
  const run = `rel-${randomBytes(4).toString('hex')}`;
  const [namespace, operatorNamespace] = [`${run}-home`, `${run}-operator`];
  const dir = join(theatre.dir, run);
  await mkdir(dir);
  for (const name of [namespace, operatorNamespace])
    await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
  const [square] = await Promise.all([startSimulator(), grantRole(api, operatorNamespace, [namespace])]);
  const script = createScript(operatorNamespace);
  const processes: Process[] = [];
  const places = await Promise.all(
    Array.from({ length: replicas }, (_, replica) =>
      openPlace(theatre, { replica, script, square, operatorNamespace, dir }),
    ),
  );
  const placeOf = (replica: number): Place => {
    const place = places[replica];
    if (place === undefined) throw new Error(`there is no replica ${replica}`);
    return place;
  };
  const start: Stage['start'] = async (replica = 0) => {
    const place = placeOf(replica);
    const flags = [
      `--watch-namespaces=${namespace}`,
      `--leader-elect-lease-duration=${leaseSeconds}s`,
      '--log-level=debug',
      ...place.flags,
    ];
    const started = await startProcess({ program: theatre.program, flags, cache: join(theatre.dir, 'compiled') });
    place.become(started);
    processes.push(started);
    // As the kubelet does with a container that ended by itself.
    void started.gone.then((told) => (told || processes.length >= mostProcesses ? undefined : start(replica)));
    return started;
  };
  return {
    api,
    live,
    namespace,
    operatorNamespace,
    square,
    script,
    start,
    scene: createScene({ api, live, square, namespace, operators: [] }),
    processes,
    journalDir: (replica) => placeOf(replica).journalDir,
    journalDirs: places.map(({ journalDir }) => journalDir),
    process: (replica) => placeOf(replica).current(),
    async close() {
      await Promise.all(processes.filter((one) => one.running()).map((one) => one.kill()));
      script.release();
      await Promise.all(places.map((place) => place.close()));
      await square.stop();
      await Promise.all([namespace, operatorNamespace].map((name) => api.send('DELETE', `/api/v1/namespaces/${name}`)));
      for (const name of [namespace, operatorNamespace]) live.forget(name);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Where a replica runs: its own way to the API server and to Square, and its volume. */
interface Place {
  readonly flags: readonly string[];
  readonly journalDir: string;
  current(): Process;
  become(process: Process): void;
  close(): Promise<void>;
}

interface PlaceOptions extends Pick<Stage, 'script' | 'square' | 'operatorNamespace'> {
  readonly replica: number;
  readonly dir: string;
}

async function openPlace(theatre: Theatre, options: PlaceOptions): Promise<Place> {
  const { replica, script, square, operatorNamespace, dir } = options;
  let process: Process | undefined;
  const current = () => {
    if (process === undefined) throw new Error(`replica ${replica} was not started`);
    return process;
  };
  const gate = script.gate(replica, current);
  const journalDir = join(dir, `journal-${replica}`);
  const [apiProxy, squareProxy]: [ApiProxy, SquareProxy, unknown] = await Promise.all([
    startApiProxy(theatre.upstream, gate),
    startSquareProxy(square.url, gate),
    mkdir(journalDir),
  ]);
  const { url: server, certificateAuthority } = apiProxy;
  const file = await operatorKubeconfig(theatre.api, theatre.kubeconfig, {
    namespace: operatorNamespace,
    dir,
    server,
    certificateAuthority,
  });
  return {
    flags: [`--kubeconfig=${file}`, `--square-production-url=${squareProxy.url}`, `--journal-dir=${journalDir}`],
    journalDir,
    current,
    become(next) {
      process = next;
    },
    close: async () => void (await Promise.all([apiProxy.stop(), squareProxy.stop()])),
  };
}

/**
 * Time passes for the lease: whoever holds it lets go. Only for a holder that is dead, which then looks as if its lease
 * had run out.
 */
export async function expireLease({ api, operatorNamespace }: Stage): Promise<void> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${operatorNamespace}/leases/square-operator`;
  const body = { spec: { holderIdentity: '' } };
  const { status } = await api.send('PATCH', path, { body, contentType: 'application/merge-patch+json' });
  // 404: the process was killed before it ever stood for election.
  if (status !== 200 && status !== 404)
    throw new Error(`the lease of ${operatorNamespace} cannot be changed: ${status}`);
}
