import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { seconds } from '../../../src/clock.ts';
import { bundle } from '../../../tools/bundle/bundle.ts';
import { findHelm, lacksHelm } from '../../../tools/programs/helm.ts';
import { type Api, openApi } from '../../cluster/api.ts';
import { findKubectl } from '../../cluster/kubectl.ts';
import type { ControlPlane } from '../../cluster/provider.ts';
import { reportTo } from '../../cluster/report.ts';
import { startControlPlane } from '../../cluster/start.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { type ChartObject, run } from '../../support/chart.ts';
import { type ContainerOptions, runContainer } from '../../support/container.ts';
import { type FrontDoor, startFrontDoor } from '../../support/front-door.ts';
import { createLive, type Live } from '../../support/live.ts';
import { accountOf, mountsLack } from '../../support/mounted-account.ts';
import { testUnless } from '../../support/needs.ts';
import { aConnection, anApplication, aSecret, textsOf } from '../../support/objects.ts';
import type { RunningOperator } from '../../support/operator.ts';
import { operatorKubeconfig } from '../../support/operator-role.ts';
import { createScene, type Scene } from '../../support/scene.ts';
import { openPerson } from '../../support/web-person.ts';

const root = resolve(import.meta.dirname, '../../..');
const lacks = lacksHelm();
const long = 600_000;
const home = 'square-operator';
const shop = 'shop';

