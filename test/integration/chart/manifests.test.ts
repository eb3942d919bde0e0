import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderChart } from '../../../tools/generate/render.ts';
import { kubeconform, kubeScore } from '../../../tools/programs/go-tool.ts';
import { findHelm, lacksHelm } from '../../../tools/programs/helm.ts';
import { findKubectl } from '../../cluster/kubectl.ts';
import { reportTo } from '../../cluster/report.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { type ChartObject, objectsIn, run } from '../../support/chart.ts';
import { adminApi, kubeconfig } from '../../support/cluster.ts';
import { kustomize } from '../../support/kustomize.ts';
import { testUnless } from '../../support/needs.ts';
import { schemaLocation, writeSchemas } from '../../support/schemas.ts';

const root = resolve(import.meta.dirname, '../../..');
const lacks = lacksHelm() ?? kubeconform.lacks() ?? kubeScore.lacks();
const report = reportTo(process.stderr);
const long = 600_000;
const home = 'square-operator';

/** What kube-score asks for and the chart does not do, and why. Every other check of it, the optional ones too, is kept. */
const notKept: Readonly<Record<string, string>> = {
  'container-cpu-limit': 'A renewal that is throttled is late, and what others are protected by is the request.',
  'container-cpu-requests-equal-limits': 'The same.',
  'container-resource-requests-equal-limits': 'The same, and of memory the next.',
  'container-image-pull-policy':
    'Images are named by version or digest, and a registry that is down must not keep a replica from starting.',
  'container-memory-requests-equal-limits':
    'What 1,000 connections take is requested; the limit leaves room for a restart with 10,000, which needs more for a moment.',
  'container-ephemeral-storage-request-and-limit':
    'The root is read-only and the journal has a size limit of its own. A limit would count the logs that the kubelet keeps, and evict the only holder of an answer that is not stored yet.',
  'deployment-has-host-podantiaffinity':
    'Topology spread constraints over hosts and zones say the same, and both replicas still start where there is one node.',
};

