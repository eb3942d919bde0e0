/** At most `count` at once; who comes later waits in line. */
export interface Slots {
  take(): Promise<void> | void;
  give(): void;
}

export function createSlots(count: number): Slots {
  let free = count;
  let head = 0;
  let waiting: (() => void)[] = [];
  return {
    take() {
      if (free > 0) {
        free--;
        return undefined;
      }
      return new Promise<void>((resolve) => waiting.push(resolve));
    },
    give() {
      const next = waiting[head];
      if (next === undefined) {
        free++;
        return;
      }
      head++;
      if (head === waiting.length) {
        waiting = [];
        head = 0;
      }
      next();
    },
  };
}
