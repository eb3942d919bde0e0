import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { findHelm, lacksHelm } from '../../../tools/programs/helm.ts';
import { type Api, openApi } from '../../cluster/api.ts';
import { findKubectl } from '../../cluster/kubectl.ts';
import { reportTo } from '../../cluster/report.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { certificate } from '../../support/certificate.ts';
import { type ChartObject, run } from '../../support/chart.ts';
import { type ChartRegistry, startChartRegistry } from '../../support/chart-registry.ts';
import { commandsOf, pagesWithCommands, runBlock } from '../../support/documented.ts';
import { eventually } from '../../support/eventually.ts';
import { makeLaterChart } from '../../support/later-chart.ts';
import { testUnless } from '../../support/needs.ts';
import { ownControlPlane } from '../../support/own-control-plane.ts';

const root = resolve(import.meta.dirname, '../../..');
const lacks = lacksHelm();
const report = reportTo(process.stderr);
const long = 600_000;
const home = 'square-operator';
const pages = [
  'README.md',
  ...['upgrading', 'monitoring', 'web-pages', 'installing'].map((name) => `docs/${name}.md`),
] as const;

/** A kind of the Prometheus operator, as far as the chart needs it: any object of it is taken. */
const foreign = (kind: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.monitoring.coreos.com` },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { kind, plural: `${kind.toLowerCase()}s` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

// One story in a cluster that nobody else has: each page finds what the one before has left.
describe('commands of the docs that take Helm, or install', () => {
  const kubeconfig = ownControlPlane('bare');
  let api: Api;
  let registry: ChartRegistry;
  let [dir, later, version] = ['', '', ''];
  let env: Record<string, string> = {};
  beforeAll(async () => {
    if (lacks !== undefined) return;
    dir = await runDir();
    const [helm, kubectl] = [await findHelm(report), await findKubectl(report)];
    ({ version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string });
    await writeFile(join(dir, 'authorities.pem'), certificate);
    env = {
      PATH: [dirname(helm), dirname(kubectl), process.env['PATH']].join(':'),
      HOME: dir,
      KUBECONFIG: kubeconfig(),
      // Of the registry alone: a kubeconfig names the API server's.
      SSL_CERT_FILE: join(dir, 'authorities.pem'),
    };
    // A checkout, as far as these commands go into it.
    for (const folder of ['charts', 'deploy']) await symlink(join(root, folder), join(dir, folder));
    await mkdir(join(dir, 'packed'));
    const packed = await run(helm, ['package', join(root, 'charts/square-operator'), '-d', join(dir, 'packed')]);
    expect([packed.code, packed.stderr]).toEqual([0, '']);
    const archive = await readFile(join(dir, `packed/square-operator-${version}.tgz`));
    registry = await startChartRegistry('someone/square-operator/charts/square-operator', version, archive);
    later = await makeLaterChart(dir);
    api = await openApi(kubeconfig());
    for (const name of ['shop', 'cafe']) await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
  }, long);
  afterAll(async () => {
    await registry?.stop();
    await api?.close();
    if (dir !== '') await rm(dir, { recursive: true, force: true });
  });

  const paste = async (block: string): Promise<string> => {
    const here = block
      .replaceAll('ghcr.io/OWNER', `${registry.host}/someone`)
      .replaceAll('REGISTRY', 'registry.example.com')
      .replaceAll('NEWER-CHART', later)
      .replaceAll('OLDER-CHART', 'charts/square-operator')
      .replaceAll(/\bsquare-operator CHART\b/g, 'square-operator charts/square-operator');
    const { code, said } = await runBlock(here, dir, env);
    expect(code, `${here}\n${said}`).toBe(0);
    return said;
  };
  const blocks = (page: (typeof pages)[number]) => commandsOf(page, 'run helm');
  const kube = (line: string) => paste(`kubectl ${line}`);
  const deployment = `/apis/apps/v1/namespaces/${home}/deployments/square-operator`;
  const deployed = async () => (await api.ask<ChartObject>('GET', deployment))['spec'].template.spec.containers[0];
  const image = (tag: string) => `registry.example.com/square-operator:${tag}`;
  const step = (name: string, act: () => Promise<void>) => testUnless(lacks, name, act, long);

  /** What a node says of a pod that runs; there is none here. */
  async function startPods(count: number): Promise<void> {
    const path = `/api/v1/namespaces/${home}/pods`;
    const pods = await eventually(
      `${count} pods`,
      async () => {
        const { body } = await api.send('GET', path);
        const { items = [] } = body as { items?: ChartObject[] };
        return items.length === count && items;
      },
      60_000,
    );
    const body = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    for (const { metadata } of pods)
      await api.ask('PATCH', `${path}/${metadata.name}/status`, { body, contentType: 'application/merge-patch+json' });
  }

  /** Where nothing of the operator is installed; with `everything` its definitions are gone, too. */
  async function clear(everything?: 'everything'): Promise<void> {
    await paste(`helm uninstall square-operator --namespace ${home} --ignore-not-found --wait`);
    // On a busy machine the API server was seen to take more than a minute for it.
    if (everything !== undefined) await kube('delete crd -l app.kubernetes.io/name=square-operator --timeout=180s');
  }

  step('are all of these', async () => expect(pagesWithCommands('run helm').sort()).toEqual([...pages].sort()));

  step('README: install, and wait until it runs', async () => {
    const [said] = await Promise.all([Promise.all(blocks('README.md').map(paste)), startPods(2)]);
    expect(said.join()).toContain('deployment "square-operator" successfully rolled out');
    expect((await deployed()).image).toBe(image(version));
  });

  step('upgrading: to a later chart, and back to this one', async () => {
    const [upgrade = '', back = '', ...more] = blocks('docs/upgrading.md');
    expect(more).toEqual([]);
    await paste(upgrade);
    expect((await deployed()).image).toBe(image('99.0.0'));
    await paste(back);
    expect((await deployed()).image).toBe(image(version));
  });

  step('monitoring: by the kinds of the Prometheus operator', async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    for (const kind of ['ServiceMonitor', 'PrometheusRule']) {
      await api.ask('POST', path, { body: foreign(kind) });
      await kube(`wait crd/${kind.toLowerCase()}s.monitoring.coreos.com --for=condition=Established --timeout=30s`);
    }
    for (const block of blocks('docs/monitoring.md')) await paste(block);
    const made = await kube(`get servicemonitor,prometheusrule,configmap -n ${home} -o name`);
    for (const one of ['servicemonitor', 'prometheusrule', 'configmap/square-operator-dashboard'])
      expect(made).toContain(one);
  });

  step('web pages: somebody of the platform team may look and act, and gets a token', async () => {
    const said = (await Promise.all(blocks('docs/web-pages.md').map(paste))).join();
    expect(said).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/m);
    const may = (what: string) =>
      kube(`auth can-i ${what} -n shop --as=system:serviceaccount:${home}:oncall || test $? = 1`);
    for (const verb of ['list', 'get', 'patch'])
      expect(await may(`${verb} squareconnections.square-operator.dev`)).toMatch(/^yes/);
    expect(await may('get secrets')).toMatch(/^no/);
  });

  step('installing: every way, each where nothing is installed yet', async () => {
    const found: string[] = [];
    for (const block of blocks('docs/installing.md').slice(0, -2)) {
      await clear();
      expect(block).toMatch(/^helm install /);
      await paste(block);
      const { image: its, args } = await deployed();
      expect(its).toMatch(new RegExp(`square-operator:${version}$`));
      found.push(
        block.includes('oci://') ? 'oci' : '',
        ...args.filter((one: string) => /namespaces|external/.test(one)),
      );
    }
    expect(found.filter((one) => one !== '')).toEqual([
      'oci',
      '--watch-namespaces=shop,cafe',
      '--external-url=https://square.example.com',
    ]);
    expect(await kube(`get ingress -n ${home} -o jsonpath='{.items[*].spec.tls[*].secretName}'`)).toBe('square-tls');
  });

  step('installing: without Helm, and away again but for what holds the connections', async () => {
    const [apply = '', remove = ''] = blocks('docs/installing.md').slice(-2);
    await clear('everything');
    await paste(apply);
    expect((await deployed()).image).toBe(image(version));
    const ours = (kinds: string) => kube(`get ${kinds} -A -l app.kubernetes.io/name=square-operator -o name`);
    const definitions = await ours('crd,namespace');
    expect(definitions).toContain('squareconnections');
    await paste(remove);
    const kinds = [
      'deployment,service,poddisruptionbudget,networkpolicy,role,rolebinding,serviceaccount',
      'clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding',
    ];
    expect(await ours(kinds.join())).toMatch(/^(No resources found\s*)?$/);
    expect(await ours('crd,namespace')).toBe(definitions);
    await kube(`get namespace ${home}`);
  });
});
