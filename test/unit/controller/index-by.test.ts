import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIndex } from '../../../src/controller/index-by.ts';

test('a member stands under its names and no others', () => {
  const index = createIndex();
  index.set('a', ['x', 'y']);
  index.set('b', ['x']);
  index.set('a', ['y', 'z']);
  expect([...index.get('x')]).toEqual(['b']);
  expect([...index.get('y')]).toEqual(['a']);
  expect([...index.get('z')]).toEqual(['a']);
  expect(index.count('x')).toBe(1);
});

test('a name without members is empty', () => {
  const index = createIndex();
  index.set('a', ['x']);
  index.delete('a');
  index.delete('a');
  expect([...index.get('x')]).toEqual([]);
  expect(index.count('x')).toBe(0);
});

test('as a plain table would have it, whatever is set and deleted', () => {
  const member = fc.constantFrom('a', 'b', 'c');
  const names = fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(member, names), { maxLength: 20 }), (changes) => {
      const index = createIndex();
      const table = new Map<string, string[]>();
      for (const [who, where] of changes) {
        index.set(who, where);
        table.set(who, where);
        for (const name of ['x', 'y', 'z']) {
          const expected = [...table].filter(([, held]) => held.includes(name)).map(([held]) => held);
          expect([...index.get(name)].sort()).toEqual(expected.sort());
          expect(index.count(name)).toBe(expected.length);
        }
      }
    }),
  );
});
