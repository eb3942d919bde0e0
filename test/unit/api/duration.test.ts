import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duration, parseDuration } from '../../../src/api/duration.ts';

describe('a duration', () => {
  test.each([
    ['168h', 604_800_000],
    ['1h30m', 5_400_000],
    ['90s', 90_000],
    ['1h1m1s', 3_661_000],
    ['2h5s', 7_205_000],
    ['0m', 0],
    ['0168h', 604_800_000],
  ])('%s is %d ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
    expect(duration.safeParse(text).success).toBe(true);
  });

  test.each(['', 'h', '7d', '1.5h', '-1h', '1 h', '30m1h', '1h1h', '1000ms', '1e3s', '12345h', ' 1h', '1h\n'])(
    '%j is none',
    (text) => {
      expect(() => parseDuration(text)).toThrow('such as 168h, 1h30m or 90s');
      expect(duration.safeParse(text).success).toBe(false);
    },
  );

  test('is read as it was written', () => {
    const parts = fc.record({ h: fc.nat(9_999), m: fc.nat(999_999), s: fc.nat(9_999_999) });
    fc.assert(
      fc.property(parts, ({ h, m, s }) => {
        expect(parseDuration(`${h}h${m}m${s}s`)).toBe((h * 3_600 + m * 60 + s) * 1_000);
      }),
    );
  });
});
