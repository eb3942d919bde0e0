/**
 * Takes the signals that end the process, from the moment that this module is loaded: it needs no other, and `main.ts` loads
 * it before all others, which take most of the start. The first process of a container is not ended by a signal that it does
 * not take: one that is told to go while it starts would go on, lead, and be killed in the midst of a token request.
 */
let end = (): void => process.exit(0);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end());

/** From now on `stop` is what ends the process. Until then it exits at once: nothing is in hand that would have to be stored. */
export function stopBy(stop: () => void): void {
  end = stop;
}
