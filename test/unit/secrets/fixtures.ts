import type { Grant } from '../../../src/domain/grant.ts';
import { token } from '../../../src/domain/token.ts';
import { generateKey, type KeyMaterial, parseKey } from '../../../src/secrets/key-material.ts';
import type { Binding, KeyRing } from '../../../src/secrets/port.ts';
import { ringOf } from '../../../src/secrets/ring.ts';

export const day = Date.UTC(2026, 6, 1);

/** A token in Square's shape that stands out wherever it should not be. */
export const canary = `EAAA${'Canary'.repeat(10)}`;

export const aKey = (fields: object = {}): KeyMaterial =>
  parseKey(JSON.stringify({ ...JSON.parse(generateKey(day)), ...fields }), 'a test key');

export const aRing = (...keys: KeyMaterial[]): KeyRing => ringOf(keys.length > 0 ? keys : [aKey()], true);

export const aBinding = (fields: Partial<Binding> = {}): Binding => ({
  namespace: 'shop',
  name: 'bakery',
  environment: 'Production',
  clientID: 'sq0idp-EXAMPLE',
  ...fields,
});

export const aGrant = (fields: Partial<Grant> = {}): Grant => ({
  generation: 3,
  connectionUID: '2f7c9a5e-0000-4000-8000-000000000001',
  environment: 'Production',
  clientID: 'sq0idp-EXAMPLE',
  kind: 'OAuth',
  merchantID: 'MLEXAMPLE0001',
  accessToken: { value: token(canary), issuedAt: day, expiresAt: day + 30 * 86_400_000 },
  refreshToken: { value: token(`EQAA${'r'.repeat(60)}`), singleUse: false },
  requested: { scopes: ['MERCHANT_PROFILE_READ'], shortLived: false },
  taken: ['a-digest'],
  handled: { refresh: '2026-07-01T00:00:00Z' },
  sealedAt: day,
  ...fields,
});

/** The text with its protected header changed by `change`, and nothing else. */
export function withHeader(jwe: string, change: (header: Record<string, unknown>) => object): string {
  const [head = '', ...rest] = jwe.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
  return [Buffer.from(JSON.stringify(change(header))).toString('base64url'), ...rest].join('.');
}

export const headerOf = (jwe: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwe.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;
