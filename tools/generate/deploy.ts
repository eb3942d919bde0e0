import { type Document, isMap, parseAllDocuments, stringify } from 'yaml';
import type { Artifact } from './artifact.ts';
import { renderChart } from './render.ts';

const head = '# Made from charts/square-operator by "npm run generate". Do not edit.\n';
const keptHead = `# Never delete what is in here by "kubectl delete -f": the namespace has the sealing keys, and with the definitions go all
# connections. How to take it away again: docs/installing.md, "Uninstalling".
`;
const name = 'square-operator';

/** The namespace that stands for those of a user in the overlay. */
const example = 'shop';

/** Manifests for those who do not use Helm: what the chart gives with its defaults, and what other values change in it. */
export function deployManifests(helm: string): Artifact[] {
  const all = rendered(helm, {});
  const namespace = parseAllDocuments(stringify(namespaceObject))[0] as Document;
  const of = (...kinds: readonly RegExp[]) => all.filter((one) => kinds.some((kind) => kind.test(kindOf(one))));
  const crds = of(/^CustomResourceDefinition$/);
  const aggregated = all.filter((one) =>
    one.hasIn(['metadata', 'labels', 'rbac.authorization.k8s.io/aggregate-to-edit']),
  );
  const rbac = of(/^ServiceAccount$/, /Role(Binding)?$/).filter((one) => !aggregated.includes(one));
  const policies = of(/^ValidatingAdmissionPolicy/);
  const apart = new Set([...crds, ...aggregated, ...rbac, ...policies]);
  const files = {
    'namespace.yaml': [namespace],
    'crds.yaml': crds,
    'rbac.yaml': rbac,
    'aggregated-roles.yaml': aggregated,
    'admission-policies.yaml': policies,
    'operator.yaml': all.filter((one) => !apart.has(one)),
  };
  return [
    { path: 'deploy/install.yaml', text: head + keptHead + textOf([namespace, ...all]) },
    ...Object.entries(files).map(([file, documents]) => ({
      path: `deploy/base/${file}`,
      text: head + textOf(documents),
    })),
    kustomization('base', { kind: 'Kustomization', resources: Object.keys(files) }),
    ...namespaced(helm, all),
    ...rolloutRestart(helm, 'rollout-restart', {}),
    ...rolloutRestart(helm, 'rollout-restart-namespaced', { watchNamespaces: [example] }),
    ...web(helm, all),
  ];
}

const namespaceObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { 'app.kubernetes.io/name': name, 'pod-security.kubernetes.io/enforce': 'restricted' },
  },
};

/** Roles in single namespaces in the place of the ClusterRole. */
function namespaced(helm: string, base: readonly Document[]): Artifact[] {
  const documents = rendered(helm, { watchNamespaces: [example] });
  const { added, removed, deployment } = comparison(base, documents);
  const policies = added.filter((one) => kindOf(one).startsWith('ValidatingAdmissionPolicy'));
  const roles = added.filter((one) => !policies.includes(one));
  return [
    {
      path: 'deploy/namespaced/roles.yaml',
      text: `${head}# One Role and RoleBinding for each namespace; here for "${example}".\n${textOf(roles)}`,
    },
    {
      path: 'deploy/namespaced/watched.yaml',
      text: `${head}# It names the namespaces that are looked after; here "${example}".\n${textOf(policies)}`,
    },
    kustomization('namespaced', {
      kind: 'Kustomization',
      resources: ['../base', 'roles.yaml', 'watched.yaml'],
      patches: [...removed.map(removal), { patch: stringify(deployment, { lineWidth: 0 }) }],
    }),
  ];
}

/** A part to add to what `values` give. */
function rolloutRestart(helm: string, folder: string, values: object): Artifact[] {
  const more = { ...values, rolloutRestart: { enabled: true } };
  const { added, deployment } = comparison(rendered(helm, values), rendered(helm, more));
  return [
    { path: `deploy/${folder}/rbac.yaml`, text: head + textOf(added) },
    kustomization(folder, {
      kind: 'Component',
      resources: ['rbac.yaml'],
      patches: [toDeployment(addArgs(deployment, /^--enable-rollout-restart/))],
    }),
  ];
}

