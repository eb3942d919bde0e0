import type { ConnectionSpec } from '../api/connection.ts';
import { parseDuration } from '../api/duration.ts';
import { type Duration, hours, type Instant, minutes, seconds } from '../clock.ts';
import type { Grant } from './grant.ts';

/**
 * A number in [0, 1) that is always the same for the same text: FNV-1a with a final mix. It spreads the fleet over time
 * without a random number, so that every replica and every restart comes to the same slot.
 */
export function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Square asks for a renewal every 7 days or less (Square, "OAuth best practices"). */
const defaultRefreshInterval = hours(168);
const shortLivedRefreshInterval = hours(12);
const defaultVerifyInterval = hours(1);

/** However short a token lives, it is not renewed more often than this. */
const leastRefreshInterval = minutes(1);

/** How much of a token's own lifetime may pass at most before it is renewed. */
const lifetimeShare = 0.8;

/** When an access token was issued, and when it ends. */
export type Lifetime = { readonly accessToken: Pick<Grant['accessToken'], 'issuedAt' | 'expiresAt'> };

type Paced = Pick<ConnectionSpec, 'refreshInterval' | 'shortLived'>;

function refreshInterval(spec: Paced, grant: Lifetime): Duration {
  const asked = spec.refreshInterval === undefined ? undefined : parseDuration(spec.refreshInterval);
  const interval = asked ?? (spec.shortLived === true ? shortLivedRefreshInterval : defaultRefreshInterval);
  const { issuedAt, expiresAt } = grant.accessToken;
  if (expiresAt === undefined) return interval;
  return Math.max(leastRefreshInterval, Math.min(interval, lifetimeShare * (expiresAt - issuedAt)));
}

/** When the access token is due for renewal: at 80 to 95 % of the interval, the slot fixed by the connection's UID. */
export function refreshDueAt(spec: Paced, grant: Lifetime, uid: string): Instant {
  return grant.accessToken.issuedAt + refreshInterval(spec, grant) * (0.8 + 0.15 * fractionOf(`refresh ${uid}`));
}

/** The first of the connection's verification slots after `after`. Slots are fixed, so a restart makes no herd. */
export function nextVerifySlot(spec: Pick<ConnectionSpec, 'verifyInterval'>, uid: string, after: Instant): Instant {
  const interval = verifyInterval(spec);
  const offset = Math.floor(fractionOf(`verify ${uid}`) * interval);
  return offset + (Math.floor((after - offset) / interval) + 1) * interval;
}

export function verifyInterval(spec: Pick<ConnectionSpec, 'verifyInterval'>): Duration {
  return spec.verifyInterval === undefined ? defaultVerifyInterval : parseDuration(spec.verifyInterval);
}

/** How a delay grows with failures in a row. */
export interface Backoff {
  readonly first: Duration;
  readonly most: Duration;
}

export const takeUpBackoff: Backoff = { first: seconds(5), most: minutes(30) };
export const refreshBackoff: Backoff = { first: seconds(30), most: hours(1) };
/** For a Secret that the API server does not take, or let go: a quota, a policy, a missing permission. */
export const publishBackoff: Backoff = { first: seconds(2), most: minutes(5) };
/** For an application whose client Square refuses: one connection asks for all of them. */
export const probeBackoff: Backoff = { first: minutes(1), most: minutes(30) };
/** For a disconnect that failed: a person has asked for it and waits. */
export const disconnectBackoff: Backoff = { first: seconds(15), most: minutes(30) };
/** At a deletion, which a person waits for, and a namespace. */
export const partingBackoff: Backoff = { first: seconds(5), most: minutes(5) };
/** For a token that was never proven, or that something speaks against. Any other is verified in its slots, whatever happens. */
export const proofBackoff: Backoff = { first: seconds(5), most: minutes(15) };
/** A refused refresh token is not asked about in a hurry; but Square may have been wrong, so it is asked about. */
export const refusedBackoff: Backoff = { first: hours(1), most: hours(24) };

/** The delay after the `count`th failure in a row: doubled each time, spread by ±20 % by `spread`. */
export function backoffDelay(backoff: Backoff, count: number, spread: string): Duration {
  const delay = Math.min(backoff.most, backoff.first * 2 ** Math.min(count - 1, 30));
  return delay * (0.8 + 0.4 * fractionOf(`${spread} ${count}`));
}

/** Records under a retired key are sealed anew one so long after the other, on average. */
export const resealSpacing = seconds(0.2);

/** Status fields that change without anything having happened are stored no more often than this. */
export const lastVerifyTimeStoredEvery = hours(6);

/** Nothing tells of a Secret that is not followed for want of the type: it is looked for again so often. */
export const lookForSecretEvery = minutes(2);

/** How old a request annotation may be (a restored or copied object must not act on an old one). */
export const requestLifetime = minutes(15);
