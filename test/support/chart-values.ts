/** Values of the chart, by what somebody wants of it. `namespaces` have to exist. */
export const valueSets = (namespaces: readonly string[]): Readonly<Record<string, object>> => ({
  'its defaults': {},
  'single namespaces': { watchNamespaces: namespaces, rolloutRestart: { enabled: true } },
  'sign-in on the web': {
    settings: { externalURL: 'https://square.example.com:8443/sellers', logLevel: 'debug', concurrency: 10 },
    web: {
      service: { type: 'LoadBalancer', port: 8080, annotations: { 'example.com/a': 'b' } },
      ingress: { create: true, className: 'nginx', tlsSecretName: 'square-tls', annotations: { 'example.com/a': 'b' } },
    },
    networkPolicy: {
      webFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }],
      extraEgress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 3128, protocol: 'TCP' }] }],
    },
  },
  'a Gateway': {
    settings: { externalURL: 'https://square.example.com' },
    web: { httpRoute: { create: true, parentRefs: [{ name: 'public', namespace: 'gateways' }] }, staffPages: false },
  },
  'everything else': {
    fullnameOverride: 'sq',
    dashboard: { create: true },
    commonLabels: { team: 'payments' },
    replicas: 3,
    image: { repository: 'registry.example.com/square-operator', digest: `sha256:${'0123456789abcdef'.repeat(4)}` },
    imagePullSecrets: [{ name: 'registry' }],
    settings: { leaseDuration: '120s', tokenRequestConcurrency: 4 },
    terminationGracePeriodSeconds: 120,
    priorityClassName: 'system-cluster-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'dedicated', operator: 'Exists' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
        },
      },
    },
    topologySpreadConstraints: [
      { topologyKey: 'rack', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
    ],
    podAnnotations: { 'example.com/scrape': 'true' },
    podLabels: { tier: 'platform' },
    command: ['node', '--max-old-space-size=512', '/app/square-operator.js'],
    extraArgs: ['--log-level=warn'],
    extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ca/ca.crt' }],
    extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
    extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/ca', readOnly: true }],
    journal: {
      volume: {
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      },
    },
    sealingKeys: {
      volume: {
        csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true, volumeAttributes: { secretProviderClass: 'keys' } },
      },
    },
    serviceAccount: { create: false, name: 'prepared' },
  },
  'one replica without a lease': {
    replicas: 1,
    settings: { leaderElect: false, squareSandboxURL: 'https://square.test:8443' },
    networkPolicy: { egressPorts: [], metricsFrom: [] },
    metrics: { podMonitor: { create: true, interval: '1m' } },
  },
  'as little as there is': {
    replicas: 1,
    affinity: null,
    commonLabels: null,
    podAnnotations: null,
    extraArgs: null,
    settings: {},
    crds: { install: false },
    rbac: { create: false },
    aggregatedRoles: { create: false },
    admissionPolicies: { create: false },
    podDisruptionBudget: { create: false },
    networkPolicy: { create: false },
    metrics: { service: { create: false } },
    resources: {},
  },
});

/** What cannot be meant, with a word of what Helm says. */
export const wrongValues: Readonly<Record<string, readonly [values: object, says: RegExp]>> = {
  'settings of which none is written, in YAML that begins them': [{ settings: null }, /leave settings out, or write/],
  'a group of values that is null': [{ image: null }, /leave image out, or write a value: it is null/],
  'a group within another that is null': [{ metrics: { service: null } }, /leave metrics\.service out/],
  'no number of replicas': [{ replicas: null }, /leave replicas out/],
  'no time to store what has to be stored': [
    { terminationGracePeriodSeconds: null },
    /leave terminationGracePeriodSeconds out/,
  ],
  'no place for runbooks': [{ alerts: { create: true, runbooks: null } }, /leave alerts\.runbooks out/],
  'a value that there is not': [{ replica: 2 }, /replica/],
  'a setting that there is not': [{ settings: { logLevle: 'info' } }, /logLevle/],
  'a setting of another kind': [{ settings: { concurrency: 'many' } }, /concurrency/],
  'a setting out of bounds': [{ settings: { concurrency: 100_000 } }, /concurrency/],
  'a lease that the operator does not take': [{ settings: { leaseDuration: '1s' } }, /leaseDuration/],
  'a lease that is too long for it': [{ settings: { leaseDuration: '121s' } }, /leaseDuration/],
  'an end that does not wait for what has to be stored': [
    { terminationGracePeriodSeconds: 30 },
    /terminationGracePeriodSeconds/,
  ],
  'a setting that the chart makes itself': [{ settings: { watchNamespaces: ['shop'] } }, /watchNamespaces/],
  'a digest that is none': [{ image: { digest: 'latest' } }, /digest/],
  'a way to the web without an address': [{ web: { ingress: { create: true } } }, /settings\.externalURL/],
  'a Gateway that is not named': [
    { settings: { externalURL: 'https://square.example.com' }, web: { httpRoute: { create: true } } },
    /parentRefs/,
  ],
  'an address of runbooks that ends in a slash': [{ alerts: { runbooks: 'https://wiki.example.com/' } }, /runbooks/],
  'an account that nobody makes': [{ serviceAccount: { create: false } }, /serviceAccount\.name/],
  'replicas that all act': [{ settings: { leaderElect: false } }, /replicas: 1/],
  'both monitors, which would count everything twice': [
    { metrics: { serviceMonitor: { create: true }, podMonitor: { create: true } } },
    /not both/,
  ],
  'an interval at which no alert waits out its time': [
    { metrics: { podMonitor: { create: true, interval: '10m' } } },
    /interval/,
  ],
  'labels by which the pods would not be found': [{ podLabels: { 'app.kubernetes.io/name': 'other' } }, /podLabels/],
  'an address without a host': [{ settings: { externalURL: 'https://' } }, /externalURL/],
  'an address with a password': [{ settings: { externalURL: 'https://user:word@square.example.com' } }, /externalURL/],
  'plain http beyond this machine': [{ settings: { externalURL: 'http://square.example.com' } }, /externalURL/],
  'a path where Square has none': [{ settings: { squareSandboxURL: 'https://square.test/v2' } }, /squareSandboxURL/],
  'a size that is none': [{ journal: { sizeLimit: 'plenty' } }, /sizeLimit/],
  'a name that no Service can have': [{ fullnameOverride: '2nd' }, /fullnameOverride/],
  'a ServiceMonitor without its Service': [
    { metrics: { service: { create: false }, serviceMonitor: { create: true } } },
    /podMonitor/,
  ],
};
