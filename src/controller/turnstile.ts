import type { Clock, Duration } from '../clock.ts';
import { createHeap } from '../kube/heap.ts';

/**
 * Lets `width` pieces of work through at a time, the most urgent first (the smaller the sooner), and of those in the order
 * of their coming. A piece that takes longer than `patience` no longer counts: one that hangs does not hold up the rest.
 */
export type Turnstile = <T>(work: () => Promise<T>, urgency?: number) => Promise<T>;

interface Waiting {
  readonly urgency: number;
  readonly place: number;
  readonly enter: () => void;
}

export interface TurnstileOptions {
  readonly clock: Clock;
  readonly width: number;
  readonly patience: Duration;
}

export function createTurnstile({ clock, width, patience }: TurnstileOptions): Turnstile {
  const waiting = createHeap<Waiting>((a, b) => (a.urgency === b.urgency ? a.place < b.place : a.urgency < b.urgency));
  let places = 0;
  let free = width;

  const enter = (urgency: number): Promise<void> | undefined => {
    if (free === 0) return new Promise((resolve) => waiting.push({ urgency, place: places++, enter: resolve }));
    free--;
    return undefined;
  };
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next.enter();
  };

  return async (work, urgency = 0) => {
    await enter(urgency);
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
