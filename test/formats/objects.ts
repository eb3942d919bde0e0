import type { ConnectionSpec, ConnectionStatus } from '../../src/api/connection.ts';
import { apiVersion } from '../../src/api/names.ts';
import type { ApplicationStatus } from '../../src/api/status.ts';
import { days, hours } from '../../src/clock.ts';
import type { Grant, Vacant } from '../../src/domain/grant.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { readStatus } from '../../src/domain/recall.ts';
import { summarize } from '../../src/domain/summarize.ts';
import {
  aConnection,
  aHistory,
  aNewObservation,
  anApplication,
  anObservation,
  aStreak,
  at,
  ours,
} from '../support/builders.ts';
import { clientID, externalURL, farEnd, namespace, sealedGrants, uidOf, written } from './grants.ts';

type Name = keyof typeof sealedGrants;

/** Every field that a connection with an application and a refresh token can have. */
export const specOfBakery: ConnectionSpec = {
  applicationRef: { name: 'pos', namespace },
  credential: { refreshToken: { secretRef: { name: 'bakery-token', key: 'refresh-token' } } },
  merchantID: 'MLBAKERY',
  scopes: ['MERCHANT_PROFILE_READ', 'ORDERS_READ'],
  shortLived: false,
  refreshInterval: '168h',
  verifyInterval: '90m',
  secret: {
    name: 'bakery-square',
    keys: { accessToken: 'SQUARE_TOKEN', expiresAt: 'SQUARE_TOKEN_EXPIRES' },
    template: { '.env': 'SQUARE={{accessToken}}\nAT={{baseURL}}\n' },
    type: 'example.com/square',
    labels: { 'example.com/team': 'bread' },
    annotations: { 'example.com/note': 'a specimen' },
  },
  rolloutRestartTargets: [{ kind: 'Deployment', name: 'till' }],
  deletionPolicy: 'Retain',
  suspend: false,
};

const signsIn: ConnectionSpec = { applicationRef: { name: 'pos' }, verifyInterval: '1h', deletionPolicy: 'Retain' };

const specs: Readonly<Record<Name, ConnectionSpec>> = {
  bakery: specOfBakery,
  kiosk: signsIn,
  market: { ...signsIn, deletionPolicy: 'Revoke' },
  stall: {
    environment: 'Production',
    credential: { personalAccessToken: { secretRef: { name: 'stall-token', key: 'token' } } },
    verifyInterval: '1h',
    deletionPolicy: 'Retain',
  },
  diner: signsIn,
  cafe: { ...signsIn, shortLived: true, refreshInterval: '12h' },
};

const grantState = (record: Grant | Vacant, keyID: string): Observation['grant'] =>
  record.kind === 'Vacant' ? { kind: 'Vacant', record, keyID } : { kind: 'Held', grant: record, keyID };

/** How each of them is, in a situation of its own. */
const situations: Readonly<Record<Name, Partial<Observation>>> = {
  bakery: {},
  kiosk: { history: aHistory({ ...seen('kiosk'), proof: { kind: 'Revoked' } }) },
  market: {
    history: aHistory({
      ...seen('market'),
      failures: {
        Refresh: aStreak({ since: written - hours(3), time: written, count: 4, retryAt: written + hours(1) }),
        Verify: aStreak({ since: written - hours(3), time: written, count: 3 }),
      },
    }),
  },
  stall: { application: { kind: 'NotNeeded', environment: 'Production' } },
  diner: { link: { expiresAt: farEnd } },
  cafe: {
    unsettled: { since: written, message: 'The API server refused it.', kept: 'Escrow' },
    history: aHistory(seen('cafe')),
  },
};

function seen(name: Name) {
  const { generation } = sealedGrants[name];
  return { revision: generation, tokenEnds: farEnd, verifiedAt: written, verifyFrom: written };
}

