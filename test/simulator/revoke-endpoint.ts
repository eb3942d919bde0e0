import { notAuthorized, oauthError } from './errors.ts';
import { knowsSecret, revokeAll } from './issue.ts';
import { field, type Incoming, json, type Reply } from './reply.ts';
import { revokedEvent } from './webhooks.ts';
import type { World } from './world.ts';

const success = json(200, { success: true });

/** `POST /oauth2/revoke` (Square, RevokeToken reference). */
export function revokeToken(world: World, incoming: Incoming): Reply {
  const settings = world.settings();
  const [scheme, secret, ...rest] = (incoming.headers.authorization ?? '').split(' ');
  if (scheme !== 'Client' || secret === undefined || secret === '' || rest.length > 0) {
    return oauthError(settings, 400, 'bad_request.invalid_parameter', 'bad authorization header');
  }
  const clientID = field(incoming, 'client_id');
  const application =
    clientID === undefined
      ? [...world.applications.values()].find((candidate) => knowsSecret(candidate, secret))
      : world.applications.get(clientID);
  if (application === undefined || application.disabled || !knowsSecret(application, secret)) {
    return notAuthorized(settings);
  }
  const accessToken = field(incoming, 'access_token');
  const merchantID = field(incoming, 'merchant_id');
  if (accessToken === undefined && merchantID === undefined) {
    const message = "one of either 'access_token' or 'merchant_id' is required";
    return oauthError(settings, 400, 'bad_request.missing_parameter', message);
  }
  if (accessToken !== undefined && merchantID !== undefined) {
    const message = "only one of 'access_token' and 'merchant_id' may be given";
    return oauthError(settings, 400, 'bad_request.invalid_parameter', message);
  }
  return accessToken === undefined
    ? revokeSeller(world, application.clientID, merchantID ?? '')
    : revokeByToken(world, application.clientID, accessToken, incoming.json?.['revoke_only_access_token'] === true);
}

const notFound = (world: World) => oauthError(world.settings(), 404, 'not_found', 'access token not found');

function revokeSeller(world: World, clientID: string, merchantID: string): Reply {
  if (revokeAll(world, clientID, merchantID)) {
    revokedEvent(world, { clientID, merchantID }, 'APPLICATION');
    return success;
  }
  return world.settings().revokeNothing === 200 ? success : notFound(world);
}

function revokeByToken(world: World, clientID: string, value: string, only: boolean): Reply {
  const held = world.accessTokens.get(value);
  const foreign = held === undefined || held.clientID !== clientID || held.kind === 'personal';
  if (foreign || held.revokedAt !== undefined) return notFound(world);
  if (only) {
    world.accessTokens.put(value, { ...held, revokedAt: world.clock.now() });
    return success;
  }
  revokeAll(world, clientID, held.merchantID);
  revokedEvent(world, held, 'APPLICATION');
  return success;
}
