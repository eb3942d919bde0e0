import { systemClock } from '../src/clock.ts';
import { existingCluster } from '../test/cluster/existing-cluster.ts';
import { freePort } from '../test/cluster/free-port.ts';
import { chooseProvider } from '../test/cluster/start.ts';
import { type Simulator, startSimulator } from '../test/simulator/simulator.ts';
import { openCluster } from './cluster.ts';
import type { Ending } from './ending.ts';
import { createMaker, install, operatorKubeconfig } from './install.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import type { Options } from './options.ts';
import { type Scene, setScene } from './scene.ts';
import type { Screen } from './screen.ts';
import { type Watching, watch } from './sight.ts';
import { storyTakes } from './story.ts';

/** Everything that runs. */
export interface Stage {
  /** When the control plane stood, on this process's `performance.now()`: what comes before may be a build that happens once. */
  readonly stoodAt: number;
  readonly kubeconfig: string;
  readonly provider: string;
  readonly square: Simulator;
  /** Where browsers reach the web pages. */
  readonly webURL: string;
  readonly operator: OperatorProcess;
  readonly scene: Scene;
  readonly watching: Watching;
}

/** Starts all of it in `dir`. What was started is added to `ending` at once, so that it ends whatever happens. */
export async function setStage(dir: string, options: Options, screen: Screen, ending: Ending): Promise<Stage> {
  const took = stopwatch();
  const provider = await chooseProvider(options, screen);
  screen.progress(`Starting Kubernetes (${provider.name}) …`);
  const loaded = preload();
  const controlPlane = await provider.start({ dir, report: screen });
  ending.add(() => controlPlane.stop());
  const stoodAt = performance.now();
  await loaded;
  screen.progress(undefined);
  screen.line(`Kubernetes (${provider.name}) is ready after ${took()} s.`);

  const square = await startSimulator();
  ending.add(() => square.stop());
  // The story ends at now, so that all who read its times by the machine's clock (kubectl, the plugin) read them right.
  square.clock.advance(-storyTakes);
  const cluster = await openCluster(controlPlane.kubeconfig);
  ending.add(() => cluster.close());
  const { api, client } = cluster;
  const maker = createMaker(api);
  // A cluster of the demo's own goes as a whole.
  if (provider === existingCluster) ending.add(() => maker.removeAll());
  screen.progress('Installing the resource definitions and the operator’s role …');
  await install(api, maker);

  screen.progress('Starting the operator …');
  // Another name than Square's, so that the browser keeps the cookies of the two apart.
  const webURL = `http://localhost:${await freePort()}`;
  const kubeconfig = await operatorKubeconfig(api, controlPlane.kubeconfig, dir);
  // Together: the API server takes the first object of a new resource only after a pause of about two seconds.
  const [operator, scene] = await together([
    startOperatorProcess({ kubeconfig, squareURL: square.url, webURL, dir, built: options.built }, ending),
    setScene(api, maker, square, webURL),
  ]);
  const watching = await watch(client, square);
  ending.add(() => watching.stop());
  screen.progress(undefined);
  screen.line(`The operator is ready after ${took()} s more.`);
  const { kubeconfig: admin } = controlPlane;
  return { stoodAt, kubeconfig: admin, provider: provider.name, square, webURL, operator, scene, watching };
}

/** Like `Promise.all`, but when one rejects the other has come to its end before this does. */
async function together<A, B>(both: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(both);
  return await Promise.all(both);
}

/** Takes half a second that would be missed later, while this process waits for Kubernetes. */
const preload = () => import('@kubernetes/client-node/dist/config.js');

/** Seconds since it was made or last asked. */
function stopwatch(): () => string {
  let from = systemClock.monotonic();
  return () => {
    const now = systemClock.monotonic();
    const took = ((now - from) / 1_000).toFixed(1);
    from = now;
    return took;
  };
}
