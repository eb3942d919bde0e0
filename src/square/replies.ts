import { type Instant, parseInstant } from '../clock.ts';
import { token } from '../domain/token.ts';
import { isObject, type JSONObject, text } from './error-shapes.ts';
import type { Locations, Merchant, TokenGrant, TokenStatus } from './port.ts';

/** `T`, in which what may be `undefined` may be absent and is never `undefined`. */
type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined)) as Present<T>;
}

/** A time of Square's: any RFC 3339 form; missing, empty or null means none. */
const instant = (value: unknown): Instant | undefined => (typeof value === 'string' ? parseInstant(value) : undefined);

const secret = (value: unknown) => {
  const found = text(value);
  return found === undefined ? undefined : token(found);
};

/** Square, ObtainToken reference. `undefined` unless there is an access token. */
export function readTokenGrant(object: JSONObject): TokenGrant | undefined {
  const accessToken = secret(object['access_token']);
  if (accessToken === undefined) return undefined;
  return present({
    accessToken,
    expiresAt: instant(object['expires_at']),
    merchantID: text(object['merchant_id']),
    refreshToken: secret(object['refresh_token']),
    refreshTokenExpiresAt: instant(object['refresh_token_expires_at']),
    shortLived: typeof object['short_lived'] === 'boolean' ? object['short_lived'] : undefined,
  });
}

/** Square, RetrieveTokenStatus reference. `undefined` unless there are scopes and somebody whom they belong to. */
export function readTokenStatus(object: JSONObject): TokenStatus | undefined {
  const clientID = text(object['client_id']);
  const merchantID = text(object['merchant_id']);
  if (!Array.isArray(object['scopes']) || (clientID === undefined && merchantID === undefined)) return undefined;
  const scopes = object['scopes'].map(text).filter((scope) => scope !== undefined);
  return present({ scopes, expiresAt: instant(object['expires_at']), clientID, merchantID });
}

/** Square, ListLocations reference. Square leaves out lists that are empty, so `{}` is an answer: no locations. */
export function readLocations(object: JSONObject): Locations | undefined {
  const list = object['locations'];
  if (list === undefined && Object.keys(object).length === 0) return { count: 0, active: 0 };
  if (!Array.isArray(list)) return undefined;
  const locations = list.filter(isObject);
  if (locations.length !== list.length) return undefined;
  const merchantID = text(locations.find((location) => text(location['merchant_id']))?.['merchant_id']);
  const active = locations.filter((location) => location['status'] === 'ACTIVE').length;
  return present({ count: locations.length, active, merchantID });
}

/** Square, RetrieveMerchant reference. `undefined` unless there is a merchant with an ID. */
export function readMerchant(object: JSONObject): Merchant | undefined {
  const merchant = object['merchant'];
  if (!isObject(merchant)) return undefined;
  const id = text(merchant['id']);
  if (id === undefined) return undefined;
  return present({
    id,
    businessName: text(merchant['business_name']),
    country: text(merchant['country']),
    status: text(merchant['status']),
  });
}

/** Square, RevokeToken reference: `{"success": true}`. */
export const readRevoked = (object: JSONObject): true | undefined => (object['success'] === true ? true : undefined);
