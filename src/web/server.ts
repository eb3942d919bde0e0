import { maxHeaderSize } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { seconds } from '../clock.ts';
import { KubeError } from '../kube/client.ts';
import type { BindAddress, Listening } from '../observability/listen.ts';
import { registerAssets } from './assets.ts';
import { registerCallback } from './callback-route.ts';
import { createCookies } from './cookies.ts';
import type { WebDeps } from './deps.ts';
import { badRequest, clusterAway, nothingHere, tooMany, wentWrong } from './pages/notice.ts';
import { securityHeaders } from './security-headers.ts';
import { registerSellerRoutes } from './seller-routes.ts';
import { createSite, type Site, sendNotice } from './site.ts';
import { registerStaffRoutes } from './staff-routes.ts';
import { registerStaffSession } from './staff-session-routes.ts';

/** Answers under way at the end get so long: a callback waits for Square. */
const grace = seconds(70);
/** The longest form: a Kubernetes token and a form token. */
const bodyLimit = 16 * 1_024;
/** Of one address; pages that are open in several windows and load themselves again stay far below. */
const perMinute = 3_000;

/**
 * Serves the pages, the callback, and what `webhooks` adds, under the path of the external URL. Rejects with the
 * platform's error when the address cannot be had. Queries and bodies are never logged.
 */
export async function serveWeb(
  address: BindAddress,
  deps: WebDeps,
  webhooks?: (app: FastifyInstance) => Promise<void> | void,
): Promise<Listening> {
  const app = await createWeb(deps, webhooks);
  await listenOn(app, address);
  const { address: host, port } = app.server.address() as AddressInfo;
  return {
    host,
    port,
    async close() {
      const cancel = deps.clock.after(grace, () => app.server.closeAllConnections());
      await app.close();
      cancel();
    },
  };
}

/** Without a host on all addresses: of both families where the machine has both. */
async function listenOn(app: FastifyInstance, { host, port }: BindAddress): Promise<void> {
  const addresses = host === undefined ? ['::', '0.0.0.0'] : [host];
  for (const [i, one] of addresses.entries()) {
    try {
      return void (await app.listen({ port, host: one }));
    } catch (error) {
      const noSuchFamily = (error as NodeJS.ErrnoException).code === 'EAFNOSUPPORT';
      if (!noSuchFamily || i === addresses.length - 1) throw error;
    }
  }
}

/** The same, not listening yet. */
export async function createWeb(
  deps: WebDeps,
  webhooks?: (app: FastifyInstance) => Promise<void> | void,
): Promise<FastifyInstance> {
  const cookies = createCookies(deps.externalURL);
  const site = createSite(deps, cookies);
  const app = fastify({
    logger: false,
    bodyLimit,
    requestTimeout: 15_000,
    connectionTimeout: 0,
    // Of proxies in front of us only those of a private network are believed about where a request comes from.
    trustProxy: 'loopback, linklocal, uniquelocal',
    forceCloseConnections: 'idle',
    // Whatever comes as far as the router is answered by a page, however long a name in it is.
    routerOptions: { maxParamLength: maxHeaderSize },
    // What no address can be is none of ours: it gets the same page, with the same headers.
    rewriteUrl: ({ url = '/' }) => (isAddress(url) ? url : '/no-address'),
  });
  await app.register(helmet, securityHeaders(deps.externalURL, deps.squareURLs));
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, id } = request;
    deps.log.debug({ method, route: routeOptions.url, status: reply.statusCode, requestID: id }, 'page served');
    done();
  });
  app.addHook('preClose', (done) => {
    site.newsroom.close();
    done();
  });
  const scope = { prefix: site.base };
  if (webhooks !== undefined) await app.register(async (inner) => await webhooks(inner), scope);
  await app.register(async (inner) => await registerPages(inner, site), scope);
  app.setNotFoundHandler((_request, reply) => sendNotice(reply, site, 404, nothingHere));
  return app;
}

function isAddress(url: string): boolean {
  try {
    return decodeURI(url.split('?')[0] ?? '') !== '';
  } catch {
    return false;
  }
}

async function registerPages(app: FastifyInstance, site: Site): Promise<void> {
  await app.register(cookie);
  await app.register(formbody, { bodyLimit });
  await app.register(rateLimit, { max: perMinute, timeWindow: '1 minute' });
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(site, error, request, reply));
  registerAssets(app);
  registerSellerRoutes(app, site);
  registerCallback(app, site);
  registerStaffSession(app, site);
  registerStaffRoutes(app, site);
}

/** Every error ends on a page that says what happened and what to do. */
function answerError(site: Site, error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode = 500 } = error;
  if (statusCode === 429) return sendNotice(reply, site, 429, tooMany);
  if (statusCode < 500) return sendNotice(reply, site, statusCode, badRequest);
  const { id, method, routeOptions } = request;
  site.log.error({ err: error, requestID: id, method, route: routeOptions.url }, 'a page could not be served');
  const away = error instanceof KubeError;
  return sendNotice(reply, site, away ? 503 : 500, away ? clusterAway : wentWrong(id));
}
