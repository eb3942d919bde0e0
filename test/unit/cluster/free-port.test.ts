import { expect, test, vi } from 'vitest';

/** As another process has it. */
async function another() {
  vi.resetModules();
  const { freePort } = await import('../../cluster/free-port.ts');
  return freePort;
}

test('a port is given to nobody else for a while, whoever asks at the same time', async () => {
  const askers = [await another(), await another(), await another()];
  const ports = await Promise.all(askers.flatMap((freePort) => Array.from({ length: 20 }, () => freePort())));
  expect(new Set(ports).size).toBe(60);
  expect(Math.min(...ports)).toBeGreaterThan(20_000);
  expect(Math.max(...ports)).toBeLessThan(30_000);
});
