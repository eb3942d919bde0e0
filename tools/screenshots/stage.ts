import { openCluster } from '../../demo/cluster.ts';
import type { Ending } from '../../demo/ending.ts';
import { createMaker, install, operatorKubeconfig } from '../../demo/install.ts';
import { startOperatorProcess } from '../../demo/operator-process.ts';
import type { Api } from '../../test/cluster/api.ts';
import { freePort } from '../../test/cluster/free-port.ts';
import type { Report } from '../../test/cluster/provider.ts';
import { chooseProvider } from '../../test/cluster/start.ts';
import { type Simulator, startSimulator } from '../../test/simulator/simulator.ts';
import { type Fleet, setFleet } from './fleet.ts';

/** What pictures are taken of. */
export interface Stage {
  readonly api: Api;
  readonly square: Simulator;
  readonly fleet: Fleet;
  readonly webURL: string;
  readonly metricsURL: string;
}

/** Kubernetes, Square, the operator, and connections that come to be in every state. Files lie in `dir`. */
export async function startStage(dir: string, ending: Ending, report: Report): Promise<Stage> {
  const controlPlane = await (await chooseProvider({}, report)).start({ dir, report });
  ending.add(() => controlPlane.stop());
  const square = await startSimulator();
  ending.add(() => square.stop());
  const cluster = await openCluster(controlPlane.kubeconfig);
  ending.add(() => cluster.close());
  const { api } = cluster;
  const maker = createMaker(api);
  await install(api, maker);
  const webURL = `http://localhost:${await freePort()}`;
  const kubeconfig = await operatorKubeconfig(api, controlPlane.kubeconfig, dir);
  const options = { kubeconfig, squareURL: square.url, webURL, dir, built: false };
  const [fleet, { metricsURL }] = await Promise.all([
    setFleet(api, maker, square, webURL),
    startOperatorProcess(options, ending),
  ]);
  return { api, square, fleet, webURL, metricsURL };
}
