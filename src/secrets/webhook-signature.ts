import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { openToken, type Token } from '../domain/token.ts';

/** What one delivery claims: the signature is over the URL and the body, with nothing between them. */
export interface SignedDelivery {
  /** As it is registered at Square, to the letter. */
  readonly notificationURL: string;
  readonly body: Uint8Array;
  /** The header `x-square-hmacsha256-signature`. */
  readonly signature: string | undefined;
}

/** So many keys a subscription may have: two while one is being replaced. */
const keysAtMost = 2;

/** Stands in for keys that are not there, so that their number does not show in the time that an answer takes. */
const nobodys = createSecretKey(randomBytes(32));

/**
 * Whether one of the keys made the signature (Square, "Validate webhook": standard base64 of the HMAC-SHA256 of notification
 * URL and raw body). The time that it takes tells neither how much of a guess was right nor how many keys there are.
 */
export function isSigned(keys: readonly Token[], { notificationURL, body, signature = '' }: SignedDelivery): boolean {
  const given = Buffer.from(signature, 'latin1');
  let signed = false;
  for (let place = 0; place < keysAtMost; place += 1) {
    const key = keys[place];
    const expected = signatureBy(key === undefined ? nobodys : keyOf(key), notificationURL, body);
    const same = given.length === expected.length && timingSafeEqual(given, expected);
    if (same && key !== undefined) signed = true;
  }
  return signed;
}

const keyOf = (key: Token): KeyObject => createSecretKey(openToken(key), 'utf8');

const signatureBy = (key: KeyObject, notificationURL: string, body: Uint8Array): Buffer =>
  Buffer.from(createHmac('sha256', key).update(notificationURL).update(body).digest('base64'), 'latin1');
