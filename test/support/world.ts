import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, openApi } from '../cluster/api.ts';
import { freePort } from '../cluster/free-port.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { kubeconfig } from './cluster.ts';
import { type FrontDoor, startFrontDoor } from './front-door.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { createLive, type Live } from './live.ts';
import { type RunningOperator, runOperator, spawnOperator } from './operator.ts';
import { grantRole, operatorKubeconfig } from './operator-role.ts';

export interface WorldOptions {
  /** Further namespaces, by a short name, with their labels. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Those of them that the operator does not watch. */
  readonly unwatched?: readonly string[];
  /** Follow the whole cluster instead of the namespaces of this world. */
  readonly clusterWide?: boolean;
  /** A recorder of requests between the operator and the API server. */
  readonly gateway?: boolean | 'without streaming lists';
  /** The operator as a child process. */
  readonly child?: boolean;
  /** The web parts, behind one address for all replicas; it leads to the one that was started last. */
  readonly web?: 'http' | 'https';
  /** What of `deploy` gives the operator rights beside the usual ones. */
  readonly roles?: readonly string[];
  /** More flags for the operator. */
  readonly flags?: readonly string[];
  /** An admin's kubeconfig. Default: of the control plane that all integration tests share. */
  readonly kubeconfig?: () => string;
}

/** What one test file has for itself: namespaces, Square, and the operator under its own role. */
export interface World {
  /** Where the connections live. */
  readonly namespace: string;
  readonly operatorNamespace: string;
  /** The further namespaces by their short names. */
  readonly others: Readonly<Record<string, string>>;
  readonly api: Api;
  readonly live: Live;
  /** Square's production. */
  readonly square: Simulator;
  readonly sandbox: Simulator;
  readonly gateway: Gateway | undefined;
  readonly frontDoor: FrontDoor | undefined;
  /** Secret values besides those of Square: people's own tokens. */
  readonly canaries: string[];
  /** Every operator that was started, the running one last. */
  readonly operators: RunningOperator[];
  /** Starts one more operator, with the same flags. */
  startOperator(): Promise<RunningOperator>;
  stop(): Promise<void>;
}

/** The operator is running and follows the cluster when this resolves. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const admin = (options.kubeconfig ?? kubeconfig)();
  const dir = await runDir();
  const [api, square, sandbox] = await Promise.all([
    openApi(admin),
    startSimulator(),
    startSimulator({ environment: 'Sandbox' }),
  ]);
  const operators: RunningOperator[] = [];
  const namespaces = await createNamespaces(api, options.namespaces ?? {});
  const { home: namespace = '', operator: operatorNamespace = '', ...others } = namespaces;
  const gateway = options.gateway ? await startGateway(admin, { streamingLists: options.gateway === true }) : undefined;
  const frontDoor = options.web === undefined ? undefined : await startFrontDoor(options.web);
  const explain = () => explanation(live, Object.values(namespaces), operators);
  const live = await createLive(admin, api, explain);
  await Promise.all(Object.values(namespaces).map((name) => live.follow(name)));
  const watched = [
    namespace,
    ...Object.entries(others).flatMap(([short, name]) => (options.unwatched?.includes(short) ? [] : [name])),
  ];
  const forgetRole = await grantRole(
    api,
    operatorNamespace,
    options.clusterWide === true ? undefined : watched,
    options.roles ?? (frontDoor === undefined ? [] : ['web/staff-pages.yaml']),
  );
  const file = await operatorKubeconfig(api, admin, { namespace: operatorNamespace, dir, server: gateway?.url });
  const flags = [
    `--kubeconfig=${file}`,
    ...(options.clusterWide === true ? [] : [`--watch-namespaces=${watched.join(',')}`]),
    `--square-production-url=${square.url}`,
    `--square-sandbox-url=${sandbox.url}`,
    '--log-level=debug',
    ...(frontDoor === undefined ? [] : [`--external-url=${frontDoor.url}`]),
    ...(options.flags ?? []),
  ];
  const startOperator = async () => {
    const own = frontDoor === undefined ? flags : [...flags, `--web-bind-address=127.0.0.1:${await freePort()}`];
    const operator = await (options.child === true ? spawnOperator(own, join(dir, 'compiled')) : runOperator(own));
    operators.push(operator);
    frontDoor?.lead(operator.webPort);
    return operator;
  };
  await startOperator();
  const squares = { square, sandbox, canaries: [] };
  const parts = {
    namespace,
    operatorNamespace,
    others,
    api,
    live,
    ...squares,
    gateway,
    frontDoor,
    operators,
    startOperator,
  };
  return {
    ...parts,
    async stop() {
      await Promise.all(operators.map((operator) => operator.stop()));
      live.stop();
      await forgetRole();
      await Promise.all(Object.values(namespaces).map((name) => api.send('DELETE', `/api/v1/namespaces/${name}`)));
      await Promise.all([square.stop(), sandbox.stop(), gateway?.stop(), frontDoor?.stop(), api.close()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function createNamespaces(
  api: Api,
  more: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<Record<string, string>> {
  const wanted = Object.entries({ home: {}, operator: {}, ...more });
  const run = randomBytes(4).toString('hex');
  const named = wanted.map(async ([short, labels]) => {
    const name = `test-${run}-${short}`;
    await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name, labels } } });
    return [short, name] as const;
  });
  return Object.fromEntries(await Promise.all(named));
}

/** What the world looks like, for the error of something that did not come about. */
function explanation(live: Live, namespaces: readonly string[], operators: readonly RunningOperator[]): string {
  const connections = namespaces.flatMap((namespace) => live.all('connections', namespace));
  const lines = connections.map(({ metadata, status }) => {
    const conditions = (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is}/${reason}`);
    const { lastFailure } = status ?? {};
    const failure = lastFailure === undefined ? '' : ` ${lastFailure.operation}: ${lastFailure.message}`;
    return `  ${metadata.name} rev ${status?.revision ?? '-'}: ${conditions.join(' ')}${failure}`;
  });
  const log = operators.at(-1)?.log.join('').split('\n').slice(-12).join('\n') ?? '';
  return `${lines.slice(-12).join('\n')}\n${log}`;
}
