import rateLimit from '@fastify/rate-limit';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { keyFrom } from '../kube/resource.ts';
import type { WebhookResult } from '../observability/port.ts';
import { createWebhooks, type WebhookDeps } from './webhook-delivery.ts';

export type { WebhookDeps } from './webhook-delivery.ts';

/** Square's events have less than 1 KiB. */
export const longestDelivery = 64 * 1_024;

/** Requests a minute from one address, before anything of them is looked at. Square sends again what is turned away. */
export const deliveriesAMinute = 1_200;

const statusOf: Readonly<Record<WebhookResult, number>> = {
  stored: 200,
  duplicate: 200,
  no_match: 200,
  ignored: 200,
  unreadable: 200,
  refused: 401,
  malformed: 400,
  throttled: 429,
  failed: 503,
};

/**
 * Adds `POST /webhooks/{namespace}/{application}`: reports of revocations from Square's webhook
 * `oauth.authorization.revoked`. What it answers to strangers is the same for every application, and for none. The server
 * has to give requests as a whole a time limit.
 */
export function registerWebhooks(app: FastifyInstance, deps: WebhookDeps): void {
  const deliver = createWebhooks(deps);

  function answer(reply: FastifyReply, result: WebhookResult, status = statusOf[result]): FastifyReply {
    deps.metrics.webhookCounted(result);
    return reply.code(status).type('text/plain; charset=utf-8').header('cache-control', 'no-store').send('');
  }

  void app.register(async (scope) => {
    await scope.register(rateLimit, {
      max: deliveriesAMinute,
      timeWindow: 60_000,
      addHeaders: {
        'x-ratelimit-limit': false,
        'x-ratelimit-remaining': false,
        'x-ratelimit-reset': false,
        'retry-after': true,
      },
      addHeadersOnExceeding: {
        'x-ratelimit-limit': false,
        'x-ratelimit-remaining': false,
        'x-ratelimit-reset': false,
      },
    });
    scope.removeAllContentTypeParsers();
    // The signature is over the bytes as they came.
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: longestDelivery },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler(async (error: FastifyError, _request, reply) => {
      const status = error.statusCode ?? 500;
      if (status === 429) return await answer(reply, 'throttled');
      if (status >= 400 && status < 500) return await answer(reply, 'malformed', status);
      deps.log.error({ err: error }, 'a webhook could not be answered');
      return await answer(reply, 'failed');
    });
    scope.post<{ Params: { namespace: string; application: string } }>(
      '/webhooks/:namespace/:application',
      async ({ params, body, headers }, reply) => {
        const signature = headers['x-square-hmacsha256-signature'];
        const result = await deliver({
          application: keyFrom(params.namespace, params.application),
          body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
          signature: typeof signature === 'string' ? signature : undefined,
        });
        return await answer(reply, result);
      },
    );
  });
}
