import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIndex } from '../../../src/controller/index-by.ts';

describe('an index', () => {
  const member = fc.constantFrom('a', 'b', 'c', 'd');
  const names = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 });

  it('says of every name who stands under it, whatever was put where before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(member, fc.option(names, { nil: undefined }))), (puts) => {
        const index = createIndex();
        const model = new Map<string, readonly string[]>();
        for (const [who, under] of puts) {
          if (under === undefined) index.delete(who);
          else index.set(who, under);
          model.set(who, under ?? []);
        }
        for (const name of ['x', 'y', 'z', 'nobody']) {
          const expected = [...model].filter(([, under]) => under.includes(name)).map(([who]) => who);
          expect([...index.get(name)].sort()).toEqual(expected.sort());
          expect(index.count(name)).toBe(expected.length);
        }
      }),
    );
  });
});
