import { inspect } from 'node:util';
import { CompactEncrypt, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { openToken, token } from '../../../src/domain/token.ts';
import { openCredential } from '../../../src/secrets/credential.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import { sealCredential } from '../../../src/secrets/seal-credential.ts';
import { aBinding, aKey, aRing, canary, headerOf, withHeader } from './fixtures.ts';

const ring = aRing();
const binding = aBinding();
const { publicKey } = ring.active;
const sealed = await sealCredential(publicKey, binding, token(canary));

async function value(jwe: string, at = binding): Promise<string | undefined> {
  const opened = await openCredential(ring, at, jwe);
  return opened.ok ? openToken(opened.value) : opened.problem;
}

/** What anybody with the public key can make: any header, any algorithm. */
async function forged(header: { alg?: string; enc?: string; [member: string]: unknown }): Promise<string> {
  const key = await importJWK(publicKey, header.alg ?? 'ECDH-ES+A256KW');
  const { epk: _, ...own } = headerOf(sealed);
  return await new CompactEncrypt(Buffer.from(canary))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', ...own, ...header })
    .encrypt(key, { crit: { exp: true } });
}

describe('a credential sealed offline', () => {
  test('opens in its place', async () => {
    expect(await openCredential(ring, binding, sealed)).toMatchObject({ ok: true, keyID: ring.active.id });
    expect(await value(sealed)).toBe(canary);
  });

  test('opens with the line end that a file adds', async () => {
    expect(await value(`\n  ${sealed}\n`)).toBe(canary);
  });

  test('made by jose alone from the published JWK opens', async () => {
    expect(await value(await forged({}))).toBe(canary);
  });

  test.each([
    ['namespace', { namespace: 'other' }],
    ['name', { name: 'other' }],
    ['environment', { environment: 'Sandbox' as const }],
    ['client ID', { clientID: 'other' }],
  ])('does not open for another %s', async (_, other) => {
    expect(await value(sealed, aBinding(other))).toBe('BoundElsewhere');
  });

  test.each([
    ['zip', { zip: 'DEF' }, 'Malformed'],
    ['another key agreement', { alg: 'ECDH-ES' }, 'Malformed'],
    ['another key wrap', { alg: 'ECDH-ES+A128KW' }, 'Malformed'],
    ['another content encryption', { enc: 'A128GCM' }, 'Malformed'],
    ['CBC', { enc: 'A256CBC-HS512' }, 'Malformed'],
    ['a member of its own', { note: 'x' }, 'Malformed'],
    ['the purpose of a grant', { purpose: 'grant' }, 'WrongPurpose'],
    ['a later version', { v: 2 }, 'UnsupportedVersion'],
    ['an unknown key', { kid: 'unknown' }, 'KeyMissing'],
  ])('with %s is refused, even when it is well made', async (_, header, problem) => {
    const jwe = 'zip' in header ? withHeader(sealed, (own) => ({ ...own, ...header })) : await forged(header);
    expect(await value(jwe)).toBe(problem);
  });

  test.each([
    ['password-based', { alg: 'PBES2-HS512+A256KW', p2c: 2 ** 31, p2s: 'AAAA' }],
    ['direct', { alg: 'dir' }],
    ['RSA', { alg: 'RSA-OAEP-256' }],
    ['unencrypted', { alg: 'none', enc: 'none' }],
  ])('relabelled as %s is refused at once', async (_, header) => {
    const started = performance.now();
    expect(await value(withHeader(sealed, (own) => ({ ...own, ...header })))).toBe('Malformed');
    expect(performance.now() - started).toBeLessThan(200);
  });

  test.each([
    ['none', null],
    ['a text', 'x'],
    ['another curve', { kty: 'EC', crv: 'P-521', x: 'AA', y: 'AA' }],
    ['a point off the curve', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['a private key', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', d: 'AA' }],
  ])('with %s as ephemeral key is refused', async (_, epk) => {
    expect(await value(withHeader(sealed, (own) => ({ ...own, epk })))).toBe('Tampered');
  });

  test('with any part changed is refused', async () => {
    for (let part = 0; part < 5; part += 1) {
      const parts = sealed.split('.');
      const text = parts[part] ?? '';
      const middle = text.length >> 1;
      parts[part] = text.slice(0, middle) + (text[middle] === 'A' ? 'B' : 'A') + text.slice(middle + 1);
      expect(['Tampered', 'Malformed', 'KeyMissing']).toContain(await value(parts.join('.')));
    }
  });

  test('is nothing that a record of the operator passes for, nor the other way round', async () => {
    expect(await value(sealRecord(ring, 'grant', binding, Buffer.from(canary)))).toBe('Malformed');
  });

  test('of more than 8192 characters is not read', async () => {
    const opened = await openCredential(ring, binding, 'A'.repeat(8_193));
    expect(opened).toMatchObject({ ok: false, problem: 'Malformed' });
    expect(!opened.ok && opened.message).toContain('8193');
  });

  test('is not opened by another ring, which names the key', async () => {
    const opened = await openCredential(aRing(aKey()), binding, sealed);
    expect(opened).toMatchObject({ ok: false, problem: 'KeyMissing', keyID: ring.active.id });
  });

  test('prints nothing of its value', async () => {
    expect(inspect(await openCredential(ring, binding, sealed), { depth: null })).not.toContain(canary);
    expect(JSON.stringify(publicKey)).not.toContain('"d"');
  });
});
