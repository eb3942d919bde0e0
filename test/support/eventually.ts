import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is one that holds, and gives it; rejects after `within` milliseconds, naming `what`. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  within = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${within} ms`);
    await pause(20);
  }
}
