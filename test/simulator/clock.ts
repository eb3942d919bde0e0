import type { Duration, Instant } from '../../src/clock.ts';
import type { Table } from './store.ts';

/** Square's own time: runs with the machine's clock, and can be moved. */
export interface SimulatorClock {
  now(): Instant;
  /** Moves the clock; negative moves it back. Kept in the state file. */
  advance(by: Duration): void;
  /** Sets the clock; it runs on from there. */
  set(to: Instant): void;
  /** Calls `listener` whenever the clock was moved. */
  onMove(listener: () => void): void;
}

export interface MachineTime {
  wall(): Instant;
}

export function createSimulatorClock(table: Table<number>, machine: MachineTime): SimulatorClock {
  const listeners: (() => void)[] = [];
  let offset = table.get('offset') ?? 0;
  const move = (to: Duration) => {
    offset = to;
    table.put('offset', offset);
    for (const listener of listeners) listener();
  };
  return {
    now: () => machine.wall() + offset,
    advance: (by) => move(offset + by),
    set: (to) => move(to - machine.wall()),
    onMove: (listener) => listeners.push(listener),
  };
}
