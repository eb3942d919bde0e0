import { expect, test } from 'vitest';
import { age, fully, relative, span, until } from '../../../src/cli/when.ts';
import { days, hours, minutes, seconds } from '../../../src/clock.ts';
import { noon } from './fixtures.ts';

test.each([
  [0, '0s'],
  [-5, '0s'],
  [seconds(119), '119s'],
  [minutes(2), '2m'],
  [minutes(5) + seconds(10), '5m10s'],
  [minutes(10), '10m'],
  [hours(2) - 1, '119m'],
  [hours(2), '2h'],
  [hours(7) + minutes(5), '7h5m'],
  [hours(8) + minutes(5), '8h'],
  [days(2) - 1, '47h'],
  [days(2) + hours(4), '2d4h'],
  [days(8), '8d'],
  [days(400), '400d'],
])('%d ms are %s', (duration, text) => expect(span(duration)).toBe(text));

test('an instant is told from now', () => {
  expect(relative(noon, noon + 500)).toBe('now');
  expect(relative(noon - hours(3), noon)).toBe('3h ago');
  expect(relative(noon + days(5), noon)).toBe('in 5d');
});

test('a time is told in both ways, and no time, or one that nobody can read, by a dash', () => {
  expect(fully('2026-07-01T09:00:00Z', noon)).toBe('3h ago (2026-07-01T09:00:00Z)');
  expect(fully(undefined, noon)).toBe('-');
  expect(fully('yesterday', noon)).toBe('-');
  expect(age('2026-06-30T12:00:00Z', noon)).toBe('24h');
  expect(age(undefined, noon)).toBe('-');
  expect(until('2026-07-30T12:00:00Z', noon, 'expired')).toBe('29d');
  expect(until('2026-07-01T11:59:59Z', noon, 'expired')).toBe('expired');
});
