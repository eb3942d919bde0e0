import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { findHelm, lacksHelm } from '../../../tools/programs/helm.ts';
import { type Api, openApi } from '../../cluster/api.ts';
import { findKubectl } from '../../cluster/kubectl.ts';
import { reportTo } from '../../cluster/report.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { type ChartObject, run } from '../../support/chart.ts';
import { makeLaterChart } from '../../support/later-chart.ts';
import { testUnless } from '../../support/needs.ts';
import { aConnection } from '../../support/objects.ts';
import { ownControlPlane } from '../../support/own-control-plane.ts';

const root = resolve(import.meta.dirname, '../../..');
const chart = join(root, 'charts/square-operator');
const lacks = lacksHelm();
const long = 600_000;
const home = 'square-operator';

// What docs/installing.md and docs/upgrading.md say of Helm and versions, with a chart that is none of ours yet.
describe('the charts of two releases', () => {
  const kubeconfig = ownControlPlane();
  let api: Api;
  let [helm, dir, later] = ['', '', ''];
  beforeAll(async () => {
    if (lacks !== undefined) return;
    helm = await findHelm(reportTo(process.stderr));
    dir = await runDir();
    later = await makeLaterChart(dir);
    api = await openApi(kubeconfig());
    for (const name of [home, 'shop']) await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
  }, long);
  afterAll(async () => {
    await api?.close();
    if (dir !== '') await rm(dir, { recursive: true, force: true });
  });

  const helmWith = (...args: readonly string[]) =>
    run(helm, [...args, `--namespace=${home}`, `--kubeconfig=${kubeconfig()}`], {
      env: { HELM_CACHE_HOME: dir, HELM_CONFIG_HOME: dir, HELM_DATA_HOME: dir },
    });
  const done = async (...args: readonly string[]) => {
    const { code, stderr } = await helmWith(...args);
    expect([stderr, code]).toEqual(['', 0]);
  };
  const deployed = () => api.ask<ChartObject>('GET', `/apis/apps/v1/namespaces/${home}/deployments/square-operator`);
  const looks = async () => {
    const { spec } = await deployed();
    return [spec.replicas, spec.template.spec.containers[0].image];
  };
  const connections = '/apis/square-operator.dev/v1alpha1/namespaces/shop/squareconnections';
  const step = (name: string, act: () => Promise<void>) => testUnless(lacks, name, act, long);

  step('take over what was applied by hand, all of deploy/install.yaml', async () => {
    const kubectl = await findKubectl(reportTo(process.stderr));
    const install = join(root, 'deploy/install.yaml');
    for (const _ of ['once', 'again']) {
      const applied = await run(kubectl, ['apply', '--server-side', `--kubeconfig=${kubeconfig()}`, '-f', install]);
      expect(applied.code, applied.stderr).toBe(0);
    }
    const early = await helmWith('upgrade', 'square-operator', later, '--take-ownership');
    expect(early.stderr).toContain('has no deployed releases');
    expect((await helmWith('install', 'square-operator', later)).stderr).toContain('cannot be imported');
    await done(
      'install',
      'square-operator',
      later,
      '--take-ownership',
      '--set=replicas=3,image.repository=there,later.mine=1',
    );
    expect(await looks()).toEqual([3, 'there:99.0.0']);
    const spec = { applicationRef: { name: 'pos' }, later: 'is kept' };
    await api.ask('POST', `${connections}?fieldValidation=Strict`, { body: aConnection('shop', 'bakery', spec) });
  });

  step(
    'go back by the command in the docs: the values that were given, no later default, and no field is dropped',
    async () => {
      const docs = await readFile(join(root, 'docs/upgrading.md'), 'utf8');
      const [, said = ''] = /^ *helm (upgrade \S+ OLDER-CHART .*)$/m.exec(docs) ?? [];
      const args = said
        .replace('OLDER-CHART', chart)
        .replace(/--namespace \S+ /, '')
        .split(' ');
      expect((await helmWith(...args)).stderr).toContain("additional properties 'later' not allowed");
      await done(...args, '--set=later=null');
      const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
      expect(await looks()).toEqual([3, `there:${version}`]);
      const body = { metadata: { annotations: { 'example.com/a': 'b' } } };
      const contentType = 'application/merge-patch+json';
      const written = await api.ask<ChartObject>('PATCH', `${connections}/bakery`, { body, contentType });
      expect(written['spec'].later).toBe('is kept');
    },
  );

  step('go forward again, definitions and all', async () => {
    await done('upgrade', 'square-operator', later, '--reset-then-reuse-values', '--set=crds.install=true');
    expect(await looks()).toEqual([3, 'there:99.0.0']);
    expect((await helmWith('get', 'manifest', 'square-operator')).stdout).toContain('kind: CustomResourceDefinition');
  });
});