describe('manifests', () => {
  let [helm, kubectl, conform, score] = ['', '', '', ''];
  let dir = '';
  beforeAll(async () => {
    if (lacks !== undefined) return;
    dir = await runDir();
    helm = await findHelm(report);
    kubectl = await findKubectl(report);
    conform = await kubeconform.find(report);
    score = await kubeScore.find(report);
    // Where deploy/ puts its objects; nothing is created in it.
    const api = await adminApi();
    await api.send('POST', '/api/v1/namespaces', { body: { metadata: { name: home } } });
  }, long);
  afterAll(async () => {
    if (dir !== '') await rm(dir, { recursive: true });
  });

  const web = {
    settings: { externalURL: 'https://square.example.com' },
    web: { ingress: { create: true, className: 'nginx', tlsSecretName: 'square-tls' } },
  };
  const manifests: Readonly<Record<string, () => string | Promise<string>>> = {
    'the chart as it is': () => renderChart(helm),
    'the chart for single namespaces': () => renderChart(helm, { values: { watchNamespaces: [home] } }),
    'the chart with all that it has': () => {
      const values = { ...web, rolloutRestart: { enabled: true }, dashboard: { create: true } };
      return renderChart(helm, { values });
    },
    'deploy/install.yaml': () => readFile(join(root, 'deploy/install.yaml'), 'utf8'),
    'deploy/base': () => kustomize('base', [], report),
    'deploy/base with web and rollout-restart': () => kustomize('base', ['web', 'rollout-restart'], report),
    'deploy/namespaced with web and rollout-restart-namespaced': () =>
      kustomize('namespaced', ['web', 'rollout-restart-namespaced'], report).then((text) =>
        text.replaceAll(/^( +namespace:) shop$/gm, `$1 ${home}`),
      ),
  };

  const conforms = async (text: string) => {
    const objects = objectsIn(text);
    await writeSchemas(await adminApi(), dir, objects);
    const args = ['-strict', '-summary', '-output', 'json', '-schema-location', schemaLocation(dir)];
    const { stdout } = await run(conform, args, { input: text });
    const { resources = [], summary } = JSON.parse(stdout) as { resources?: { msg: string }[]; summary: object };
    return { objects: objects.length, faults: resources.map(({ msg }) => msg), summary };
  };
  const scored = async (text: string, ignored = Object.keys(notKept)) => {
    const optional = (await run(score, ['list'])).stdout.match(/^[a-z-]+(?=,.*,optional$)/gm) ?? [];
    const flags = [
      ...optional.filter((id) => !ignored.includes(id)).map((id) => `--enable-optional-test=${id}`),
      // The limit alone is no check of its own: the one that it belongs to also asks for the limit of memory and the requests.
      ...ignored.map((id) => (id === 'container-cpu-limit' ? `--ignore-${id}` : `--ignore-test=${id}`)),
    ];
    const args = ['score', '--exit-one-on-warning', '--output-format=ci', '--kubernetes-version=v1.33', ...flags, '-'];
    return run(score, args, { input: text });
  };
  const complaints = (stdout: string) => stdout.match(/^\[(?:WARNING|CRITICAL)\].*$/gm) ?? [];

  for (const [name, make] of Object.entries(manifests)) {
    testUnless(
      lacks,
      `${name}: every field is one of the API server's`,
      async () => {
        const { objects, faults, summary } = await conforms(await make());
        expect(faults).toEqual([]);
        expect(summary).toEqual({ valid: objects, invalid: 0, errors: 0, skipped: 0 });
        expect(objects).toBeGreaterThan(10);
      },
      long,
    );
    testUnless(
      lacks,
      `${name}: kube-score has nothing to say`,
      async () => {
        const { code, stdout, stderr } = await scored(await make());
        expect([complaints(stdout), stderr, code]).toEqual([[], '', 0]);
      },
      long,
    );
    testUnless(
      lacks,
      `${name}: the API server takes it`,
      async () => {
        const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict'];
        const text = await make();
        const { code, stdout, stderr } = await run(kubectl, [...args, `--kubeconfig=${kubeconfig()}`, '-f', '-'], {
          input: text,
        });
        expect([stderr, code]).toEqual(['', 0]);
        expect(stdout.trim().split('\n')).toHaveLength(objectsIn(text).length);
      },
      long,
    );
  }

  testUnless(
    lacks,
    'a field that there is not, a value of another kind and a missing one are found',
    async () => {
      const wrong = async (from: RegExp, to: string) => {
        const text = renderChart(helm);
        expect(text).toMatch(from);
        return (await conforms(text.replace(from, to))).faults.join();
      };
      expect(await wrong(/readOnlyRootFilesystem/, 'readOnlyRootFilesytem')).toContain('readOnlyRootFilesytem');
      expect(await wrong(/replicas: \d/, 'replicas: many')).toContain('replicas');
      expect(await wrong(/^ +maxUnavailable: 1$/m, '  maxUnavailable: [1]')).toContain('maxUnavailable');
      expect(await wrong(/^ +podSelector:$/m, '  selector:')).toContain('selector');
    },
    long,
  );

  testUnless(
    lacks,
    'kube-score would complain of each thing that it is not asked for, and of no other',
    async () => {
      const text = renderChart(helm);
      for (const id of Object.keys(notKept)) {
        const others = Object.keys(notKept).filter((other) => other !== id);
        expect([id, complaints((await scored(text, others)).stdout)]).not.toEqual([id, []]);
      }
    },
    long,
  );

  test('of deploy/install.yaml the docs delete all but the namespace with the keys, and the definitions', async () => {
    const docs = await readFile(join(root, 'docs/installing.md'), 'utf8');
    const commands = [...docs.replaceAll('\\\n', ' ').matchAll(/^kubectl delete (\S+) .*-l (\S+)=(\S+)$/gm)];
    expect(commands).toHaveLength(2);
    const goes = ({ kind, metadata }: ChartObject) =>
      commands.some(
        ([, kinds = '', label = '', value]) =>
          kinds.split(',').includes(kind.toLowerCase()) && metadata.labels?.[label] === value,
      );
    const objects = objectsIn(await readFile(join(root, 'deploy/install.yaml'), 'utf8'));
    const left = objects.filter((one) => !goes(one)).map(({ kind }) => kind);
    expect(left).toEqual(['Namespace', 'CustomResourceDefinition', 'CustomResourceDefinition']);
  });
});