/** A part to add to either, for sellers who sign in on the web, and the page of the platform team. */
function web(helm: string, base: readonly Document[]): Artifact[] {
  const documents = rendered(helm, { settings: { externalURL: 'https://square.example.com' } });
  const { added, deployment } = comparison(base, documents);
  const services = added.filter((one) => kindOf(one) === 'Service');
  const part = (kind: string, path: readonly (string | number)[]) =>
    documents.find((one) => kindOf(one) === kind)?.getIn(path);
  const container = ['spec', 'template', 'spec', 'containers', 0];
  const add = (path: string, value: unknown) => ({ op: 'add', path, value });
  return [
    { path: 'deploy/web/service.yaml', text: head + textOf(services) },
    { path: 'deploy/web/staff-pages.yaml', text: head + textOf(added.filter((one) => !services.includes(one))) },
    kustomization('web', {
      kind: 'Component',
      resources: ['service.yaml', 'staff-pages.yaml'],
      patches: [
        toDeployment([
          ...addArgs(deployment, /^--(external-url|web-bind-address)=/),
          add(`${containerPath}/ports/-`, part('Deployment', [...container, 'ports', 2])),
          add(`${containerPath}/lifecycle`, part('Deployment', [...container, 'lifecycle'])),
        ]),
        {
          target: { kind: 'NetworkPolicy', name },
          patch: stringify([add('/spec/ingress/-', part('NetworkPolicy', ['spec', 'ingress', 1]))]),
        },
      ],
    }),
  ];
}

const containerPath = '/spec/template/spec/containers/0';

/** At the end, where a flag goes before an earlier one of its name. */
const addArgs = ({ spec }: DeploymentArgs, like: RegExp) =>
  (spec.template.spec.containers[0]?.args ?? [])
    .filter((one) => like.test(one))
    .map((value) => ({ op: 'add', path: `${containerPath}/args/-`, value }));

const toDeployment = (operations: readonly object[]) => ({
  target: { kind: 'Deployment', name },
  patch: stringify(operations, { lineWidth: 0 }),
});

function kustomization(
  folder: string,
  content: { readonly kind: 'Kustomization' | 'Component'; [key: string]: unknown },
) {
  const version = content.kind === 'Component' ? 'v1alpha1' : 'v1beta1';
  const text = stringify({ apiVersion: `kustomize.config.k8s.io/${version}`, ...content }, { lineWidth: 0 });
  return { path: `deploy/${folder}/kustomization.yaml`, text: head + text };
}

/** The chart's objects without what only Helm has a use for. */
function rendered(helm: string, values: object): Document[] {
  return parseAllDocuments(renderChart(helm, { values })).flatMap((document) => {
    if (!isMap(document.contents)) return [];
    document.commentBefore = null;
    document.contents.commentBefore = withoutSource(document.contents.commentBefore);
    for (const where of [['metadata'], ['spec', 'template', 'metadata']]) {
      for (const [map, key] of ofHelm.map(([map, key]) => [[...where, map], key] as const)) {
        if (document.hasIn([...map, key])) document.deleteIn([...map, key]);
        const left = document.getIn(map);
        if (isMap(left) && left.items.length === 0) document.deleteIn(map);
      }
    }
    return [document];
  });
}

const ofHelm = [
  ['labels', 'helm.sh/chart'],
  ['labels', 'app.kubernetes.io/managed-by'],
  ['annotations', 'helm.sh/resource-policy'],
] as const;

const withoutSource = (comment: string | null | undefined) =>
  comment
    ?.split('\n')
    .filter((line) => !/^ (Source: |Generated from )/.test(line))
    .join('\n') ?? null;

const textOf = (documents: readonly Document[]) =>
  documents.map((document) => document.toString({ lineWidth: 0, directives: false })).join('---\n');

const kindOf = (document: Document) => String(document.get('kind'));

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface DeploymentArgs extends Named {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly name: string; readonly args: readonly string[] }[] };
    };
  };
}

const identity = ({ kind, metadata }: Named) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** What is in `documents` and not in `base`, and the reverse, and the arguments of the Deployment of `documents`. */
function comparison(base: readonly Document[], documents: readonly Document[]) {
  const named = (document: Document) => identity(document.toJS() as Named);
  const [before, after] = [new Set(base.map(named)), new Set(documents.map(named))];
  const found = documents.find((one) => kindOf(one) === 'Deployment')?.toJS() as DeploymentArgs;
  const { apiVersion, kind, metadata, spec } = found;
  const containers = spec.template.spec.containers.map(({ name: container, args }) => ({ name: container, args }));
  return {
    added: documents.filter((one) => !before.has(named(one))),
    removed: base.filter((one) => !after.has(named(one))).map((one) => one.toJS() as Named),
    deployment: {
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace ?? name },
      spec: { template: { spec: { containers } } },
    },
  };
}

const removal = ({ apiVersion, kind, metadata }: Named) => ({
  patch: stringify({ $patch: 'delete', apiVersion, kind, metadata: { name: metadata.name } }),
});