function statusOf(name: Name, keyID: string): ConnectionStatus {
  const record = sealedGrants[name];
  const o = anObservation({
    connection: aConnection({ namespace, name, uid: uidOf(name), createdAt: written - days(40) }, specs[name]),
    application: anApplication({ clientID, ref: `${namespace}/pos` }),
    grant: grantState(record, keyID),
    tokenSecret: record.kind === 'Vacant' ? { kind: 'Absent', name } : ours({ name: specs[name].secret?.name ?? name }),
    history: aHistory({ ...seen(name) }),
    ...situations[name],
  });
  return summarize(o, readStatus({}), at(written));
}

const requested = { 'square-operator.dev/refresh-requested-at': '2026-06-30T09:00:00Z' };

/** Connections as they are stored; the last two have given nothing to hold yet. */
export const connectionSpecimens = (sealedCredential: string, keyID: string): object[] => [
  ...Object.keys(specs).map((name) =>
    connection(name, specs[name as Name], statusOf(name as Name, keyID), name === 'bakery' ? requested : {}),
  ),
  connection('corner', { ...signsIn, credential: { refreshToken: { sealed: sealedCredential } } }, newStatus('corner')),
  connection('pantry', signsIn, newStatus('pantry')),
];

function newStatus(name: string): ConnectionStatus {
  const o = aNewObservation({
    connection: aConnection({ namespace, name, uid: uidOf(name), createdAt: written }, signsIn),
    application: anApplication({ clientID, ref: `${namespace}/pos` }),
    credential: { kind: 'None' },
    tokenSecret: { kind: 'Absent', name },
  });
  return summarize(o, readStatus({}), at(written));
}

function connection(name: string, spec: ConnectionSpec, status: ConnectionStatus, annotations: object = {}): object {
  const metadata = { name, namespace, uid: uidOf(name), generation: 1, annotations };
  return { apiVersion, kind: 'SquareConnection', metadata, spec, status };
}

const ready = (status: 'True' | 'False', reason: string, message: string): ApplicationStatus => ({
  observedGeneration: 1,
  conditions: [
    { type: 'Ready', status, reason, message, lastTransitionTime: '2026-07-01T12:00:00Z', observedGeneration: 1 },
  ],
  connections: { total: 8, ready: 1 },
  authorizations: 6,
});

/** Every field of an application, in its two flows. */
export const applicationSpecimens = (): object[] => [
  {
    apiVersion,
    kind: 'SquareApplication',
    metadata: { name: 'pos', namespace, uid: uidOf('pos'), generation: 1 },
    spec: {
      environment: 'Production',
      clientID,
      clientSecretRef: { name: 'square-app', key: 'client-secret' },
      previousClientSecretRef: { name: 'square-app', key: 'previous' },
      flow: 'Code',
      scopes: ['MERCHANT_PROFILE_READ'],
      redirectURL: `${externalURL}/oauth/callback`,
      webhook: {
        notificationURL: `${externalURL}/webhooks/${namespace}/pos`,
        signatureKeyRefs: [{ name: 'square-webhook', key: 'signature-key' }],
      },
      allowedNamespaces: {
        from: 'Selector',
        selector: {
          matchLabels: { 'example.com/shop': 'yes' },
          matchExpressions: [{ key: 'example.com/off', operator: 'DoesNotExist' }],
        },
      },
      rateLimit: { requestsPerSecond: 50, burst: 100 },
      maxAuthorizations: 500,
    },
    status: ready('True', 'Ready', 'The application can be used.'),
  },
  {
    apiVersion,
    kind: 'SquareApplication',
    metadata: { name: 'kiosks', namespace, uid: uidOf('kiosks'), generation: 1 },
    spec: { environment: 'Sandbox', clientID: `sandbox-${clientID}`, flow: 'PKCE', maxAuthorizations: 500 },
    status: {
      ...ready('False', 'RefreshTokensRefused', 'Square refused the single-use refresh tokens of 5 connections.'),
      heldBack: [
        {
          tokens: 'SingleUse',
          since: '2026-07-01T11:00:00Z',
          refused: 5,
          probes: 1,
          retryAt: '2026-07-01T13:00:00Z',
        },
      ],
    },
  },
];
