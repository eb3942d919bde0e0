import { apiError, authenticationError } from './errors.ts';
import { type Incoming, json, type Reply } from './reply.ts';
import type { AccessToken, Seller } from './rows.ts';
import { formatted } from './token-endpoint.ts';
import type { World } from './world.ts';

const unauthorized = (detail: string) => authenticationError(401, 'UNAUTHORIZED', detail);

/** The access token that a request carries in `Authorization: Bearer`. */
export function bearerOf(incoming: Incoming): string | undefined {
  const [scheme, value, ...rest] = (incoming.headers.authorization ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && value !== '' && rest.length === 0 ? value : undefined;
}

/** Square, OAuth best practices: expired tokens are remembered for a while, then they are unknown. */
function admit(world: World, incoming: Incoming): AccessToken | Reply {
  if (incoming.headers.authorization === undefined) {
    return unauthorized('Missing Authorization header. Ensure the request carries an access token.');
  }
  const value = bearerOf(incoming);
  if (value === undefined) return unauthorized('Your Authorization header is malformed.');
  const held = world.accessTokens.get(value);
  const now = world.clock.now();
  const forgottenAt = (held?.expiresAt ?? Number.POSITIVE_INFINITY) + world.settings().expiryMemory;
  if (held === undefined || forgottenAt <= now) return unauthorized('This request could not be authorized.');
  if (world.applications.get(held.clientID)?.disabled === true) {
    return authenticationError(401, 'CLIENT_DISABLED', 'The client was disabled.');
  }
  if (held.revokedAt !== undefined) {
    return authenticationError(401, 'ACCESS_TOKEN_REVOKED', 'The access token has been revoked.');
  }
  if (held.expiresAt !== undefined && held.expiresAt <= now) {
    return authenticationError(401, 'ACCESS_TOKEN_EXPIRED', 'The access token has expired.');
  }
  return held;
}

const isToken = (admitted: AccessToken | Reply): admitted is AccessToken => 'merchantID' in admitted;

/** `POST /oauth2/token/status` (Square, RetrieveTokenStatus reference): does not tell expired from revoked. */
export function retrieveTokenStatus(world: World, incoming: Incoming): Reply {
  const admitted = admit(world, incoming);
  const settings = world.settings();
  if (world.environment === 'Sandbox' && !settings.statusInSandbox) return unauthorized('Not a production token.');
  if (!isToken(admitted)) return unauthorized('This request could not be authorized.');
  return json(200, {
    scopes: admitted.scopes,
    expires_at: admitted.expiresAt === undefined ? '' : formatted(settings, admitted.expiresAt),
    client_id: admitted.clientID,
    ...(settings.omitMerchantID === 'token replies and status' ? {} : { merchant_id: admitted.merchantID }),
  });
}

/** The seller whom the token belongs to, when the token lives and carries the permission that both calls ask for. */
function sellerOf(world: World, incoming: Incoming): Seller | Reply {
  const admitted = admit(world, incoming);
  if (!isToken(admitted)) return admitted;
  if (admitted.kind !== 'personal' && !admitted.scopes.includes('MERCHANT_PROFILE_READ')) {
    const detail =
      'The merchant has not given your application sufficient permissions to do that. The merchant must authorize your application for the following scopes: MERCHANT_PROFILE_READ';
    return authenticationError(403, 'INSUFFICIENT_SCOPES', detail);
  }
  const seller = world.sellers.get(admitted.merchantID);
  return seller ?? apiError(404, 'INVALID_REQUEST_ERROR', 'NOT_FOUND', 'Merchant not found.');
}

const isSeller = (found: Seller | Reply): found is Seller => 'merchantID' in found;

/** `GET /v2/locations` (Square, ListLocations reference): active and inactive ones, by name; no empty lists. */
export function listLocations(world: World, incoming: Incoming): Reply {
  const seller = sellerOf(world, incoming);
  if (!isSeller(seller)) return seller;
  if (seller.locations.length === 0) return json(200, {});
  const locations = seller.locations
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map((location) => ({
      id: location.id,
      name: location.name,
      merchant_id: seller.merchantID,
      status: location.status,
      created_at: created(seller),
      country: seller.country,
      currency: seller.currency,
    }));
  return json(200, { locations });
}

/** `GET /v2/merchants/me` (Square, RetrieveMerchant reference). */
export function retrieveMerchant(world: World, incoming: Incoming): Reply {
  const seller = sellerOf(world, incoming);
  if (!isSeller(seller)) return seller;
  return json(200, {
    merchant: {
      id: seller.merchantID,
      business_name: seller.businessName,
      country: seller.country,
      language_code: 'en-US',
      currency: seller.currency,
      status: seller.status,
      main_location_id: seller.locations[0]?.id,
      created_at: created(seller),
    },
  });
}

const created = (seller: Seller) => `${new Date(seller.createdAt).toISOString().slice(0, 19)}Z`;
