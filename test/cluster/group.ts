import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Child, type Program, startDetached, startGuarded, tailOf } from './child.ts';
import type { Report } from './provider.ts';
import { recordProcesses } from './record.ts';

const readyWithin = 90_000;

/** Another program took a port between the moment it was seen free and its use. */
export class PortTaken extends Error {}

/** Programs that live and end together. */
export interface Group {
  launch(program: Program): Promise<void>;
  has(name: string): boolean;
  /** Resolves when `reached` does. Rejects when a program of the group ends before that, or after 90 s. */
  until(what: string, reached: () => Promise<boolean>): Promise<void>;
  stop(name: string): Promise<void>;
  stopAll(): Promise<void>;
}

export interface GroupOptions {
  readonly dir: string;
  readonly outlive: boolean;
  readonly report: Report;
}

interface Member {
  readonly program: Program;
  readonly child: Child;
}

export function startGroup({ dir, outlive, report }: GroupOptions): Group {
  const members = new Map<string, Member>();

  async function stop(name: string) {
    const member = members.get(name);
    // Out of the map first: its end is wanted from now on.
    members.delete(name);
    await member?.child.stop();
  }

  /** Says so when a program ends that nobody has stopped. */
  async function watch(member: Member) {
    const code = await member.child.ended;
    if (members.get(member.program.name) === member) report.line((await endOf(member, code)).message);
  }

  return {
    has: (name) => members.has(name),
    async launch(program) {
      await rm(program.logFile, { force: true });
      const member = { program, child: outlive ? startDetached(program) : startGuarded(program) };
      members.set(program.name, member);
      if (outlive)
        await recordProcesses(
          dir,
          [...members.values()].map(({ child }) => child),
        );
      void watch(member);
    },
    async until(what, reached) {
      const deadline = performance.now() + readyWithin;
      while (!(await reached())) {
        const dead = [...members.values()].find(({ child }) => !child.running());
        if (dead) throw await endOf(dead, await dead.child.ended);
        if (performance.now() > deadline) {
          throw new Error(`${what}: not within ${readyWithin / 1000} s. The logs are in ${dir}.`);
        }
        await pause(25);
      }
    },
    stop,
    stopAll: async () => void (await Promise.all([...members.keys()].map(stop))),
  };
}

async function endOf({ program }: Member, code: number): Promise<Error> {
  const tail = await tailOf(program.logFile);
  const message = `${program.name} ended by itself with exit code ${code}. The end of its log:\n${tail}`;
  return /address already in use/.test(tail) ? new PortTaken(message) : new Error(message);
}
