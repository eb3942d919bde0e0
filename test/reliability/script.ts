import { performance } from 'node:perf_hooks';
import type { Asked, Gate, Verdict } from './crossing.ts';
import { type Boundary, type Fault, refusal } from './fault.ts';
import { isBackground, labelOf } from './label.ts';

/** Something that can be stopped in all the ways in which a process ends or stands still. */
export interface Stoppable {
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP; resolves when the process stands still. */
  pause(): Promise<void>;
}

/** A token request as it crossed. Times by `performance.now()`. */
export interface TokenRequest {
  readonly replica: number;
  /** The refresh token, code or migration token; absent in what cannot be read. */
  readonly presented?: string;
  readonly arrivedAt: number;
  endedAt?: number;
  /** When the operator's connection was handed Square's answer; absent when it was not. */
  deliveredAt?: number;
  /** The process that made it was stopped while it was under way. */
  abandoned?: boolean;
}

/** What was written down of one run, and what is done to it. */
export interface Script {
  /** The gate of a replica's two proxies. `subject` is the process that the proxies serve now. */
  gate(replica: number, subject: () => Stoppable): Gate;
  /** Records from now on, and strikes once at the boundary of that replica. */
  arm(strike?: { readonly boundary: Boundary; readonly fault: Fault; readonly replica: number }): void;
  /** What crossed since `arm`, in the order of arrival, of that replica. */
  crossed(replica: number): Boundary[];
  readonly tokenRequests: readonly TokenRequest[];
  /** Whether the fault has struck, and is over: the process is gone or stands still, or was told. */
  struck(): boolean;
  /** When SIGKILL was sent, by `performance.now()`; infinity before. */
  killedAt(): number;
  /**
   * What that replica asked between two times that would follow from an answer of Square's: a Secret written, or a question
   * to Square.
   */
  followed(replica: number, after: number, until: number): Boundary[];
  /** Lets go what was held back. */
  release(): void;
}

interface Strike {
  readonly boundary: Boundary;
  readonly fault: Fault;
  readonly replica: number;
}

export function createScript(operatorNamespace: string): Script {
  const counts = new Map<string, number>();
  const crossings: (Boundary & { replica: number; at: number })[] = [];
  const tokenRequests: TokenRequest[] = [];
  const released = Promise.withResolvers<void>();
  let armed = false;
  let strike: Strike | undefined;
  let struckAt: number | undefined;
  let killedAt = Number.POSITIVE_INFINITY;
  /** Under `refused and killed`: how many were refused so far. */
  let refused = 0;

  function noted(asked: Asked, replica: number): Boundary {
    const label = labelOf(asked, operatorNamespace);
    const key = `${replica} ${asked.edge} ${label}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    const boundary = { edge: asked.edge, label, nth };
    crossings.push({ ...boundary, replica, at: performance.now() });
    return boundary;
  }

  function isStruck(at: Boundary, replica: number): boolean {
    if (strike === undefined || replica !== strike.replica) return false;
    if (at.edge !== strike.boundary.edge || at.label !== strike.boundary.label) return false;
    const lasting = strike.fault.kind === 'refused and killed';
    return lasting ? struckAt === undefined && at.nth >= strike.boundary.nth : at.nth === strike.boundary.nth;
  }

  const kill = (subject: () => Stoppable) => async () => {
    killedAt = performance.now();
    await subject().kill();
    struckAt = performance.now();
    return 'cut' as const;
  };

  function verdictOf(fault: Fault, at: Boundary, replica: number, subject: () => Stoppable): Verdict {
    switch (fault.kind) {
      case 'kill':
        return { [fault.moment]: kill(subject) };
      case 'pause': {
        const pause = async () => {
          await subject().pause();
          for (const one of tokenRequests)
            if (one.replica === replica && one.endedAt === undefined) one.abandoned = true;
          struckAt = performance.now();
          if (fault.moment === 'before') await released.promise;
          return 'go on' as const;
        };
        return { [fault.moment]: pause };
      }
      case 'lost':
        return {
          between: () => {
            struckAt = performance.now();
            return Promise.resolve('cut');
          },
        };
      case 'replaced':
        return {
          between: () => {
            struckAt = performance.now();
            return Promise.resolve(refusal(at.edge, fault.status));
          },
        };
      case 'silent': {
        const hold = async () => {
          struckAt = performance.now();
          await released.promise;
          return 'cut' as const;
        };
        return { [fault.moment]: hold };
      }
      case 'refused':
        struckAt = performance.now();
        return { refuse: refusal(at.edge, fault.status) };
      case 'refused and killed':
        refused += 1;
        return refused < fault.after ? { refuse: refusal(at.edge, fault.status) } : { before: kill(subject) };
    }
  }

  /** A token request is remembered, armed or not: what Square saw is judged as a whole. */
  function tokenRequestOf(asked: Asked, replica: number): Pick<Verdict, 'over'> {
    if (asked.edge !== 'square' || !asked.path.startsWith('/oauth2/token') || asked.path.includes('/status')) return {};
    const presented = presentedIn(asked.body);
    const entry: TokenRequest = {
      replica,
      arrivedAt: performance.now(),
      ...(presented === undefined ? {} : { presented }),
    };
    tokenRequests.push(entry);
    return {
      over: (deliveredAt) => {
        entry.endedAt = performance.now();
        if (deliveredAt !== undefined) entry.deliveredAt = deliveredAt;
      },
    };
  }

  return {
    gate: (replica, subject) => (asked) => {
      if (isBackground(asked)) return {};
      const over = tokenRequestOf(asked, replica);
      if (!armed) return over;
      const at = noted(asked, replica);
      const verdict =
        strike !== undefined && isStruck(at, replica) ? verdictOf(strike.fault, at, replica, subject) : {};
      return { ...verdict, ...over };
    },
    arm(next) {
      armed = true;
      strike = next;
    },
    crossed: (replica) => crossings.filter((one) => one.replica === replica).map(bare),
    tokenRequests,
    struck: () => struckAt !== undefined,
    killedAt: () => killedAt,
    followed: (replica, after, until) =>
      crossings.filter((one) => one.replica === replica && one.at > after && one.at <= until && follows(one)).map(bare),
    release: () => released.resolve(),
  };
}

const bare = ({ edge, label, nth }: Boundary): Boundary => ({ edge, label, nth });

const follows = ({ edge, label }: Boundary): boolean =>
  edge === 'square' || (!label.startsWith('GET ') && label.includes('secrets'));

function presentedIn(body: string): string | undefined {
  try {
    const { refresh_token: refresh, code, migration_token: migration } = JSON.parse(body) as Record<string, string>;
    return refresh ?? code ?? migration;
  } catch {
    return undefined;
  }
}
