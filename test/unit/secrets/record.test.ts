import { hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Purpose } from '../../../src/secrets/port.ts';
import { openRecord, sealRecord } from '../../../src/secrets/record.ts';
import { aBinding, aKey, aRing, canary, headerOf, withHeader } from './fixtures.ts';

const ring = aRing();
const binding = aBinding();
const content = Buffer.from(`{"secret":"${canary}"}`);
const sealed = sealRecord(ring, 'grant', binding, content);
const open = (jwe: string, purpose: Purpose = 'grant', at = binding, by = ring) => openRecord(by, purpose, at, jwe);

/** The content key as RFC 5869 and the record's own description give it, computed beside the product's code. */
function contentKey(jwe: string, purpose: string, root = ring.active.root): Uint8Array {
  const salt = Buffer.from(String(headerOf(jwe)['salt']), 'base64url');
  const info = `square-operator/record/1/${purpose}/${ring.active.id}`;
  return new Uint8Array(hkdfSync('sha256', root, salt, info, 32));
}

describe('a record', () => {
  test('opens where it belongs', () => {
    expect(open(sealed)).toEqual({ ok: true, value: content, keyID: ring.active.id });
  });

  test('is another text every time', () => {
    expect(sealRecord(ring, 'grant', binding, content)).not.toBe(sealed);
  });

  test('is a JWE that jose opens with the derived key', async () => {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, contentKey(sealed, 'grant'));
    expect(Buffer.from(plaintext)).toEqual(content);
    expect(protectedHeader).toMatchObject({ alg: 'dir', enc: 'A256GCM', v: 1, purpose: 'grant', ...binding });
  });

  test('that jose made with the derived key opens', async () => {
    const { alg, enc, ...header } = headerOf(sealed);
    expect([alg, enc]).toEqual(['dir', 'A256GCM']);
    const jwe = await new CompactEncrypt(content)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', ...header })
      .encrypt(contentKey(sealed, 'grant'));
    expect(open(jwe)).toMatchObject({ ok: true, value: content });
  });

  test('of any bytes and any place comes back as it was', () => {
    const text = fc.string({ maxLength: 80 });
    const places = fc.record({
      namespace: text,
      name: text,
      environment: fc.constantFrom('Production' as const, 'Sandbox' as const),
      clientID: text,
    });
    const purposes = fc.constantFrom<Purpose>('grant', 'journal', 'escrow', 'incoming');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), places, purposes, (bytes, place, purpose) => {
        const opened = open(sealRecord(ring, purpose, place, bytes), purpose, place);
        expect(opened.ok && Buffer.from(opened.value).equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['another namespace', { namespace: 'other' }],
    ['another name', { name: 'other' }],
    ['another environment', { environment: 'Sandbox' as const }],
    ['another client ID', { clientID: 'sq0idp-OTHER' }],
    ['a personal access token instead', { clientID: '' }],
  ])('does not open in %s', (_, other) => {
    const opened = open(sealed, 'grant', aBinding(other));
    expect(opened).toMatchObject({ ok: false, problem: 'BoundElsewhere', keyID: ring.active.id });
  });

  test.each(['journal', 'escrow', 'incoming'] as const)('does not open as %s', (purpose) => {
    expect(open(sealed, purpose)).toMatchObject({ ok: false, problem: 'WrongPurpose' });
    const relabelled = withHeader(sealed, (header) => ({ ...header, purpose }));
    expect(open(relabelled, purpose)).toMatchObject({ ok: false, problem: 'Tampered' });
  });

  test('names the key that is missing, and what helps', () => {
    const opened = open(sealed, 'grant', binding, aRing(aKey()));
    expect(opened).toMatchObject({ ok: false, problem: 'KeyMissing', keyID: ring.active.id });
    expect(!opened.ok && opened.message).toMatch(new RegExp(`key ${ring.active.id}.*restore`));
  });

  test('does not open with another key of the ring under its own ID or another', () => {
    const [one, two] = [aKey(), aKey()];
    const both = aRing(one, two);
    const jwe = sealRecord(both, 'grant', binding, content);
    const other = both.ids().find((id) => id !== both.active.id) ?? '';
    const swapped = withHeader(jwe, (header) => ({ ...header, kid: other }));
    expect(open(swapped, 'grant', binding, both)).toMatchObject({ ok: false, problem: 'Tampered', keyID: other });
    const impostor = aRing(aKey({ id: both.active.id }));
    expect(open(jwe, 'grant', binding, impostor)).toMatchObject({ ok: false, problem: 'Tampered' });
  });

  test('is opened by a retired key, but not sealed by it', () => {
    const retired = aKey({ state: 'Retired' });
    const later = aRing(retired, aKey());
    const old = sealRecord(aRing({ ...retired, key: { ...retired.key, state: 'Active' } }), 'grant', binding, content);
    expect(open(old, 'grant', binding, later)).toMatchObject({ ok: true, keyID: retired.key.id });
    expect(headerOf(sealRecord(later, 'grant', binding, content))['kid']).not.toBe(retired.key.id);
  });
});

