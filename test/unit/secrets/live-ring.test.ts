import { describe, expect, test } from 'vitest';
import { token } from '../../../src/domain/token.ts';
import type { KeyMaterial } from '../../../src/secrets/key-material.ts';
import { createLiveRing } from '../../../src/secrets/live-ring.ts';
import type { RingChange } from '../../../src/secrets/port.ts';
import { openRecord, sealRecord } from '../../../src/secrets/record.ts';
import { aBinding, aKey } from './fixtures.ts';

const binding = aBinding();
const [first, second] = [aKey(), aKey({ createdAt: '2026-08-01T00:00:00Z' })];
const retired = (key: KeyMaterial): KeyMaterial => ({ ...key, key: { ...key.key, state: 'Retired' } });

function aLiveRing(...material: KeyMaterial[]) {
  const said: string[] = [];
  const changes: RingChange[] = [];
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: (_: object, text: string) => void said.push(text) };
  const ring = createLiveRing({ log, material, inCluster: true });
  ring.onChange((change) => void changes.push(change));
  return { ring, said, changes };
}

describe('a ring whose keys come and go', () => {
  const { ring, said, changes } = aLiveRing(first);
  const jwe = sealRecord(ring, 'grant', binding, Buffer.from('x'));
  const opens = () => openRecord(ring, 'grant', binding, jwe);
  const value = token('EAAAvalue');
  const digest = ring.digest('taken', value);

  test('seals by a new key, and opens what the earlier one sealed', () => {
    ring.replace([retired(first), second]);
    expect(changes.pop()).toEqual({ added: [second.key.id], removed: [], changed: [first.key.id] });
    expect(ring.active.id).toBe(second.key.id);
    expect(opens()).toMatchObject({ ok: true });
  });

  test('tells nothing when nothing changed', () => {
    ring.replace([second, retired(first)]);
    expect(changes).toEqual([]);
  });

  test('names the key that is gone, and opens the record as soon as it is back', () => {
    ring.replace([second]);
    expect(changes.pop()).toEqual({ added: [], removed: [first.key.id], changed: [] });
    expect(opens()).toMatchObject({ ok: false, problem: 'KeyMissing', keyID: first.key.id });
    ring.replace([second, retired(first)]);
    expect(changes.pop()).toMatchObject({ added: [first.key.id] });
    expect(opens()).toMatchObject({ ok: true });
  });

  test('with one key twice stays as it was', () => {
    expect(() => ring.replace([second, second])).toThrow('same ID');
    expect(changes).toEqual([]);
    expect(ring.ids()).toHaveLength(2);
  });

  test('without any key opens nothing and says so, but still seals an answer that is on its way', () => {
    expect(said).toEqual([]);
    ring.replace([]);
    expect(ring).toMatchObject({ isEmpty: true, active: { id: second.key.id } });
    expect(ring.ids()).toEqual([]);
    expect(said.pop()).toContain('no sealing key left');
    const late = sealRecord(ring, 'grant', binding, Buffer.from('late'));
    const opened = openRecord(ring, 'grant', binding, late);
    expect(!opened.ok && opened.message).toContain('there is no sealing key at all');
    ring.replace([first, second]);
    expect(openRecord(ring, 'grant', binding, late)).toMatchObject({ ok: true });
    expect(ring.digest('taken', value)).toBe(digest);
  });

  test('whose last active key is retired says so and goes on sealing', () => {
    ring.replace([retired(first), retired(second)]);
    expect(ring.active.id).toBe(second.key.id);
    expect(said.pop()).toContain('none of the sealing keys is active');
  });

  test('tells of a key that is another under the same ID', () => {
    changes.length = 0;
    ring.replace([retired(first), retired(aKey({ id: second.key.id, createdAt: '2026-08-01T00:00:00Z' }))]);
    expect(changes).toEqual([{ added: [], removed: [], changed: [second.key.id] }]);
  });
});
