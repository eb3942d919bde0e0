import { expect, test } from 'vitest';
import { cpuBetween } from '../../../tools/bench/usage.ts';

const reading = (cpu: number) => ({ cpu, rss: 100, peak: 100 });

test('CPU between two readings is whole ticks, so that what is exactly at a goal is not told to miss it', () => {
  expect(5.45 - 5.33).toBeGreaterThan(0.12);
  expect(cpuBetween(reading(5.33), reading(5.45))).toBe(0.12);
  expect((100 * cpuBetween(reading(5.33), reading(5.45))) / 120).toBe(0.1);
});
