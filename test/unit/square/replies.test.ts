import { expect, test } from 'vitest';
import { openToken, secretBytes } from '../../../src/domain/token.ts';
import { readLocations, readMerchant, readTokenGrant, readTokenStatus } from '../../../src/square/replies.ts';
import { parseTokenReply } from '../../../src/square/token-reply.ts';

const reply = {
  access_token: 'EAAAone',
  refresh_token: 'EQAAtwo',
  merchant_id: 'M',
  expires_at: '2026-07-01T00:00:00Z',
};

const unusableIDs = ['M'.repeat(192), 'M\n', 'M\u0000', 'Mé', '\u{1f96f}'];

test.each(unusableIDs)('a merchant ID that no status could hold (%j) counts as absent', (id) => {
  expect(readTokenGrant({ ...reply, merchant_id: id })).not.toHaveProperty('merchantID');
  expect(readTokenStatus({ scopes: [], client_id: 'c', merchant_id: id })).toEqual({ scopes: [], clientID: 'c' });
  expect(readTokenStatus({ scopes: [], merchant_id: id })).toBeUndefined();
  const locations = [{ merchant_id: id }, { merchant_id: 'M' }];
  expect(readLocations({ locations })).toEqual({ count: 2, active: 0, merchantID: 'M' });
  expect(readMerchant({ merchant: { id } })).toBeUndefined();
});

test('a merchant ID of 191 characters is taken', () => {
  const id = 'M'.repeat(191);
  expect(readTokenGrant({ ...reply, merchant_id: id })?.merchantID).toBe(id);
});

test.each([
  ['1970-01-01T00:00:00Z', 0],
  ['1969-12-31T23:59:59Z', undefined],
  ['1970-01-01T00:30:00+01:00', undefined],
  ['0001-01-01T00:00:00Z', undefined],
  ['9999-12-31T23:59:59Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ['9999-12-31T23:59:59-01:00', undefined],
])('the time %s is %s', (text, expected) => {
  const grant = readTokenGrant({ ...reply, expires_at: text, refresh_token_expires_at: text });
  const status = readTokenStatus({ scopes: [], client_id: 'c', expires_at: text });
  expect(grant).toBeDefined();
  expect([grant?.expiresAt, grant?.refreshTokenExpiresAt, status?.expiresAt]).toEqual([expected, expected, expected]);
});

const unusableTokens = ['EAAA\nx', 'EAAA x', 'EAAA\u0007', 'EAAAé', ' ', 'E'.repeat(1_025)];

test.each(unusableTokens)('a reply with the token %j, which no request can carry, is not understood', (value) => {
  for (const field of ['access_token', 'refresh_token']) {
    const body = secretBytes(Buffer.from(JSON.stringify({ ...reply, [field]: value })));
    const outcome = parseTokenReply({ grantType: 'refresh_token', body });
    expect(outcome).toMatchObject({ ok: false, failure: { class: 'Unknown', maybeActed: true } });
  }
});

test('tokens of 1024 characters are taken', () => {
  const longest = 'E'.repeat(1_024);
  const grant = readTokenGrant({ ...reply, access_token: longest, refresh_token: longest });
  expect(grant && openToken(grant.accessToken)).toBe(longest);
  expect(grant?.refreshToken && openToken(grant.refreshToken)).toBe(longest);
});

test.each([
  ['Bäckerei \u{1f96f}', 'Bäckerei \u{1f96f}'],
  ['Bake\u0000ry\u001b[31m\n\u0085', 'Bakery[31m'],
  ['\u0000\n', undefined],
  ['B'.repeat(1_025), 'B'.repeat(1_024)],
  [`${'B'.repeat(1_023)}\u{1f96f}`, 'B'.repeat(1_023)],
  ['Bake\ud83ery', 'Bakery'],
])('the business name %j is shown as %j', (business_name, expected) => {
  expect(readMerchant({ merchant: { id: 'M', business_name } })?.businessName).toBe(expected);
});
