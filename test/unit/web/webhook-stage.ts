import { createHmac } from 'node:crypto';
import fastify from 'fastify';
import { annotations, squareApplications, squareConnections } from '../../../src/api/names.ts';
import { projectApplication, projectConnection } from '../../../src/controller/projections.ts';
import { parseReports } from '../../../src/domain/revocation-report.ts';
import { silentLog } from '../../../src/kube/log.ts';
import { type KubeObject, keyOf } from '../../../src/kube/resource.ts';
import type { WebhookResult } from '../../../src/observability/port.ts';
import { createMemoryVault, projectCredentialSecret } from '../../../src/secrets/vault.ts';
import { registerWebhooks, type WebhookDeps } from '../../../src/web/webhook.ts';
import { createFakeClock } from '../../support/clock.ts';
import { aConnection, anApplication, aSecret } from '../../support/objects.ts';
import { createModelApiServer, type Edge } from '../controller/model/api-server.ts';

export const notificationURL = 'https://square.example.com/webhooks/shop/pos';
export const signatureKey = 'canary-signature-key-one';
export const nextSignatureKey = 'canary-signature-key-two';

export const signatureOf = (body: string | Buffer, key = signatureKey, url = notificationURL) =>
  createHmac('sha256', key).update(url).update(body).digest('base64');

export const anEvent = (fields: object = {}) =>
  JSON.stringify({
    merchant_id: 'ML1',
    type: 'oauth.authorization.revoked',
    event_id: '00000000-0000-4000-8000-000000000001',
    created_at: '2026-07-01T10:00:04.246373287Z',
    data: {
      type: 'revocation',
      id: '00000000-0000-4000-8000-000000000002',
      object: { revocation: { revoked_at: '2026-07-01T10:00:00.246373287Z', revoker_type: 'MERCHANT' } },
    },
    ...fields,
  });

/** A connection that is somebody's, as the API server gives it. */
const connected = (namespace: string, name: string, merchantID: string, application: object): KubeObject => ({
  ...(aConnection(namespace, name, { applicationRef: application }) as KubeObject),
  status: { merchantID },
});

/**
 * The application `shop/pos` with a webhook and two connections of the seller ML1, `shop/bakery` and `other/bakery`, amid
 * those that an event about ML1 does not concern; the API server in memory, watches that see it as it is.
 */
export async function webhookStage(edge: Edge = async (_, act) => act()) {
  const api = createModelApiServer(
    () => Date.UTC(2026, 6, 1),
    () => {},
  );
  const clock = createFakeClock();
  const vault = createMemoryVault();
  const webhook = {
    notificationURL,
    signatureKeyRefs: [
      { name: 'webhook-keys', key: 'current' },
      { name: 'webhook-keys', key: 'next' },
    ],
  };
  api.put('squareapplications', anApplication('shop', 'pos', { clientID: 'sq0idp-A', webhook }));
  api.put('squareapplications', anApplication('shop', 'without', { clientID: 'sq0idp-B' }));
  for (const [namespace, name, merchantID, ref] of [
    ['shop', 'bakery', 'ML1', { name: 'pos' }],
    ['other', 'bakery', 'ML1', { name: 'pos', namespace: 'shop' }],
    ['other', 'like-named', 'ML1', { name: 'pos' }],
    ['shop', 'of-another-application', 'ML1', { name: 'without' }],
    ['shop', 'florist', 'ML2', { name: 'pos' }],
  ] as const)
    api.put('squareconnections', connected(namespace, name, merchantID, ref));
  const counted: WebhookResult[] = [];
  const state = { healthy: true, keys: { current: signatureKey, next: nextSignatureKey } as Record<string, string> };
  const secret = () =>
    projectCredentialSecret(
      {
        ...(aSecret('shop', 'webhook-keys', {}) as KubeObject),
        data: Object.fromEntries(Object.entries(state.keys).map(([k, v]) => [k, Buffer.from(v).toString('base64')])),
      },
      vault,
    );
  const app = fastify({ routerOptions: { maxParamLength: 253 } });
  const deps: WebhookDeps = {
    client: api.client(edge, () => {}),
    clock,
    log: silentLog,
    metrics: { webhookCounted: (result) => void counted.push(result) },
    vault,
    watches: {
      applications: following(() => api.all(squareApplications.plural), projectApplication),
      connections: following(() => api.all(squareConnections.plural), projectConnection),
      credentials: {
        ...following(
          () => [],
          () => secret(),
        ),
        get: (key) => (key === 'shop/webhook-keys' ? secret() : undefined),
      },
    },
  };
  function following<T>(all: () => KubeObject[], project: (object: KubeObject) => T) {
    const entries = () => all().map((object): [string, T] => [keyOf(object), project(object)]);
    return {
      entries,
      get: (key: string): T | undefined => new Map(entries()).get(key),
      synced: () => true,
      healthy: () => state.healthy,
    };
  }
  registerWebhooks(app, deps);
  await app.ready();
  return {
    app,
    api,
    clock,
    counted,
    state,
    /** Sends what Square would, unless told otherwise. */
    async send(body: string | Buffer, more: { headers?: object; url?: string } = {}) {
      return await app.inject({
        method: 'POST',
        url: more.url ?? '/webhooks/shop/pos',
        headers: {
          'content-type': 'application/json',
          'x-square-hmacsha256-signature': signatureOf(body),
          ...more.headers,
        },
        payload: body,
      });
    },
    /** What is noted on which connection. */
    noted: () =>
      Object.fromEntries(
        api.all('squareconnections').flatMap(({ metadata }) => {
          const reports = parseReports(metadata.annotations?.[annotations.revocationReported]);
          return reports.length === 0 ? [] : [[`${metadata.namespace}/${metadata.name}`, reports]];
        }),
      ),
  };
}
