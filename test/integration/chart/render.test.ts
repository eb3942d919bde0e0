import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { parse } from 'yaml';
import { renderChart } from '../../../tools/generate/render.ts';
import { neededValues } from '../../../tools/generate/values-schema.ts';
import { findHelm, lacksHelm } from '../../../tools/programs/helm.ts';
import { findJudge, lacksJudge } from '../../../tools/programs/judge.ts';
import { findKubectl } from '../../cluster/kubectl.ts';
import { reportTo } from '../../cluster/report.ts';
import { type ChartObject, objectsIn, run } from '../../support/chart.ts';
import { valueSets, wrongValues } from '../../support/chart-values.ts';
import { createNamespace, kubeconfig } from '../../support/cluster.ts';
import { judge } from '../../support/judge.ts';
import { kustomize } from '../../support/kustomize.ts';
import { testUnless } from '../../support/needs.ts';

const root = resolve(import.meta.dirname, '../../..');
const lacks = lacksHelm();
const report = reportTo(process.stderr);
const long = 600_000;

describe('the chart', () => {
  let helm = '';
  let kubectl = '';
  let namespace = '';
  let watched: string[] = [];
  beforeAll(async () => {
    if (lacks !== undefined) return;
    [helm, kubectl] = [await findHelm(report), await findKubectl(report)];
    // What the API server refuses in a pod under this label it refuses in the dry run of a pod, too.
    namespace = await createNamespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    watched = [await createNamespace(), await createNamespace()];
  }, long);

  const rendered = (values: object): ChartObject[] => objectsIn(renderChart(helm, { values, namespace }));
  const dryRun = (objects: readonly ChartObject[]) =>
    run(
      kubectl,
      [
        'apply',
        '--server-side',
        '--force-conflicts',
        '--dry-run=server',
        '--validate=strict',
        `--kubeconfig=${kubeconfig()}`,
        '-f',
        '-',
      ],
      {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      },
    );
  /** Kinds that this API server does not have. */
  const foreign = ({ apiVersion }: ChartObject) =>
    /^(monitoring\.coreos\.com|gateway\.networking\.k8s\.io)\//.test(apiVersion);

  for (const [name, values] of Object.entries(valueSets([]))) {
    testUnless(
      lacks,
      `${name}: Helm's linter has nothing to say`,
      async () => {
        const args = ['lint', '--strict', '--values', '-', join(root, 'charts/square-operator')];
        const { code, stdout } = await run(helm, args, { input: JSON.stringify(values) });
        expect([code, stdout.match(/\[(WARNING|ERROR)\].*/g)]).toEqual([0, null]);
      },
      long,
    );

    testUnless(
      lacks,
      `${name}: the API server takes every object, and the pod under the restricted standard`,
      async () => {
        const objects = rendered(valueSets(watched)[name] ?? {});
        const known = objects.filter((one) => !foreign(one));
        const deployment = known.find(({ kind }) => kind === 'Deployment');
        const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...deployment?.['spec'].template.metadata, name: 'one', namespace },
          // Whether there is such an account is not asked here.
          spec: { ...deployment?.['spec'].template.spec, serviceAccountName: account.metadata.name },
        };
        const { code, stdout, stderr } = await dryRun([...known, pod]);
        expect(stderr).toBe('');
        expect(code).toBe(0);
        expect(stdout.trim().split('\n')).toHaveLength(known.length + 1);
      },
      long,
    );
  }

  for (const path of neededValues) {
    const values = path.split('.').reduceRight<object | null>((within, name) => ({ [name]: within }), null) ?? {};
    const says = new RegExp(`leave ${path.replaceAll('.', '\\.')} out, or write a value: it is null`);
    testUnless(
      lacks,
      `says what to do where ${path} is null`,
      async () => expect(() => rendered(values)).toThrow(says),
      long,
    );
  }

  for (const [name, [values, says]] of Object.entries(wrongValues)) {
    testUnless(lacks, `refuses ${name}`, async () => expect(() => rendered(values)).toThrow(says), long);
  }

  testUnless(
    lacks,
    'leads to the web listener and to no other, and only where there is one',
    async () => {
      const of = (values: object, ...kinds: string[]) => rendered(values).filter(({ kind }) => kinds.includes(kind));
      const web = { settings: { externalURL: 'https://square.example.com:8443/sellers' } };
      const ways = { ingress: { create: true }, httpRoute: { create: true, parentRefs: [{ name: 'public' }] } };
      const [ingress, route] = of({ ...web, web: ways }, 'Ingress', 'HTTPRoute');
      const backend = { name: 'square-operator-web', port: { name: 'web' } };
      expect(ingress?.['spec'].rules).toEqual([
        {
          host: 'square.example.com',
          http: { paths: [{ path: '/sellers', pathType: 'Prefix', backend: { service: backend } }] },
        },
      ]);
      expect(route?.['spec'].hostnames).toEqual(['square.example.com']);
      expect(route?.['spec'].rules[0].backendRefs).toEqual([{ name: 'square-operator-web', port: 80 }]);
      const ports = (values: object) => {
        const [deployment] = of(values, 'Deployment');
        const { ports, lifecycle, args } = deployment?.['spec'].template.spec.containers[0] ?? {};
        return { names: ports.map((port: { name: string }) => port.name), waits: lifecycle !== undefined, args };
      };
      expect(ports({})).toMatchObject({ names: ['metrics', 'health'], waits: false });
      expect(ports({}).args).toContain('--web-bind-address=0');
      expect(ports(web)).toMatchObject({ names: ['metrics', 'health', 'web'], waits: true });
      const services = (values: object) => of(values, 'Service').map(({ metadata }) => metadata.name);
      expect(services({})).toEqual(['square-operator-metrics']);
      expect(services(web)).toEqual(['square-operator-metrics', 'square-operator-web']);
      const [policy] = of(web, 'NetworkPolicy');
      expect(
        policy?.['spec'].ingress.flatMap((rule: { ports: { port: string }[] }) => rule.ports.map(({ port }) => port)),
      ).toEqual(['metrics', 'web']);
    },
    long,
  );

  testUnless(
    lacks,
    'with a list of namespaces gives no right beyond them and its own',
    async () => {
      const values = {
        watchNamespaces: watched,
        rolloutRestart: { enabled: true },
        settings: { externalURL: 'https://a.example' },
        web: { staffPages: false },
        aggregatedRoles: { create: false },
      };
      const roles = rendered(values).filter(({ kind }) => /Role(Binding)?$/.test(kind));
      expect(roles.filter(({ kind }) => kind.startsWith('Cluster'))).toEqual([]);
      expect(new Set(roles.map(({ metadata }) => metadata.namespace))).toEqual(new Set([namespace, ...watched]));
    },
    long,
  );

  testUnless(
    lacks,
    'says which names of the sources lead nowhere, until they are replaced, and what Square has to be told',
    async () => {
      // Helm shows notes only with an API server that knows every kind; so they are made an object of a copy.
      const copy = await mkdtemp(join(tmpdir(), 'square-operator-chart-'));
      await cp(join(root, 'charts/square-operator'), copy, { recursive: true });
      const text = await readFile(join(copy, 'templates/NOTES.txt'), 'utf8');
      const object = '{"apiVersion": "v1", "kind": "Said", "notes": {{ include "notes" . | toJson }}}';
      await writeFile(join(copy, 'templates/said.yaml'), `{{ define "notes" }}${text}{{ end }}${object}`);
      const notes = async (values: object) => {
        const args = ['template', 'a', copy, '--values=-', '--show-only=templates/said.yaml'];
        const { stdout, stderr } = await run(helm, args, { input: JSON.stringify(values) });
        expect(stderr).toBe('');
        return objectsIn(stdout)[0]?.['notes'] as string;
      };
      const [image, links] = ['which no registry serves', 'where nothing is published'];
      const sources = await notes({ alerts: { create: true } });
      expect(sources).toContain(image);
      expect(sources).toContain(links);
      expect(await notes({})).not.toContain(links);
      const own = { repository: 'registry.example.com/square-operator' };
      const theirs = await notes({
        image: own,
        alerts: { create: true, runbooks: 'https://wiki.example.com/runbooks' },
      });
      expect(theirs).not.toMatch(new RegExp(`${image}|${links}`));
      // Square wants it to the letter, and the operator takes slashes at the end away.
      const slashed = await notes({ settings: { externalURL: 'https://square.example.com/sellers//' } });
      expect(slashed).toContain('https://square.example.com/sellers/oauth/callback:');
      expect(slashed).toContain('https://square.example.com/sellers/connect/NAMESPACE/NAME');
      await rm(copy, { recursive: true });
    },
    long,
  );

  testUnless(
    lacks,
    'lets nobody in and nothing out by a list that is empty, and everything out that it is told to ask',
    async () => {
      const policy = (values: object) => rendered(values).find(({ kind }) => kind === 'NetworkPolicy')?.['spec'];
      const ports = (values: object) =>
        policy(values).egress.map((rule: { ports?: { port: number }[] }) => rule.ports?.map(({ port }) => port));
      const closed = { networkPolicy: { egressPorts: [], metricsFrom: [] } };
      expect(policy(closed).ingress ?? []).toEqual([]);
      expect(ports(closed)).toEqual([[53, 53]]);
      expect(ports({ settings: { squareProductionURL: 'https://square.test:8443' } })).toEqual([
        [53, 53],
        [443, 6443, 8443],
      ]);
      expect(ports({ settings: { squareProductionURL: 'https://square.test:443' } })).toEqual(ports({}));
    },
    long,
  );

  testUnless(
    lacks,
    'never has two pods that act without a lease',
    async () => {
      const values = valueSets([])['one replica without a lease'] ?? {};
      const deployment = rendered(values).find(({ kind }) => kind === 'Deployment');
      expect(deployment?.['spec']).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    },
    long,
  );

  testUnless(
    lacks,
    'takes names that YAML would read as something else',
    async () => {
      const values = { watchNamespaces: ['no', '2024'], serviceAccount: { name: '1e3' } };
      const made = objectsIn(renderChart(helm, { values, namespace: '0755', release: '12.5' }));
      const texts = made.flatMap(({ metadata: { name, namespace = '', labels = {} } }) => [
        name,
        namespace,
        ...Object.values(labels),
      ]);
      expect(texts.filter((text) => typeof text !== 'string')).toEqual([]);
      const roles = made.filter(({ kind, metadata }) => kind === 'Role' && metadata.name.endsWith('-watched'));
      expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['no', '2024']);
      const { code, stderr } = await run(
        helm,
        ['lint', '--strict', '--values', '-', join(root, 'charts/square-operator')],
        {
          input: JSON.stringify(values),
        },
      );
      expect([code, stderr]).toEqual([0, '']);
      const services = made.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
      for (const name of services) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    },
    long,
  );

  testUnless(
    lacks,
    'keeps the resource definitions when it is uninstalled',
    async () => {
      const definitions = rendered({}).filter(({ kind }) => kind === 'CustomResourceDefinition');
      expect(definitions.map(({ metadata }) => metadata.annotations)).toEqual([
        { 'helm.sh/resource-policy': 'keep' },
        { 'helm.sh/resource-policy': 'keep' },
      ]);
    },
    long,
  );

  testUnless(
    lacks ?? lacksJudge(),
    'has monitors and alerts whose every field the Prometheus operator knows',
    async () => {
      const monitor = { create: true, labels: { release: 'prometheus' } };
      const objects = [{ metrics: { serviceMonitor: monitor }, alerts: monitor }, { metrics: { podMonitor: monitor } }]
        .flatMap(rendered)
        .filter(({ apiVersion }) => apiVersion.startsWith('monitoring.coreos.com/'));
      expect(objects.map(({ kind }) => kind).sort()).toEqual(['PodMonitor', 'PrometheusRule', 'ServiceMonitor']);
      const program = await findJudge(report);
      expect(
        judge(
          program,
          objects.map((object) => ({ ask: 'monitoring', object })),
        ),
      ).toEqual(objects.map(() => ({})));
    },
    long,
  );

  testUnless(
    lacks,
    'has the alerts and the dashboard as they are in its files, with the namespace of the release in the remedies',
    async () => {
      const objects = rendered({ alerts: { create: true }, dashboard: { create: true } });
      const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
      const files = join(root, 'charts/square-operator/files');
      const alerts = (await readFile(join(files, 'alerts.yaml'), 'utf8')).replaceAll(
        /(-n|--operator-namespace) square-operator\b/g,
        `$1 ${namespace}`,
      );
      expect(rule?.['spec']).toEqual(parse(alerts));
      const dashboard = objects.find(({ metadata }) => metadata.name === 'square-operator-dashboard');
      expect(dashboard?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
      const shown = JSON.parse(dashboard?.['data']['square-operator.json']) as object;
      expect(shown).toEqual(JSON.parse(await readFile(join(files, 'dashboard.json'), 'utf8')));
    },
    long,
  );
});

