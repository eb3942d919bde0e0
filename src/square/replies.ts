import { type Instant, parseInstant } from '../clock.ts';
import { type CleanCredential, cleanCredential } from '../domain/token.ts';
import { isObject, type JSONObject, text } from './error-shapes.ts';
import type { Locations, Merchant, TokenGrant, TokenStatus } from './port.ts';

/** `T`, in which what may be `undefined` may be absent and is never `undefined`. */
type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined)) as Present<T>;
}

/** The first instant of the year 10000, which RFC 3339 cannot write. */
const endOfTimes: Instant = Date.UTC(10_000, 0, 1);

/** A time of Square's: any RFC 3339 form. Missing, empty, null, or outside the years 1970 to 9999 in UTC means none. */
function instant(value: unknown): Instant | undefined {
  const found = typeof value === 'string' ? parseInstant(value) : undefined;
  return found !== undefined && found >= 0 && found < endOfTimes ? found : undefined;
}

/** A merchant ID. What is longer than a status may hold (191 characters) or not printable ASCII is none. */
function sellerID(value: unknown): string | undefined {
  const found = text(value);
  return found !== undefined && /^[\x20-\x7e]{1,191}$/.test(found) ? found : undefined;
}

const longestName = 1_024;

/** A name for people: without control characters, halves of characters, and what is beyond 1024 UTF-16 units. */
function businessName(value: unknown): string | undefined {
  const name = text(value)?.replaceAll(/\p{Cc}|\p{Cs}/gu, '');
  return text(name?.slice(0, longestName).replace(/\p{Cs}$/u, ''));
}

const credential = (value: unknown): CleanCredential | undefined => {
  const found = text(value);
  return found === undefined ? undefined : cleanCredential(found);
};

/**
 * Square, ObtainToken reference. `undefined` unless there is an access token, and when one of the tokens is such that no
 * request could carry it (`cleanCredential`).
 */
export function readTokenGrant(object: JSONObject): TokenGrant | undefined {
  const accessToken = credential(object['access_token']);
  const refreshToken = credential(object['refresh_token']);
  if (accessToken?.ok !== true || refreshToken?.ok === false) return undefined;
  return present({
    accessToken: accessToken.value,
    expiresAt: instant(object['expires_at']),
    merchantID: sellerID(object['merchant_id']),
    refreshToken: refreshToken?.value,
    refreshTokenExpiresAt: instant(object['refresh_token_expires_at']),
    shortLived: typeof object['short_lived'] === 'boolean' ? object['short_lived'] : undefined,
  });
}

/** Square, RetrieveTokenStatus reference. `undefined` unless there are scopes and somebody whom they belong to. */
export function readTokenStatus(object: JSONObject): TokenStatus | undefined {
  const clientID = text(object['client_id']);
  const merchantID = sellerID(object['merchant_id']);
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
  const merchantID = locations.map((location) => sellerID(location['merchant_id'])).find((id) => id !== undefined);
  const active = locations.filter((location) => location['status'] === 'ACTIVE').length;
  return present({ count: locations.length, active, merchantID });
}

/** Square, RetrieveMerchant reference. `undefined` unless there is a merchant with an ID. */
export function readMerchant(object: JSONObject): Merchant | undefined {
  const merchant = object['merchant'];
  if (!isObject(merchant)) return undefined;
  const id = sellerID(merchant['id']);
  if (id === undefined) return undefined;
  return present({
    id,
    businessName: businessName(merchant['business_name']),
    country: text(merchant['country']),
    status: text(merchant['status']),
  });
}

/** Square, RevokeToken reference: `{"success": true}`. */
export const readRevoked = (object: JSONObject): true | undefined => (object['success'] === true ? true : undefined);
