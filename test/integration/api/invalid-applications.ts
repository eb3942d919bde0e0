import type { Refused } from './invalid-connections.ts';

const sound = { environment: 'Sandbox', clientID: 'sandbox-sq0idb-1', clientSecretRef: { name: 'client' } };
const of = (spec: Readonly<Record<string, unknown>>) => ({ ...sound, ...spec });
const webhook = (fields: Readonly<Record<string, unknown>>) =>
  of({
    webhook: { notificationURL: 'https://a.example/hook', signatureKeyRefs: [{ name: 'w', key: 'k' }], ...fields },
  });
const expression = (fields: Readonly<Record<string, unknown>>) =>
  of({ allowedNamespaces: { from: 'Selector', selector: { matchExpressions: [{ key: 'team', ...fields }] } } });

export const invalidApplications: readonly Refused[] = [
  {
    is: 'no environment',
    spec: { clientID: 'a', clientSecretRef: { name: 'c' } },
    says: 'spec.environment: Required value',
  },
  {
    is: 'an environment in small letters',
    spec: of({ environment: 'sandbox' }),
    says: 'supported values: "Production", "Sandbox"',
  },
  {
    is: 'no client ID',
    spec: { environment: 'Sandbox', clientSecretRef: { name: 'c' } },
    says: 'spec.clientID: Required value',
  },
  { is: 'a client ID with a line end', spec: of({ clientID: 'sq0idp-1\n' }), says: 'write the application ID' },
  {
    is: 'no client secret in the code flow',
    spec: { environment: 'Sandbox', clientID: 'a' },
    says: 'only flow: PKCE can do without',
  },
  {
    is: 'a previous secret without a current one',
    spec: { environment: 'Sandbox', clientID: 'a', flow: 'PKCE', previousClientSecretRef: { name: 'c' } },
    says: 'write the current secret in clientSecretRef',
  },
  {
    is: 'a client secret without the name of its Secret',
    spec: of({ clientSecretRef: { key: 'a' } }),
    says: 'clientSecretRef.name: Required value',
  },
  { is: 'an unknown flow', spec: of({ flow: 'Implicit' }), says: 'supported values: "Code", "PKCE"' },
  { is: 'a scope with a space', spec: of({ scopes: ['ORDERS READ'] }), says: 'such as MERCHANT_PROFILE_READ' },
  {
    is: 'a plain http redirect URL',
    spec: of({ redirectURL: 'http://a.example/oauth/callback' }),
    says: 'write an https URL',
  },
  {
    is: 'a host that only begins like loopback',
    spec: of({ redirectURL: 'http://localhost.a.example/' }),
    says: 'write an https URL',
  },
  {
    is: 'a redirect URL with a fragment',
    spec: of({ redirectURL: 'https://a.example/cb#x' }),
    says: 'without user, fragment or spaces',
  },
  {
    is: 'a redirect URL with a user',
    spec: of({ redirectURL: 'https://me@a.example/cb' }),
    says: 'without user, fragment or spaces',
  },
  {
    is: 'a plain http notification URL',
    spec: webhook({ notificationURL: 'http://a.example/hook' }),
    says: 'write an https URL',
  },
  { is: 'a webhook without keys', spec: webhook({ signatureKeyRefs: [] }), says: 'should have at least 1 items' },
  {
    is: 'a webhook with three keys',
    spec: webhook({ signatureKeyRefs: ['a', 'b', 'c'].map((name) => ({ name, key: 'k' })) }),
    says: 'must have at most 2 items',
  },
  {
    is: 'a selector for the same namespace',
    spec: of({ allowedNamespaces: { selector: {} } }),
    says: 'write a selector with from: Selector',
  },
  {
    is: 'no selector',
    spec: of({ allowedNamespaces: { from: 'Selector' } }),
    says: 'write a selector with from: Selector',
  },
  {
    is: 'an unknown choice of namespaces',
    spec: of({ allowedNamespaces: { from: 'Some' } }),
    says: 'supported values: "Same", "All", "Selector"',
  },
  { is: 'In without values', spec: expression({ operator: 'In' }), says: 'write values with In and NotIn' },
  { is: 'Exists with values', spec: expression({ operator: 'Exists', values: ['a'] }), says: 'none with Exists' },
  { is: 'an unknown operator', spec: expression({ operator: 'Has' }), says: 'supported values: "In", "NotIn"' },
  {
    is: 'no request a second',
    spec: of({ rateLimit: { requestsPerSecond: 0 } }),
    says: 'should be greater than or equal to 1',
  },
  { is: 'a burst of 1001', spec: of({ rateLimit: { burst: 1001 } }), says: 'should be less than or equal to 1000' },
  {
    is: 'half a request a second',
    spec: of({ rateLimit: { requestsPerSecond: 0.5 } }),
    says: 'must be of type integer',
  },
  { is: 'no authorization at all', spec: of({ maxAuthorizations: 0 }), says: 'should be greater than or equal to 1' },
];
