import type { Clock, Duration } from '../clock.ts';

/**
 * Lets `width` pieces of work through at a time, in the order of their coming. A piece that takes longer than `patience`
 * no longer counts: one that hangs does not hold up the rest.
 */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>;

export interface TurnstileOptions {
  readonly clock: Clock;
  readonly width: number;
  readonly patience: Duration;
}

export function createTurnstile({ clock, width, patience }: TurnstileOptions): Turnstile {
  const waiting: (() => void)[] = [];
  let free = width;

  const enter = (): Promise<void> | undefined => {
    if (free === 0) return new Promise((resolve) => waiting.push(resolve));
    free--;
    return undefined;
  };
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };

  return async (work) => {
    await enter();
    let inside = true;
    const leaveOnce = () => {
      if (inside) leave();
      inside = false;
    };
    const cancel = clock.after(patience, leaveOnce);
    try {
      return await work();
    } finally {
      cancel();
      leaveOnce();
    }
  };
}
