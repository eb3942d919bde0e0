import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { token } from '../../../src/domain/token.ts';
import { readKeyFiles } from '../../../src/secrets/key-files.ts';
import { generateKey, type KeyMaterial, parseKey } from '../../../src/secrets/key-material.ts';
import { ringOf } from '../../../src/secrets/ring.ts';
import { aKey, aRing, day } from './fixtures.ts';

describe('a stored key', () => {
  test('has an ID that names its pair and a public half without the private one', () => {
    const { key } = aKey();
    expect(key.id).toMatch(/^[0-9a-f]{16}$/);
    expect(key.publicKey).toEqual({
      kty: 'EC',
      crv: 'P-256',
      x: expect.stringMatching(/^[\w-]{43}$/),
      y: expect.stringMatching(/^[\w-]{43}$/),
      kid: key.id,
      alg: 'ECDH-ES+A256KW',
      use: 'enc',
    });
    expect(key.createdAt).toBe(day);
  });

  const good = JSON.parse(generateKey(day)) as Record<string, unknown>;
  test.each([
    ['is not JSON', '{"root": "EAAA'],
    ['is no object', '[]'],
    ['is empty', ''],
    ['is of an earlier version', JSON.stringify({ ...good, version: 0 })],
    ['has no root', JSON.stringify({ ...good, root: undefined })],
    ['has a short root', JSON.stringify({ ...good, root: 'EAAAshort' })],
    ['has an unknown state', JSON.stringify({ ...good, state: 'Paused' })],
    ['has an ID that could be a path', JSON.stringify({ ...good, id: '../x' })],
    ['has no time', JSON.stringify({ ...good, createdAt: 'yesterday' })],
    ['has a scalar out of range', JSON.stringify({ ...good, p256: Buffer.alloc(32).toString('base64url') })],
  ])('that %s is refused by name, without a value', (_, text) => {
    let shown = '';
    try {
      parseKey(text, 'the Secret ops/key-1');
    } catch (error) {
      shown = inspect(error, { depth: null, showHidden: true });
    }
    expect(shown).toContain('the Secret ops/key-1 is no sealing key');
    expect(shown).not.toContain('EAAA');
    for (const secret of ['root', 'digest', 'p256']) expect(shown).not.toContain(String(good[secret]));
  });

  test('that is of a later version is left for that version', () => {
    const later = JSON.stringify({ ...good, version: 2, root: 'EAAA' });
    expect(() => parseKey(later, 'the Secret ops/key-1')).toThrow(
      /^the Secret ops\/key-1 is a sealing key of a later version of the operator \(format 2; this one reads 1\): run that/,
    );
  });
});