// The chart as a user has it, in a cluster of its own: its policies are for the whole cluster.
describe('the chart, installed', () => {
  let dir = '';
  let controlPlane: ControlPlane;
  let api: Api;
  let live: Live;
  let square: Simulator;
  let scene: Scene;
  let frontDoor: FrontDoor;
  let account: ContainerOptions['account'];
  let [helm, kubectl] = ['', ''];
  const operators: RunningOperator[] = [];

  const values = () => ({
    image: { repository: 'registry.example.com/square-operator' },
    settings: { squareProductionURL: square.url, squareSandboxURL: square.url, logLevel: 'debug', leaseDuration: '3s' },
  });
  const inCluster = (program: string, args: readonly string[], input?: string) =>
    run(program, [...args, `--kubeconfig=${controlPlane.kubeconfig}`], {
      ...(input !== undefined && { input }),
      env: { HELM_CACHE_HOME: dir, HELM_CONFIG_HOME: dir, HELM_DATA_HOME: dir },
    });
  const kube = (...args: string[]) => inCluster(kubectl, args);
  async function release(verb: 'install' | 'upgrade', more: object = {}): Promise<string> {
    const args = [verb, 'square-operator', join(root, 'charts/square-operator'), '--namespace', home, '--values', '-'];
    const { code, stdout, stderr } = await inCluster(helm, args, JSON.stringify({ ...values(), ...more }));
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  }
  /** The container of the Deployment that is in the cluster, in the place of the one that ran before. */
  async function start(): Promise<RunningOperator> {
    const deployment = await deployed();
    expect(deployment['spec'].template.spec.serviceAccountName).toBe('square-operator');
    if (mountsLack() === undefined) account = await accountOf(api, deployment, dir);
    else account = { kubeconfig: await operatorKubeconfig(api, controlPlane.kubeconfig, { namespace: home, dir }) };
    return restart();
  }
  const deployed = () => api.ask<ChartObject>('GET', `/apis/apps/v1/namespaces/${home}/deployments/square-operator`);
  /** The same with what is mounted as it lies there. */
  async function restart(): Promise<RunningOperator> {
    await operators.at(-1)?.stop();
    const program = join(dir, 'square-operator.js');
    const operator = await runContainer({ deployment: await deployed(), account, program, dir });
    operators.push(operator);
    frontDoor.lead(operator.webPort);
    return operator;
  }

  /** What `kubectl auth can-i --list` says of the operator's account, in its own namespace and in another. */
  async function allRights(): Promise<string> {
    const rights = async (account: string, namespace: string) => {
      const as = `--as=system:serviceaccount:${home}:${account}`;
      const { stdout } = await kube('auth', 'can-i', '--list', as, '-n', namespace);
      return stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.trim().replaceAll(/\s+/g, ' '));
    };
    const of = async (namespace: string) => {
      // What any account may do is the cluster's affair.
      const anybody = new Set(await rights('nobody', namespace));
      const own = (await rights('square-operator', namespace)).filter((line) => !anybody.has(line)).sort();
      return `# in namespace ${namespace}\n${own.join('\n')}\n`;
    };
    return `${await of(home)}\n${await of(shop)}`;
  }

  beforeAll(async () => {
    if (lacks !== undefined) return;
    const report = reportTo(process.stderr);
    dir = await runDir();
    await writeFile(join(dir, 'package.json'), '{ "type": "commonjs" }');
    [helm, kubectl] = [await findHelm(report), await findKubectl(report)];
    [controlPlane, square, frontDoor] = await Promise.all([
      startControlPlane({ dir: join(dir, 'c'), report }),
      startSimulator(),
      startFrontDoor('http'),
      bundle(root, { entry: 'src/main.ts', outfile: join(dir, 'square-operator.js') }),
      mkdir(join(dir, 'compiled')),
    ]);
    api = await openApi(controlPlane.kubeconfig);
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    for (const [name, labels] of [
      [home, restricted],
      [shop, {}],
      ['elsewhere', {}],
    ] as const)
      await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name, labels } } });
  }, long);
  afterAll(async () => {
    await operators.at(-1)?.stop();
    live?.stop();
    await Promise.all([square?.stop(), frontDoor?.stop(), api?.close()]);
    await controlPlane?.stop();
    if (dir !== '') await rm(dir, { recursive: true, force: true });
  }, long);

  const step = (name: string, act: () => Promise<void>) => testUnless(lacks, name, act, long);

  step('says what to do next', async () => {
    const said = await release('install');
    expect(said).toContain('looks after all namespaces');
    expect(said).toContain('Back up the sealing key');
    live = await createLive(controlPlane.kubeconfig, api);
    await live.follow();
    scene = createScene({ api, live, square, namespace: shop, operators });
  });

  step('gets two pods under the restricted standard', async () => {
    const replicas = '--for=jsonpath={.status.replicas}=2';
    const { code, stderr } = await kube('wait', 'deployment/square-operator', '-n', home, replicas, '--timeout=60s');
    expect([code, stderr]).toEqual([0, '']);
    const { items } = await api.ask<{ items: ChartObject[] }>('GET', `/api/v1/namespaces/${home}/pods`);
    expect(items).toHaveLength(2);
  });

  step('runs from the arguments, the environment, the account and the rights that it gives', async () => {
    await start();
    const party = await scene.connected({ name: 'bakery' });
    expect((await kube('wait', '--for=condition=Ready', 'sqc/bakery', '-n', shop, '--timeout=30s')).code).toBe(0);
    expect(await operators.at(-1)?.get('readyz')).toEqual({ status: 200, text: 'ok' });
    expect(scene.tokenRequests(party)).toBe(1);
    expect(operators.at(-1)?.log.join('')).not.toMatch(/forbidden|Forbidden/);
  });

  testUnless(
    lacks ?? mountsLack(),
    'reads its account where pods have it mounted, and goes on with the token that the kubelet puts there next',
    async () => {
      const token = join(dir, 'account/token');
      const good = await readFile(token, 'utf8');
      await writeFile(token, 'not-a-token');
      const operator = await restart();
      await live.until('it is refused', () => /401|Unauthorized/.test(operator.log.join('')), 30_000);
      expect((await operator.get('readyz')).status).not.toBe(200);
      await writeFile(token, good);
      await scene.request('bakery', 'refresh');
      await live.until('it is renewed', () => scene.status('bakery').revision === 2, 60_000);
      expect((await operator.get('readyz')).status).toBe(200);
    },
    long,
  );

  step('lets the operator do this and nothing else', async () =>
    expect(await allRights()).toMatchFileSnapshot('rights.txt'),
  );

  step('serves sellers and the platform team where the chart leads browsers', async () => {
    await release('upgrade', { settings: { ...values().settings, externalURL: frontDoor.url } });
    await start();
    await expect(await allRights()).toMatchFileSnapshot('rights-web.txt');
    const { clientID, clientSecret } = square.addApplication({ redirectURL: `${frontDoor.url}/oauth/callback` });
    await scene.create('secrets', aSecret(shop, 'web-client', { 'client-secret': clientSecret }));
    await scene.create('applications', anApplication(shop, 'web', { clientID, scopes: ['MERCHANT_PROFILE_READ'] }));
    await scene.create('connections', aConnection(shop, 'florist', { applicationRef: { name: 'web' } }));
    const asked = await scene.request('florist', 'connect');
    await live.until('the link is made', () => scene.status('florist').lastHandledConnectRequest === asked);
    const link = await live.until('the link is seen', () => textsOf(scene.secret('florist-connect-link') ?? {})['url']);
    const seller = openPerson(frontDoor.url);
    await seller.get((await seller.get(link)).location ?? '');
    const { location: authorizeURL = '' } = await seller.submit('/authorize');
    const { merchantID } = square.addSeller({ businessName: 'Florist' });
    await seller.get(square.signIn({ authorizeURL, merchantID }).callbackURL);
    await scene.becomes('florist', { Ready: 'True/Valid' });

    const accounts = `/api/v1/namespaces/${home}/serviceaccounts`;
    await api.ask('POST', accounts, { body: { metadata: { name: 'staff' } } });
    await kube('create', 'rolebinding', 'staff', '-n', shop, '--clusterrole=admin', `--serviceaccount=${home}:staff`);
    const body = { spec: { audiences: ['square-operator'] } };
    const { status } = await api.ask<{ status: { token: string } }>('POST', `${accounts}/staff/token`, { body });
    const staff = openPerson(frontDoor.url);
    await staff.get('/connections');
    expect((await staff.submit('/sign-in', { token: status.token })).status).toBe(303);
    expect((await staff.get('/connections')).text).toContain('florist');
    await staff.get(`/connections/${shop}/florist`);
    await staff.submit('/suspend');
    await scene.becomes('florist', { Ready: 'False/Suspended' });
  });

  step('has the API server refuse requests that nobody could read', async () => {
    const ask = (key: string, value: string) =>
      kube(
        'annotate',
        'sqc/bakery',
        '-n',
        shop,
        '--overwrite',
        '--dry-run=server',
        `square-operator.dev/${key}=${value}`,
      );
    for (const intent of ['refresh', 'disconnect', 'connect', 'adopt']) {
      const key = `${intent}-requested-at`;
      for (const value of ['now', '2026-01-31', '2026-13-31T12:00:00Z', '2026-01-31T12:00:00', '1769860800']) {
        const { code, stderr } = await ask(key, value);
        expect([value, code, stderr]).toEqual([value, 1, expect.stringContaining('in RFC 3339')]);
      }
      for (const value of ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.123456Z', '2026-01-31T12:00:00+01:00'])
        expect((await ask(key, value)).code).toBe(0);
    }
    expect((await ask('revoke-all', 'yes')).stderr).toContain('or leave it out');
    expect((await ask('revoke-all', 'true')).code).toBe(0);
    expect((await ask('something-else', 'yes')).code).toBe(0);
  });

  step('has the API server keep a sealing key that is needed, and warn of what else is lost', async () => {
    const key = 'secret/square-operator-sealing-key-1';
    const remove = (what: string, namespace: string) => kube('delete', what, '-n', namespace, '--dry-run=server');
    expect((await remove(key, home)).stderr).toContain('sealed grants may still need this key');
    for (const data of ['{"key.json":"e30="}', '{"more":"e30="}', 'null']) {
      const patch = ['patch', key, '-n', home, '--type=merge', '--dry-run=server', `--patch={"data":${data}}`];
      expect((await kube(...patch)).stderr).toContain('sealed grants may still need this key');
    }
    await kube('label', key, '-n', home, '--overwrite', 'square-operator.dev/sealing-key-state=retired');
    const removable = '--for=jsonpath={.metadata.annotations.square-operator\\.dev/removable}=true';
    expect((await kube('wait', key, '-n', home, removable, '--timeout=60s')).stderr).toBe('');
    expect((await remove(key, home)).code).toBe(0);
    const grant = await remove('secret/bakery-sealed', shop);
    expect([grant.code, grant.stderr]).toEqual([0, expect.stringContaining("only copy of a seller's authorization")]);
    const other = await remove('secret/bakery', shop);
    expect([other.code, other.stderr]).toEqual([0, '']);
  });

  step('is upgraded to single namespaces, where the same connection goes on', async () => {
    await release('upgrade', { watchNamespaces: [shop] });
    expect((await kube('get', 'clusterrole', 'square-operator')).stderr).toContain('not found');
    await start();
    await expect(await allRights()).toMatchFileSnapshot('rights-namespaces.txt');
    const before = scene.status('bakery').revision ?? 0;
    await scene.request('bakery', 'refresh');
    await live.until('it is renewed', () => scene.status('bakery').revision === before + 1);
    await scene.becomes('bakery', { Ready: 'True/Valid' });
    const connection = JSON.stringify({ ...aConnection('elsewhere', 'lost', { applicationRef: { name: 'app' } }) });
    const warning = async () =>
      (await inCluster(kubectl, ['create', '--dry-run=server', '-f', '-'], connection)).stderr;
    // The API server follows policies like anybody else: a new one counts a moment after it was stored, and nothing tells when.
    await expect.poll(warning, { timeout: seconds(30) }).toContain('does not look after namespace elsewhere');
  });

  step('keeps definitions, connections, grants and tokens when it is uninstalled', async () => {
    await operators.at(-1)?.stop();
    const { code } = await inCluster(helm, ['uninstall', 'square-operator', '--namespace', home]);
    expect(code).toBe(0);
    expect((await kube('get', 'deployment,role,networkpolicy', '-n', home, '-o', 'name')).stdout).toBe('');
    expect(
      (await kube('get', 'sqc/bakery', 'secret/bakery', 'secret/bakery-sealed', '-n', shop, '-o', 'name')).code,
    ).toBe(0);
    await release('install');
    await start();
    const before = scene.status('bakery').revision ?? 0;
    await scene.request('bakery', 'refresh');
    await live.until('it goes on', () => scene.status('bakery').revision === before + 1);
    await scene.becomes('bakery', { Ready: 'True/Valid' });
  });
});
