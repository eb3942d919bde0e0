import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openToken } from '../../../src/domain/token.ts';
import { createMemoryVault, projectCredentialSecret } from '../../../src/secrets/vault.ts';
import { canary } from './fixtures.ts';

const vault = createMemoryVault();

test('any text comes back from the vault, and is never in what it keeps', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 4 }), (text) => {
      const sealed = vault.put(Buffer.from(text));
      expect(openToken(vault.open(sealed))).toBe(text);
      expect(sealed).not.toContain(text);
    }),
  );
});

test('the same text is another one each time', () => {
  const sealed = Array.from({ length: 300 }, () => vault.put(Buffer.from(canary)));
  expect(new Set(sealed.map((text) => text.slice(0, 12))).size).toBe(300);
  expect(new Set(sealed.map((text) => text.slice(12))).size).toBe(300);
});

test('another vault opens nothing', () => {
  expect(() => createMemoryVault().open(vault.put(Buffer.from(canary)))).toThrow();
});

test('of a Secret only sealed values are kept', () => {
  const base64 = Buffer.from(`${canary}\n`).toString('base64');
  const secret = {
    metadata: { name: 'bakery', namespace: 'shop', resourceVersion: '7' },
    type: 'square-operator.dev/credential',
    data: { token: base64, empty: '', constructor: base64 },
  };
  const kept = projectCredentialSecret(secret, vault);
  expect(kept).toMatchObject({ type: 'square-operator.dev/credential', resourceVersion: '7' });
  expect(Object.keys(kept.keys).sort()).toEqual(['constructor', 'empty', 'token']);
  const value = kept.keys['token'];
  expect(value && openToken(vault.open(value.sealed))).toBe(`${canary}\n`);
  const empty = kept.keys['empty'];
  expect(empty && openToken(vault.open(empty.sealed))).toBe('');
  expect(kept.keys['toString']).toBeUndefined();
  const shown = inspect(kept, { depth: null });
  expect(shown).not.toContain('Canary');
  expect(shown).not.toContain(base64.slice(4, 30));
});

test('a Secret without data has no keys', () => {
  expect(projectCredentialSecret({ metadata: { name: 'x' } }, vault)).toMatchObject({ type: 'Opaque', keys: {} });
});
