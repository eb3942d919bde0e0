import { type Clock, type Duration, minutes, seconds, sleep } from '../../../../src/clock.ts';
import { createModelDisk, type ModelDisk } from '../model/journal.ts';
import { type Call, type Fate, type ModelProcess, type Surroundings, startProcess } from '../model/process.ts';
import type { Befall } from './choices.ts';

/** A place where one process after another runs, with a disk of its own. */
export interface Replica {
  readonly name: string;
  disk: ModelDisk;
  process: ModelProcess;
  /** It stands still: nothing of it goes on. */
  frozen: boolean;
  stopping: boolean;
}

export interface Replicas {
  readonly all: readonly Replica[];
  /** The process that has the lease, alive or not. */
  leader(): ModelProcess | undefined;
  /** News of the watches, to everyone who lives and moves. */
  deliver(): void;
  /** The lease goes to somebody else, or is won anew. */
  handOver(): void;
  /** Whether nobody stands still, is about to come back, or is about to get the lease. */
  settled(): boolean;
  /** Whether any of them ever stood still: what it sends afterwards it had decided before. */
  stoodStill(): boolean;
}

export interface ReplicasDeps {
  readonly clock: Clock;
  readonly names: readonly string[];
  readonly surroundings: Omit<Surroundings, 'clock' | 'disk' | 'beforeCall' | 'afterCall' | 'apiFault'>;
  /** What befalls the replica at this edge. */
  befall(replica: Replica, call: Call): Befall | undefined;
  /** Told when a call was carried out, or came to nothing; the process may be dead, and has heard nothing. */
  happened(replica: Replica, call: Call): void;
  /** A token request ends in this. */
  squareFault(fault: 'AnswerLost' | 'Silence' | 'Unreachable' | 'Unavailable' | 'GatewayTimedOut'): void;
}

/** How long what takes: a lease nobody renews, a process that begins, one that stands still, the longest call to Square. */
const leaseLasts = seconds(15);
const restartTakes = seconds(5);
const backLate = minutes(15);
const pauseLasts: Duration = minutes(10);
const callLasts = seconds(25);
/** As the operator's own limit for the work in hand when it stops. */
const drainLimit = seconds(80);

