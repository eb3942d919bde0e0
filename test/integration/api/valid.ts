/** A spec that the API server must accept. */
export interface Accepted {
  readonly is: string;
  readonly name?: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

const ref = { secretRef: { name: 'seed', key: 'token' } };
const connection = (spec: Readonly<Record<string, unknown>>) => ({ applicationRef: { name: 'app' }, ...spec });
const application = (spec: Readonly<Record<string, unknown>>) => ({
  environment: 'Sandbox',
  clientID: 'sandbox-sq0idb-1',
  clientSecretRef: { name: 'client' },
  ...spec,
});

export const validConnections: readonly Accepted[] = [
  { is: 'an application alone', spec: connection({}) },
  { is: 'an application of another namespace', spec: { applicationRef: { name: 'app', namespace: 'platform' } } },
  { is: 'a name of 63 characters', name: 'a'.repeat(63), spec: connection({}) },
  { is: 'a name with dots', name: 'shop.example.com', spec: connection({}) },
  { is: 'a refresh token', spec: connection({ credential: { refreshToken: ref } }) },
  { is: 'a migration token', spec: connection({ credential: { migrationToken: ref } }) },
  {
    is: 'a sealed credential of 8192 characters',
    spec: connection({ credential: { refreshToken: { sealed: `a-_1.b.c.d.${'e'.repeat(8181)}` } } }),
  },
  {
    is: 'a personal access token and an environment',
    spec: { environment: 'Sandbox', credential: { personalAccessToken: ref } },
  },
  { is: 'a personal access token and an application', spec: connection({ credential: { personalAccessToken: ref } }) },
  { is: 'the shortest intervals', spec: connection({ refreshInterval: '1m', verifyInterval: '60s' }) },
  { is: 'the longest intervals', spec: connection({ refreshInterval: '168h', verifyInterval: '1440m' }) },
  { is: 'short-lived tokens', spec: connection({ shortLived: true, refreshInterval: '19h60m' }) },
  { is: 'long intervals and long-lived tokens', spec: connection({ shortLived: false, refreshInterval: '100h' }) },
  { is: 'a scope that is not known yet', spec: connection({ scopes: ['ORDERS_READ', 'SOMETHING_NEW_2'] }) },
  {
    is: 'everything about the Secret',
    spec: connection({
      secret: {
        name: 'square.token',
        keys: { accessToken: 'TOKEN', environment: '.env_name' },
        template: {
          '.env': 'SQUARE={{accessToken}}\nAT={{baseURL}}\n',
          'a.json': '{"a":{"t":"{{accessToken}}"}}',
          b: '{',
        },
        type: 'example.com/square',
        labels: { 'example.com/team': 'a', bare: '' },
        annotations: { 'example.com/note': 'anything: at {all}' },
      },
    }),
  },
  { is: 'the default type of the Secret', spec: connection({ secret: { type: 'Opaque' } }) },
  {
    is: 'a type whose keys Kubernetes names',
    spec: connection({ secret: { type: 'kubernetes.io/basic-auth', keys: { accessToken: 'password' } } }),
  },
  {
    is: 'a type whose text Kubernetes reads',
    spec: connection({
      secret: { type: 'kubernetes.io/dockerconfigjson', template: { '.dockerconfigjson': '{"auths":{}}' } },
    }),
  },
  {
    is: 'targets of a restart',
    spec: connection({
      rolloutRestartTargets: [
        { kind: 'Deployment', name: 'a' },
        { kind: 'StatefulSet', name: 'a' },
      ],
    }),
  },
  {
    is: 'the other choices',
    spec: connection({ deletionPolicy: 'Revoke', suspend: true, merchantID: 'MLEXAMPLE0001' }),
  },
];

export const validApplications: readonly Accepted[] = [
  { is: 'what is required', spec: application({}) },
  { is: 'PKCE and no secret', spec: { environment: 'Production', clientID: 'sq0idp-1', flow: 'PKCE' } },
  {
    is: 'two secrets during a rotation',
    spec: application({ previousClientSecretRef: { name: 'client', key: 'old' } }),
  },
  { is: 'a redirect URL', spec: application({ redirectURL: 'https://square.example.com/oauth/callback?tenant=1' }) },
  { is: 'a redirect URL to this machine', spec: application({ redirectURL: 'http://localhost:8082/oauth/callback' }) },
  { is: 'a redirect URL to [::1]', spec: application({ redirectURL: 'http://[::1]:8082' }) },
  {
    is: 'a webhook',
    spec: application({
      webhook: { notificationURL: 'https://a.example/webhooks/a/b', signatureKeyRefs: [{ name: 'w', key: 'k' }] },
    }),
  },
  { is: 'all namespaces', spec: application({ allowedNamespaces: { from: 'All' } }) },
  {
    is: 'namespaces by their labels',
    spec: application({
      allowedNamespaces: {
        from: 'Selector',
        selector: {
          matchLabels: { 'kubernetes.io/metadata.name': 'shops' },
          matchExpressions: [
            { key: 'team', operator: 'In', values: ['a', 'b'] },
            { key: 'example.com/off', operator: 'DoesNotExist' },
          ],
        },
      },
    }),
  },
  { is: 'a budget', spec: application({ rateLimit: { requestsPerSecond: 10, burst: 20 }, maxAuthorizations: 5000 }) },
];
