import { bearerOf, listLocations, retrieveMerchant, retrieveTokenStatus } from './api-endpoints.ts';
import { decideAuthorize, showAuthorize } from './authorize.ts';
import { apiError } from './errors.ts';
import type { About } from './faults.ts';
import { field, type Incoming, type Reply } from './reply.ts';
import { revokeToken } from './revoke-endpoint.ts';
import type { Endpoint } from './settings.ts';
import { holderOf, obtainToken, presentedOf } from './token-endpoint.ts';
import type { World } from './world.ts';

interface Route {
  readonly endpoint: Endpoint;
  readonly answer: (world: World, incoming: Incoming) => Reply;
}

const routes: Readonly<Record<string, Route>> = {
  'GET /oauth2/authorize': { endpoint: 'authorize', answer: showAuthorize },
  'GET /sandbox/oauth2/authorize': { endpoint: 'authorize', answer: showAuthorize },
  'POST /oauth2/authorize': { endpoint: 'authorize', answer: decideAuthorize },
  'POST /oauth2/token': { endpoint: 'token', answer: obtainToken },
  'POST /oauth2/revoke': { endpoint: 'revoke', answer: revokeToken },
  'POST /oauth2/token/status': { endpoint: 'status', answer: retrieveTokenStatus },
  'GET /v2/locations': { endpoint: 'locations', answer: listLocations },
  'GET /v2/merchants/me': { endpoint: 'merchant', answer: retrieveMerchant },
};

export const routeOf = (incoming: Incoming): Route | undefined => routes[`${incoming.method} ${incoming.path}`];

/** Square's true answer, with its state changed accordingly. Good answers echo `Square-Version` (Square, Versioning). */
export function answer(world: World, route: Route | undefined, incoming: Incoming): Reply {
  const version = incoming.headers['square-version'];
  if (typeof version === 'string' && !isVersion(version)) {
    const detail = 'The Square-Version header is not of the form YYYY-MM-DD.';
    return apiError(400, 'INVALID_REQUEST_ERROR', 'INVALID_SQUARE_VERSION_FORMAT', detail);
  }
  if (route === undefined) {
    return apiError(404, 'INVALID_REQUEST_ERROR', 'NOT_FOUND', 'Resource not found.');
  }
  const reply = route.answer(world, incoming);
  if (reply.status !== 200 || typeof version !== 'string') return reply;
  return { ...reply, headers: { ...reply.headers, 'square-version': version } };
}

const isVersion = (version: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(version) && new Date(version).toJSON()?.slice(0, 10) === version;

/** Whom a request is about, told from what it carries and before anything is done. */
export function aboutOf(world: World, endpoint: Endpoint, incoming: Incoming): About {
  const bearer = bearerOf(incoming);
  const shown = bearer ?? presentedOf(incoming) ?? field(incoming, 'access_token');
  const held = shown === undefined ? undefined : holderOf(world, shown);
  return {
    endpoint,
    clientID: field(incoming, 'client_id') ?? held?.clientID ?? incoming.query.get('client_id') ?? undefined,
    merchantID: field(incoming, 'merchant_id') ?? held?.merchantID,
    grantType: field(incoming, 'grant_type'),
  };
}
