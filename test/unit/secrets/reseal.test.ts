import { describe, expect, test } from 'vitest';
import { openRecord, sealRecord } from '../../../src/secrets/record.ts';
import { resealRecord } from '../../../src/secrets/reseal.ts';
import { sealedBy } from '../../../src/secrets/sealed-by.ts';
import { aBinding, aKey, aRing, canary, headerOf, withHeader } from './fixtures.ts';

const retired = aKey({ state: 'Retired' });
const before = aRing({ ...retired, key: { ...retired.key, state: 'Active' } });
const after = aRing(retired, aKey());
const binding = aBinding();
const content = Buffer.from(`{"secret":"${canary}","later":1}`);
const place = { namespace: binding.namespace, name: binding.name };
const purposes = ['grant', 'journal', 'escrow', 'incoming'] as const;

describe('a record under a retired key', () => {
  test.each(purposes)('of purpose %s is the same record under the active one', (purpose) => {
    const old = sealRecord(before, purpose, binding, content);
    const made = resealRecord(after, purpose, place, old);
    expect(made).toMatchObject({ ok: true, keyID: after.active.id });
    const jwe = made.ok ? made.value : '';
    expect(sealedBy(old)).toBe(retired.key.id);
    expect(sealedBy(jwe)).toBe(after.active.id);
    expect(openRecord(after, purpose, binding, jwe)).toMatchObject({ ok: true, value: content });
    const { kid: _, salt: __, ...bound } = headerOf(jwe);
    expect(headerOf(old)).toMatchObject(bound);
  });

  const old = sealRecord(before, 'grant', binding, content);
  const relabelled = (fields: object) => withHeader(old, (header) => ({ ...header, ...fields }));
  test.each([
    ['copied to another name', old, { ...place, name: 'other' }, 'BoundElsewhere'],
    ['copied to another namespace', old, { ...place, namespace: 'other' }, 'BoundElsewhere'],
    ['relabelled for another name', relabelled({ name: 'other' }), { ...place, name: 'other' }, 'Tampered'],
    ['relabelled for another client', relabelled({ clientID: 'other' }), place, 'Tampered'],
    ['relabelled for another environment', relabelled({ environment: 'Sandbox' }), place, 'Tampered'],
    ['without an environment', relabelled({ environment: undefined }), place, 'Malformed'],
    ['of another purpose', sealRecord(before, 'journal', binding, content), place, 'WrongPurpose'],
    ['by a key that is not there', sealRecord(aRing(), 'grant', binding, content), place, 'KeyMissing'],
    ['that is none', 'x', place, 'Malformed'],
  ])('%s is left as it is', (_, jwe, where, problem) => {
    expect(resealRecord(after, 'grant', where, jwe)).toMatchObject({ ok: false, problem });
  });
});

test.each([
  ['no JWE', 'x'],
  ['an empty text', ''],
  ['a header that is no object', `${Buffer.from('null').toString('base64url')}.....`],
  ['an ID that could be anything', withHeader('e30....', () => ({ kid: 'a b' }))],
  ['an ID that is no text', withHeader('e30....', () => ({ kid: 7 }))],
])('%s names no key', (_, text) => {
  expect(sealedBy(text)).toBeUndefined();
});