describe('a ring', () => {
  test('seals with the newest active key and finds them all', () => {
    const old = aKey({ createdAt: '2025-01-01T00:00:00Z' });
    const retired = aKey({ state: 'Retired', createdAt: '2027-01-01T00:00:00Z' });
    const latest = aKey();
    const ring = aRing(old, retired, latest);
    expect(ring.active.id).toBe(latest.key.id);
    expect(ring.ids()).toHaveLength(3);
    expect(ring.find(old.key.id)?.id).toBe(old.key.id);
    expect(ring.find('nobody')).toBeUndefined();
  });

  test('without an active key goes on sealing with its newest', () => {
    const [old, latest] = [aKey({ state: 'Retired' }), aKey({ state: 'Retired', createdAt: '2026-08-01T00:00:00Z' })];
    expect(aRing(latest, old).active.id).toBe(latest.key.id);
  });

  test('without a key, or with an ID twice, is none', () => {
    const key = aKey();
    expect(() => ringOf([], true)).toThrow('no sealing key');
    expect(() => ringOf([key, key], true)).toThrow('same ID');
  });

  test('knows a value by the digests of all its keys, and which key alone makes one of them', () => {
    const [first, foreign] = [aKey(), aKey({ createdAt: '2020-01-01T00:00:00Z' })];
    const heir = parseKey(generateKey(day + 1_000, first.digestKey), 'heir');
    const value = token('EAAAvalue');
    const before = aRing(first).digest('taken', value);
    const after = aRing(first, foreign, heir);
    expect(after.digest('taken', value)).toBe(aRing(foreign).digest('taken', value));
    expect(after.otherDigests('taken', value)).toEqual([before]);
    expect(aRing(first, heir).otherDigests('taken', value)).toEqual([]);
    const alone = [first, foreign, heir].map(({ key }) => after.aloneMakesDigests(key.id));
    expect(alone).toEqual([false, true, false]);
    expect(aRing(first).aloneMakesDigests(first.key.id)).toBe(false);
    expect(aRing(first, foreign).aloneMakesDigests(first.key.id)).toBe(true);
  });

  test('gives the digests of its oldest key, retired or not, whatever keys are added', () => {
    const value = token('EAAAvalue');
    const first = aKey();
    const expected = aRing(first).digest('taken', value);
    const next = parseKey(generateKey(day + 86_400_000), 'next');
    expect(aRing(next).digest('taken', value)).not.toBe(expected);
    const retired: KeyMaterial = { ...first, key: { ...first.key, state: 'Retired' } };
    for (const keys of [
      [first, next],
      [next, first],
      [next, retired],
    ]) {
      const ring = aRing(...keys);
      expect(ring.active.id).toBe(next.key.id);
      expect(ring.digest('taken', value)).toBe(expected);
    }
  });

  test('of two keys of one moment goes by their IDs, in whatever order they come', () => {
    const [a, b] = [aKey({ id: 'a' }), aKey({ id: 'b' })];
    const value = token('EAAAvalue');
    for (const ring of [aRing(a, b), aRing(b, a)]) {
      expect(ring.active.id).toBe('b');
      expect(ring.digest('taken', value)).toBe(aRing(a).digest('taken', value));
    }
  });

  test('gives keyed digests that outlive a new active key, and tell purposes apart', () => {
    const first = aKey();
    const before = ringOf([first], true);
    const next = parseKey(generateKey(day + 86_400_000, first.digestKey), 'next');
    const after = ringOf([first, next], true);
    const value = token('EAAAvalue');
    expect(after.active.id).toBe(next.key.id);
    expect(after.digest('taken', value)).toBe(before.digest('taken', value));
    expect(before.digest('taken', Buffer.from('EAAAvalue'))).toBe(before.digest('taken', value));
    expect(before.digest('other', value)).not.toBe(before.digest('taken', value));
    expect(before.digest('taken', token('EAAAother'))).not.toBe(before.digest('taken', value));
    expect(aRing().digest('taken', value)).not.toBe(before.digest('taken', value));
  });
});

describe('a directory of keys', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sealing-keys-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('is read as a CSI driver or a Secret volume mounts it', async () => {
    await mkdir(join(directory, '..2026'));
    const texts = [generateKey(day), generateKey(day + 1_000)];
    for (const [i, text] of texts.entries()) {
      await writeFile(join(directory, '..2026', `key-${i}.json`), text);
      await symlink(join('..2026', `key-${i}.json`), join(directory, `key-${i}.json`));
    }
    const ring = ringOf(await readKeyFiles(directory), false);
    expect(new Set(ring.ids())).toEqual(new Set(texts.map((text) => JSON.parse(text).id)));
    expect(ring.active.id).toBe(JSON.parse(texts[1] ?? '').id);
    expect(ring.inCluster).toBe(false);
  });

  test('with one bad file is refused as a whole, by the name of the file', async () => {
    await writeFile(join(directory, 'good.json'), generateKey(day));
    await writeFile(join(directory, 'bad.json'), 'EAAAsecret');
    await expect(readKeyFiles(directory)).rejects.toThrow(`${directory}/bad.json`);
  });

  test('that is empty or missing is refused', async () => {
    await expect(readKeyFiles(directory)).rejects.toThrow('there is no sealing key in');
    await expect(readKeyFiles(join(directory, 'nowhere'))).rejects.toThrow('cannot be read (ENOENT)');
  });
});
