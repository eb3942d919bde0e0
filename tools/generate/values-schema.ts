import type { Setting } from '../../src/config.ts';

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const bool: Schema = { type: 'boolean' };
const texts: Schema = { type: 'object', additionalProperties: { type: 'string' } };
/** What Kubernetes itself checks. */
const open: Schema = { type: 'object' };
const openList: Schema = { type: 'array', items: open };
const strict = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
});
const created = strict({ create: bool });
const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 };
/** Of four minutes at most: after five Prometheus takes a series for gone, and an alert never waits out its time. */
const interval: Schema = { type: 'string', pattern: '^(([1-9][0-9]?|1[0-9]{2}|2[0-3][0-9]|240)s|[1-4]m)$' };
const monitor = strict({ create: bool, interval, labels: texts });
const ofTheChart = ['name', 'instance', 'version', 'managed-by', 'component'].map(
  (part) => `app.kubernetes.io/${part}`,
);
/** Labels beside those of the chart: a Deployment does not find pods whose labels are others. */
const moreLabels: Schema = {
  ...texts,
  properties: Object.fromEntries([...ofTheChart, 'helm.sh/chart'].map((label) => [label, { not: {} }])),
};
const quantity: Schema = { type: 'string', pattern: '^[0-9]+([.][0-9]+)?([KMGTPE]i?|k|m|e[0-9]+)?$' };
/** The name of an object, and the beginning of that of a Service (RFC 1035). */
const objectName: Schema = { type: 'string', pattern: '^([a-z]([-a-z0-9]*[a-z0-9])?)?$' };
const named: Schema = { type: 'object', required: ['name'] };
const namespace: Schema = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' };

const values: Readonly<Record<string, Schema>> = {
  watchNamespaces: { type: 'array', items: namespace, uniqueItems: true },
  image: strict({
    repository: { type: 'string', minLength: 1 },
    tag: text,
    digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
    pullPolicy: { type: 'string', enum: ['Always', 'IfNotPresent', 'Never'] },
  }),
  imagePullSecrets: { type: 'array', items: { ...strict({ name: text }), required: ['name'] } },
  nameOverride: objectName,
  fullnameOverride: objectName,
  commonLabels: moreLabels,
  replicas: { type: 'integer', minimum: 1, maximum: 10 },
  priorityClassName: text,
  nodeSelector: texts,
  tolerations: openList,
  affinity: open,
  topologySpreadConstraints: openList,
  podAnnotations: texts,
  podLabels: moreLabels,
  resources: open,
  // The operator takes up to 80 s to store what Square has answered, after a preStop of 5 s.
  terminationGracePeriodSeconds: { type: 'integer', minimum: 90 },
  command: { type: 'array', items: text },
  extraArgs: { type: 'array', items: text },
  extraEnv: openList,
  extraVolumes: openList,
  extraVolumeMounts: openList,
  journal: strict({ sizeLimit: quantity, volume: open }),
  sealingKeys: strict({ volume: open }),
  rolloutRestart: strict({ enabled: bool }),
  crds: strict({ install: bool }),
  rbac: created,
  serviceAccount: strict({ create: bool, name: text, annotations: texts }),
  aggregatedRoles: created,
  admissionPolicies: created,
  podDisruptionBudget: created,
  networkPolicy: strict({
    create: bool,
    metricsFrom: openList,
    webFrom: openList,
    egressPorts: { type: 'array', items: port },
    extraEgress: openList,
  }),
  metrics: strict({
    service: strict({ create: bool, annotations: texts }),
    serviceMonitor: monitor,
    podMonitor: monitor,
  }),
  alerts: strict({ create: bool, labels: texts, runbooks: { type: 'string', pattern: '^https?://[^\\s]*[^\\s/]$' } }),
  dashboard: strict({ create: bool, labels: texts, annotations: texts }),
  web: strict({
    service: strict({
      type: { type: 'string', enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
      port,
      annotations: texts,
    }),
    ingress: strict({ create: bool, className: text, annotations: texts, tlsSecretName: text }),
    httpRoute: strict({ create: bool, annotations: texts, parentRefs: { type: 'array', items: named } }),
    staffPages: bool,
  }),
  global: open,
};

/**
 * What there has to be in the values: every group of values, and what would be another without it, as a number of replicas
 * would. Each by its path, a group before what is in it. A value of null takes a default away.
 */
export const neededValues: readonly string[] = ['settings', ...neededIn(values), 'image.repository', 'alerts.runbooks'];

function neededIn(schemas: Readonly<Record<string, Schema>>, path = ''): string[] {
  return Object.entries(schemas).flatMap(([name, { type, properties, additionalProperties }]) => {
    if (type === 'integer') return [`${path}${name}`];
    if (type !== 'object' || additionalProperties !== false) return [];
    return [`${path}${name}`, ...neededIn(properties as Record<string, Schema>, `${path}${name}.`)];
  });
}

/** The JSON schema of the chart's values; `settings` are those of the operator that can be given by their names. */
export function valuesSchema(settings: readonly (readonly [string, Setting<unknown>])[]): Schema {
  const given = settings.map(([property, { help, kind, default: preset }]): [string, Schema] => [
    property,
    { ...kind.schema, description: preset === undefined ? help : `${help} Default: ${preset}.` },
  ]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Generated from src/config.ts by "npm run generate". Do not edit.',
    ...strict({ settings: strict(Object.fromEntries(given)), ...values }),
  };
}