export function createReplicas(deps: ReplicasDeps): Replicas {
  const { clock } = deps;
  let leader: ModelProcess | undefined;
  let formerly: Replica | undefined;
  let pending = 0;
  let freezes = 0;
  let disks = 0;
  const gates = new Map<Replica, { readonly until: Promise<void>; readonly open: () => void; late: (() => void)[] }>();
  const pausedAfter = new Set<Replica>();

  const later = (delay: Duration, act: () => void) => {
    pending++;
    clock.after(delay, () => {
      pending--;
      act();
    });
  };
  const newDisk = (name: string) => createModelDisk(`${name}${++disks}-`);
  const all = deps.names.map((name) => {
    const replica = { name, disk: newDisk(name), frozen: false, stopping: false } as Replica;
    return replica;
  });
  for (const replica of all) begin(replica);
  elect();

  function begin(replica: Replica): void {
    replica.frozen = false;
    replica.stopping = false;
    gates.delete(replica);
    replica.process = startProcess(surroundingsOf(replica), { leads: false });
    elect();
  }

  /** The lease goes to another one, if there is one. */
  function elect(): void {
    if (leader !== undefined) return;
    const able = all.filter((one) => one.process?.alive() && !one.frozen && !one.stopping);
    const next = able.find((one) => one !== formerly) ?? able[0];
    if (next === undefined) return;
    formerly = next;
    leader = next.process;
    leader.mayAct = true;
    leader.controller.start();
  }

  function release(process: ModelProcess): void {
    if (leader !== process) return;
    leader = undefined;
    elect();
  }

  function crash(replica: Replica, back: Duration): void {
    const { process } = replica;
    later(back, () => begin(replica));
    later(leaseLasts, () => release(process));
  }

  function freeze(replica: Replica, lasts: Duration): Promise<void> {
    const { process } = replica;
    let open = () => {};
    const until = new Promise<void>((resolve) => {
      open = resolve;
    });
    replica.frozen = true;
    freezes++;
    gates.set(replica, { until, open, late: [] });
    later(leaseLasts, () => {
      process.mayAct = false;
      release(process);
    });
    later(lasts, () => thaw(replica, process));
    return until;
  }

  function thaw(replica: Replica, process: ModelProcess): void {
    const gate = gates.get(replica);
    if (replica.process !== process || gate === undefined) return;
    replica.frozen = false;
    gates.delete(replica);
    if (process.alive()) {
      if (leader !== process) process.controller.pause();
      process.deliver();
      for (const callback of gate.late) callback();
      gate.open();
    }
    elect();
  }

  /** As the operator stops: the work in hand is done, what was given is safe, and the node goes with its disk. */
  async function stop(replica: Replica): Promise<void> {
    const { process } = replica;
    if (replica.stopping) return;
    replica.stopping = true;
    process.mayAct = false;
    pending++;
    const isSafe = await Promise.race([safe(process), sleep(clockOf(replica), drainLimit).then(() => false)]);
    pending--;
    if (!process.alive()) return;
    process.die();
    if (isSafe) replica.disk = newDisk(replica.name);
    release(process);
    later(restartTakes, () => begin(replica));
  }

  async function safe({ controller }: ModelProcess): Promise<true> {
    await controller.drain();
    await controller.settlement.safe();
    return true;
  }

  /** Timers of a process that stands still wait. */
  function clockOf(replica: Replica): Clock {
    const late = (callback: () => void) => (gates.get(replica)?.late ?? []).push(callback);
    const after: Clock['after'] = (delay, callback) =>
      clock.after(delay, () => (replica.frozen ? void late(callback) : callback()));
    return { ...clock, after };
  }

  function fateAt(replica: Replica, call: Call): Fate | Promise<Fate> {
    const gate = gates.get(replica);
    if (gate !== undefined) return gate.until.then(() => fateAt(replica, call));
    const befall = deps.befall(replica, call);
    switch (befall) {
      case undefined:
        return 'go on';
      case 'crash before':
        crash(replica, restartTakes);
        return 'die';
      case 'crash after':
        crash(replica, restartTakes);
        return 'die after it';
      case 'crash after, back late':
        crash(replica, backLate);
        return 'die after it';
      case 'answer lost':
        if (call.to !== 'square') return 'lose its answer';
        deps.squareFault('AnswerLost');
        return 'go on';
      case 'refused':
        return 'refuse';
      case 'silence':
        deps.squareFault('Silence');
        return 'go on';
      case 'not sent':
        deps.squareFault('Unreachable');
        return 'go on';
      case '503':
        deps.squareFault('Unavailable');
        return 'go on';
      case '504':
        deps.squareFault('GatewayTimedOut');
        return 'go on';
      case 'pause before':
        return freeze(replica, pauseLasts).then(() => 'go on');
      case 'slow':
        return freeze(replica, callLasts).then(() => 'go on');
      case 'pause after':
        pausedAfter.add(replica);
        return 'go on';
      case 'stop':
        void stop(replica);
        return 'go on';
    }
  }

  function surroundingsOf(replica: Replica): Surroundings {
    return {
      ...deps.surroundings,
      clock: clockOf(replica),
      disk: replica.disk,
      beforeCall: (call) => fateAt(replica, call),
      afterCall(call) {
        deps.happened(replica, call);
        return pausedAfter.delete(replica) ? freeze(replica, pauseLasts) : gates.get(replica)?.until;
      },
      apiFault: () => undefined,
    };
  }

  return {
    all,
    leader: () => leader,
    deliver() {
      for (const { process, frozen } of all) if (process.alive() && !frozen) process.deliver();
    },
    handOver() {
      if (leader === undefined) return;
      leader.mayAct = false;
      leader.controller.pause();
      release(leader);
    },
    settled: () => pending === 0,
    stoodStill: () => freezes > 0,
  };
}
