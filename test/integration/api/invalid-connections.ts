/** A spec, or name and spec, that the API server must refuse with `says` in its message. */
export interface Refused {
  readonly is: string;
  readonly name?: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly says: string;
}

const applicationRef = { name: 'app' };
const ref = { secretRef: { name: 'seed', key: 'token' } };
const of = (spec: Readonly<Record<string, unknown>>) => ({ applicationRef, ...spec });
const secret = (fields: Readonly<Record<string, unknown>>) => of({ secret: fields });
const many = (count: number, prefix: string, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, value]));

export const invalidConnections: readonly Refused[] = [
  { is: 'a name of 64 characters', name: 'a'.repeat(64), spec: of({}), says: 'at most 63 characters' },
  { is: 'a name that ends in -sealed', name: 'shop-sealed', spec: of({}), says: 'does not end in -sealed' },
  { is: 'neither application nor credential', spec: {}, says: 'write applicationRef {name}' },
  {
    is: 'a refresh token without an application',
    spec: { credential: { refreshToken: ref } },
    says: 'write applicationRef {name}',
  },
  {
    is: 'an application without a name',
    spec: { applicationRef: {} },
    says: 'spec.applicationRef.name: Required value',
  },
  { is: 'an application name with capitals', spec: { applicationRef: { name: 'App' } }, says: 'lower-case letters' },
  {
    is: 'an application namespace with a dot',
    spec: { applicationRef: { name: 'app', namespace: 'a.b' } },
    says: 'write the name of a namespace',
  },
  { is: 'an environment beside an application', spec: of({ environment: 'Sandbox' }), says: 'leave environment out' },
  {
    is: 'an environment beside an application and a personal access token',
    spec: of({ environment: 'Sandbox', credential: { personalAccessToken: ref } }),
    says: 'leave environment out',
  },
  {
    is: 'a personal access token with neither application nor environment',
    spec: { credential: { personalAccessToken: ref } },
    says: 'write environment: Production or Sandbox',
  },
  {
    is: 'an unknown environment',
    spec: { environment: 'Staging', credential: { personalAccessToken: ref } },
    says: 'supported values: "Production", "Sandbox"',
  },
  {
    is: 'an empty credential',
    spec: of({ credential: {} }),
    says: 'exactly one of refreshToken, migrationToken, personalAccessToken',
  },
  {
    is: 'two credentials',
    spec: of({ credential: { refreshToken: ref, migrationToken: ref } }),
    says: 'exactly one of refreshToken, migrationToken, personalAccessToken',
  },
  {
    is: 'a credential without a source',
    spec: of({ credential: { refreshToken: {} } }),
    says: 'exactly one of secretRef {name, key} and sealed',
  },
  {
    is: 'a credential with two sources',
    spec: of({ credential: { refreshToken: { ...ref, sealed: 'a.b.c.d.e' } } }),
    says: 'exactly one of secretRef {name, key} and sealed',
  },
  {
    is: 'a token in clear where a sealed one belongs',
    spec: of({ credential: { refreshToken: { sealed: 'CLEAR-TOKEN' } } }),
    says: 'kubectl square seal',
  },
  {
    is: 'a sealed credential of four parts',
    spec: of({ credential: { refreshToken: { sealed: 'a.b.c.d' } } }),
    says: 'five parts joined by dots',
  },
  {
    is: 'a sealed credential of 8193 characters',
    spec: of({ credential: { refreshToken: { sealed: `a.b.c.d.${'e'.repeat(8185)}` } } }),
    says: 'may not be more than 8192',
  },
  {
    is: 'a token where an object belongs',
    spec: of({ credential: { refreshToken: 'CLEAR-TOKEN' } }),
    says: 'must be of type object',
  },
  {
    is: 'a reference without a key',
    spec: of({ credential: { refreshToken: { secretRef: { name: 'seed' } } } }),
    says: 'secretRef.key: Required value',
  },
  {
    is: 'a reference to an impossible key',
    spec: of({ credential: { refreshToken: { secretRef: { name: 'seed', key: 'a/b' } } } }),
    says: 'write a Secret key',
  },
  { is: 'a merchant ID with a space', spec: of({ merchantID: 'ML 1' }), says: 'write a merchant ID' },
  { is: 'an empty merchant ID', spec: of({ merchantID: '' }), says: 'should be at least 1 chars long' },
  { is: 'a scope in small letters', spec: of({ scopes: ['orders_read'] }), says: 'such as MERCHANT_PROFILE_READ' },
  { is: 'a scope twice', spec: of({ scopes: ['ORDERS_READ', 'ORDERS_READ'] }), says: 'Duplicate value' },
  {
    is: '101 scopes',
    spec: of({ scopes: Array.from({ length: 101 }, (_, index) => `SCOPE_${index}`) }),
    says: 'must have at most 100 items',
  },
  { is: 'a refresh interval in days', spec: of({ refreshInterval: '7d' }), says: 'such as 168h, 1h30m or 90s' },
  {
    is: 'a refresh interval that overflows',
    spec: of({ refreshInterval: '99999999999h' }),
    says: 'such as 168h, 1h30m or 90s',
  },
  { is: 'a fraction of an hour', spec: of({ refreshInterval: '1.5h' }), says: 'whole numbers' },
  { is: 'an empty refresh interval', spec: of({ refreshInterval: '' }), says: 'at least 1 chars long' },
  { is: 'a number as refresh interval', spec: of({ refreshInterval: 3600 }), says: 'must be of type string' },
  {
    is: 'a refresh interval under a minute',
    spec: of({ refreshInterval: '59s' }),
    says: 'write a duration from 1m to 168h',
  },
  {
    is: 'a refresh interval over a week',
    spec: of({ refreshInterval: '168h1s' }),
    says: 'write a duration from 1m to 168h',
  },
  {
    is: 'a long refresh interval with short-lived tokens',
    spec: of({ shortLived: true, refreshInterval: '20h1s' }),
    says: 'at most 20h',
  },
  {
    is: 'a verify interval under a minute',
    spec: of({ verifyInterval: '30s' }),
    says: 'write a duration from 1m to 24h',
  },
  { is: 'a verify interval over a day', spec: of({ verifyInterval: '25h' }), says: 'write a duration from 1m to 24h' },
  { is: 'a Secret name that ends in -sealed', spec: secret({ name: 'shop-sealed' }), says: 'does not end in -sealed' },
  { is: 'a Secret name with an underscore', spec: secret({ name: 'a_b' }), says: 'lower-case letters' },
  { is: 'a Secret name of 254 characters', spec: secret({ name: 'a'.repeat(254) }), says: 'may not be more than 253' },
  { is: 'a Secret key with a slash', spec: secret({ keys: { accessToken: 'a/b' } }), says: 'write a Secret key' },
  { is: 'a Secret key of two dots', spec: secret({ keys: { accessToken: '..' } }), says: 'write a Secret key' },
  {
    is: 'the same Secret key for two values',
    spec: secret({ keys: { accessToken: 'a', baseURL: 'a' } }),
    says: 'another Secret key for each value',
  },
  { is: 'no value at all', spec: secret({ keys: {} }), says: 'write at least one of accessToken' },
  {
    is: 'a Secret key in keys and template',
    spec: secret({ keys: { accessToken: 'a' }, template: { a: 'x' } }),
    says: 'both would write the same one',
  },
  { is: 'a template key with a slash', spec: secret({ template: { 'a/b': 'x' } }), says: 'write a Secret key' },
  {
    is: 'a placeholder that does not exist',
    spec: secret({ template: { a: '{{refreshToken}} CLEAR-TOKEN' } }),
    says: 'write placeholders as they stand here',
  },
  {
    is: 'a placeholder with spaces',
    spec: secret({ template: { a: '{{ accessToken }}' } }),
    says: 'without spaces: {{accessToken}}',
  },
  { is: 'a template of 33 keys', spec: secret({ template: many(33, 'k', 'v') }), says: 'must have at most 32 items' },
  {
    is: 'a Secret type of the operator',
    spec: secret({ type: 'square-operator.dev/credential' }),
    says: 'write Opaque or a type of your own',
  },
  {
    is: 'the type of service account tokens',
    spec: secret({ type: 'kubernetes.io/service-account-token' }),
    says: 'write Opaque or a type of your own',
  },
  {
    is: 'the type of tokens by which nodes join the cluster',
    spec: secret({ type: 'bootstrap.kubernetes.io/token' }),
    says: 'write Opaque or a type of your own, such as example.com/square',
  },
  {
    is: 'the type of what Helm has installed',
    spec: secret({ type: 'helm.sh/release.v1' }),
    says: 'by this one the cluster, Helm or the operator would take the Secret for something else',
  },
  {
    is: 'the managed-by label',
    spec: secret({ labels: { 'app.kubernetes.io/managed-by': 'me' } }),
    says: 'leave app.kubernetes.io/managed-by out',
  },
  {
    is: 'a label of the operator',
    spec: secret({ labels: { 'square-operator.dev/sealing-key': 'x' } }),
    says: 'no label under square-operator.dev/',
  },
  { is: 'a label value with a space', spec: secret({ labels: { a: 'b c' } }), says: 'write a label value' },
  { is: 'a label key with a space', spec: secret({ labels: { 'a b': 'c' } }), says: 'name or example.com/name' },
  {
    is: 'an annotation of the operator',
    spec: secret({ annotations: { 'square-operator.dev/state': 'x' } }),
    says: 'no annotation under square-operator.dev/',
  },
  {
    is: 'a restart of a Job',
    spec: of({ rolloutRestartTargets: [{ kind: 'Job', name: 'a' }] }),
    says: 'supported values: "Deployment", "StatefulSet", "DaemonSet"',
  },
  {
    is: 'a restart target twice',
    spec: of({
      rolloutRestartTargets: [
        { kind: 'Deployment', name: 'a' },
        { kind: 'Deployment', name: 'a' },
      ],
    }),
    says: 'Duplicate value',
  },
  {
    is: 'an unknown deletion policy',
    spec: of({ deletionPolicy: 'Keep' }),
    says: 'supported values: "Retain", "Revoke"',
  },
  { is: 'a text for suspend', spec: of({ suspend: 'yes' }), says: 'must be of type boolean' },
];