describe('a changed record is refused', () => {
  const fields = Object.keys(headerOf(sealed));
  test.each(fields)('without %s', (field) => {
    const jwe = withHeader(sealed, (header) => ({ ...header, [field]: undefined }));
    expect(open(jwe)).toMatchObject({ ok: false, problem: 'Malformed' });
  });
  test.each(fields)('with another %s', (field) => {
    for (const value of ['x', 0, null, {}, [], true, '__proto__']) {
      expect(open(withHeader(sealed, (header) => ({ ...header, [field]: value }))).ok).toBe(false);
    }
  });
  test.each([
    ['zip', { zip: 'DEF' }],
    ['crit', { crit: ['v'] }],
    ['PBES2', { alg: 'PBES2-HS256+A128KW', p2c: 1e9, p2s: 'AAAA' }],
    ["PBES2's count", { p2c: 1e9 }],
    ['direct key agreement', { alg: 'ECDH-ES' }],
    ['no algorithm', { alg: 'none' }],
    ['the mode without integrity of its own', { enc: 'A256CBC-HS512' }],
    ['a shorter key', { enc: 'A128GCM' }],
    ['a key brought along', { jwk: { kty: 'oct', k: 'AAAA' } }],
    ['an unknown member', { later: 1 }],
  ])('with %s', (_, extra) => {
    const jwe = withHeader(sealed, (header) => ({ ...header, ...extra }));
    expect(open(jwe)).toMatchObject({ ok: false, problem: 'Malformed' });
  });

  test('of a later version, and says so', () => {
    const jwe = withHeader(sealed, (header) => ({ ...header, v: 2, alg: 'later' }));
    expect(open(jwe)).toMatchObject({ ok: false, problem: 'UnsupportedVersion', keyID: ring.active.id });
  });

  test('with the header spelled otherwise but saying the same', () => {
    expect(open(withHeader(sealed, (header) => Object.fromEntries(Object.entries(header).toReversed())))).toMatchObject(
      {
        ok: false,
        problem: 'Tampered',
      },
    );
  });

  test('with an encrypted key that nobody asked for', () => {
    const parts = sealed.split('.');
    parts[1] = randomBytes(40).toString('base64url');
    expect(open(parts.join('.'))).toMatchObject({ ok: false, problem: 'Tampered' });
  });

  test('with parts of another record of the same place', () => {
    const other = sealRecord(ring, 'grant', binding, content).split('.');
    for (let part = 0; part < 5; part += 1) {
      const mixed = sealed.split('.').map((text, i) => (i === part ? (other[i] ?? '') : text));
      if (mixed.join('.') !== sealed) expect(open(mixed.join('.')).ok).toBe(false);
    }
  });

  test('with any one character changed', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n';
    const position = fc.nat(sealed.length - 1);
    fc.assert(
      fc.property(position, fc.constantFrom(...alphabet.split('')), (at, character) => {
        fc.pre(sealed[at] !== character);
        expect(open(sealed.slice(0, at) + character + sealed.slice(at + 1)).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test('with the spare bits of any part set, whatever its length', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const length of [0, 1, 2, 3]) {
      const jwe = sealRecord(ring, 'grant', binding, Buffer.alloc(length));
      const parts = jwe.split('.');
      for (const [i, part] of parts.entries()) {
        const next = alphabet[alphabet.indexOf(part.at(-1) ?? '') + 1];
        if (part === '' || next === undefined) continue;
        const changed = parts.with(i, part.slice(0, -1) + next).join('.');
        expect(open(changed).ok).toBe(false);
      }
    }
  });

  test('cut short or made longer anywhere', () => {
    for (let length = 0; length < sealed.length; length += 7) expect(open(sealed.slice(0, length)).ok).toBe(false);
    for (const text of [`${sealed}A`, `${sealed}.`, ` ${sealed}`, `${sealed}\n`, `${sealed}=`, '', '....']) {
      expect(open(text)).toMatchObject({ ok: false, problem: 'Malformed' });
    }
  });

  test('when it is any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(open(text).ok).toBe(false);
      }),
    );
  });
});

test('nothing that is refused shows any of the content or of the key', () => {
  const root = ring.active.root.export();
  const texts = [
    withHeader(sealed, (header) => ({ ...header, kid: canary })),
    withHeader(sealed, (header) => ({ ...header, v: 9, kid: canary })),
    sealed.slice(0, -2),
    sealRecord(ring, 'grant', aBinding({ name: 'elsewhere' }), content),
  ];
  for (const jwe of texts) {
    const shown = inspect(open(jwe), { depth: null });
    expect(shown).toContain('ok: false');
    expect(shown).not.toContain(canary.slice(0, 20));
  }
  const shown = inspect(ring, { depth: null, showHidden: true }) + JSON.stringify(ring.active);
  for (const form of ['base64', 'base64url', 'hex'] as const) expect(shown).not.toContain(root.toString(form));
});