describe('kustomize', () => {
  const components = {
    web: { settings: { externalURL: 'https://square.example.com' } },
    'rollout-restart': { rolloutRestart: { enabled: true } },
    'rollout-restart-namespaced': { rolloutRestart: { enabled: true } },
  };
  type Component = keyof typeof components;
  const cases: readonly (readonly [folder: string, used: readonly Component[]])[] = [
    ['base', []],
    ['base', ['web', 'rollout-restart']],
    ['namespaced', []],
    ['namespaced', ['web', 'rollout-restart-namespaced']],
  ];

  const identity = ({ kind, metadata }: ChartObject) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  /** What the objects come to; the order of arguments and what is only for Helm aside. */
  const essence = (objects: readonly ChartObject[]) =>
    Object.fromEntries(
      objects
        .filter(({ kind }) => kind !== 'Namespace')
        .map((one) => {
          const pod = one['spec']?.template?.spec;
          // A flag goes before an earlier one of its name.
          const args = new Map(pod?.containers[0].args.map((arg: string) => arg.split('=')));
          if (pod !== undefined) pod.containers[0].args = Object.fromEntries(args);
          for (const { metadata } of [one, one['spec']?.template ?? one]) {
            delete metadata.labels?.['helm.sh/chart'];
            delete metadata.labels?.['app.kubernetes.io/managed-by'];
            delete metadata.annotations?.['helm.sh/resource-policy'];
          }
          return [identity(one), { ...one, metadata: one.metadata.labels }];
        }),
    );

  for (const [folder, used] of cases) {
    testUnless(
      lacks,
      `gives the same as Helm: deploy/${[folder, ...used].join(' with ')}`,
      async () => {
        const values = Object.assign(
          folder === 'namespaced' ? { watchNamespaces: ['shop'] } : {},
          ...used.map((one) => components[one]),
        );
        const made = essence(objectsIn(await kustomize(folder, used, report)));
        const wanted = essence(objectsIn(renderChart(await findHelm(report), { values })));
        expect(Object.keys(made).sort()).toEqual(Object.keys(wanted).sort());
        expect(made).toEqual(wanted);
      },
      long,
    );
  }
});
