import { PassThrough } from 'node:stream';
import type { Call } from '../../../src/cli/verb.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';

/** The moment at which these things are looked at. */
export const noon = Date.UTC(2026, 6, 1, 12);

export interface Paper {
  text: string;
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): void;
}

/** What is written to; a terminal of so many columns, or a pipe. */
export const paper = (columns?: number): Paper => ({
  text: '',
  isTTY: columns !== undefined,
  columns,
  write(text: string) {
    this.text += text;
  },
});

export const stdinOf = (text: string): Call['stdin'] => {
  const stream: Call['stdin'] = new PassThrough();
  (stream as PassThrough).end(text);
  return stream;
};

interface Wish {
  readonly name?: string;
  readonly uid?: string;
  readonly namespace?: string;
  readonly spec?: object;
  readonly status?: object;
  readonly metadata?: object;
}

/** A connection as the API server gives it. */
export const anObject = ({
  name = 'bakery',
  namespace = 'shop',
  uid,
  spec,
  status,
  metadata,
}: Wish = {}): KubeObject => ({
  apiVersion: 'square-operator.dev/v1alpha1',
  kind: 'SquareConnection',
  metadata: {
    name,
    namespace,
    uid: uid ?? `uid-of-${namespace}-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-06-01T12:00:00Z',
    ...metadata,
  },
  spec: { applicationRef: { name: 'pos' }, ...spec },
  status,
});

export const aCondition = (type: string, status: string, reason: string, message = '') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-07-01T10:00:00Z',
});

/** One that works; `fields` of the status. */
export const valid = (fields: object = {}): object => ({
  observedGeneration: 1,
  conditions: [
    aCondition('Ready', 'True', 'Valid', 'The access token is valid and published in Secret bakery.'),
    aCondition('Valid', 'True', 'Accepted', 'Square accepted the access token (ListLocations).'),
    aCondition('Expired', 'False', 'NotExpired', 'The access token lasts until 2026-07-30T12:00:00Z.'),
    aCondition('Renewable', 'True', 'RefreshTokenSealed', 'The refresh token is held sealed.'),
  ],
  merchantID: 'MLEXAMPLE',
  merchantName: 'Bäckerei Müller',
  accessTokenIssuedAt: '2026-06-30T12:00:00Z',
  accessTokenExpiresAt: '2026-07-30T12:00:00Z',
  nextRefreshTime: '2026-07-06T12:00:00Z',
  lastVerifyTime: '2026-07-01T11:00:00Z',
  secretName: 'bakery',
  sealedSecretName: 'bakery-sealed',
  sealingKeyID: 'k1',
  revision: 3,
  scopes: ['ORDERS_READ'],
  ...fields,
});

/** One whose renewal Square refuses, with long messages. */
export const refused = (): object =>
  valid({
    conditions: [
      aCondition(
        'Ready',
        'True',
        'ReauthorizationNeeded',
        'The access token works until 2026-07-30T12:00:00Z, but Square refuses to renew it (since 2026-07-01T10:00:00Z). Have the seller sign in again before then.',
      ),
      aCondition('Valid', 'True', 'Accepted', 'Square accepted the access token (ListLocations).'),
      aCondition(
        'Renewable',
        'False',
        'RefreshRefused',
        'Square refused the refresh token: it was revoked. Sign in again before 2026-07-30T12:00:00Z.',
      ),
    ],
    lastFailure: {
      operation: 'Refresh',
      time: '2026-07-01T11:00:00Z',
      since: '2026-07-01T10:00:00Z',
      reason: 'RefreshRefused',
      message: 'Square refused the refresh token: it was revoked.',
      count: 3,
    },
    nextRefreshTime: undefined,
  });
