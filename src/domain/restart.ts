import type { ConnectionSpec } from '../api/connection.ts';
import { days, type Instant, minutes } from '../clock.ts';
import type { Grant } from './grant.ts';
import type { Now, Observation } from './observation.ts';
import { backoffDelay, fractionOf, refreshBackoff } from './schedule.ts';
import type { Fact, Step } from './step.ts';

export type RestartTarget = NonNullable<ConnectionSpec['rolloutRestartTargets']>[number];

/** The token changed, and workloads have to be restarted for it. */
export interface OwedRestarts {
  /** Since when their moments are counted. */
  readonly from: Instant;
  /** Those that were restarted, or that gave no consent, as `kind/name`. */
  readonly settled: readonly string[];
  readonly failed?: { readonly at: Instant; readonly count: number };
}

/** The restarts that one change of a token brings are spread over so long: each has its own moment by a hash. */
const spread = minutes(10);

/** A process that has just begun asks the workloads about changes that are no older; what was missed earlier stays so. */
const remembered = days(1);

const nameOf = ({ kind, name }: RestartTarget): string => `${kind}/${name}`;

const targetsOf = (spec: ConnectionSpec): readonly RestartTarget[] => spec.rolloutRestartTargets ?? [];

/** The workload that is restarted next, and when; `undefined` while none has to be. */
export function nextRestart(o: Observation, spec: ConnectionSpec): { target: RestartTarget; at: Instant } | undefined {
  const { restarts } = o.history;
  const { tokenSecret } = o;
  // Only what is published and works is worth a restart.
  if (restarts === undefined || tokenSecret.kind !== 'Ours') return undefined;
  if (!tokenSecret.current || tokenSecret.state !== undefined) return undefined;
  const waiting = targetsOf(spec).filter((target) => !restarts.settled.includes(nameOf(target)));
  const [first] = waiting
    .map((target) => ({ target, at: momentOf(o.connection.uid, target, restarts) }))
    .sort((a, b) => a.at - b.at);
  return first;
}

function momentOf(uid: string, target: RestartTarget, { from, failed }: OwedRestarts): Instant {
  const own = from + Math.floor(spread * fractionOf(`restart ${uid} ${nameOf(target)}`));
  return failed === undefined ? own : Math.max(own, failed.at + backoffDelay(refreshBackoff, failed.count, uid));
}

/** Restarts, once for each published change of the token, when the workload's moment has come. */
export function restart(o: Observation, spec: ConnectionSpec, now: Now): Step | undefined {
  const next = nextRestart(o, spec);
  if (next === undefined || next.at > now.square) return undefined;
  return { kind: 'Restart', target: next.target, because: 'TokenChanged' };
}

/** What a step means for the restarts that are owed. */
export function restartsAfter(after: Observation, step: Step, fact: Fact, now: Now): Observation {
  const { restarts, ...history } = after.history;
  const owed = owedAfter(after, restarts, step, fact, now);
  if (owed === restarts) return after;
  return { ...after, history: owed === undefined ? history : { ...history, restarts: owed } };
}

function owedAfter(
  { connection: { spec } }: Observation,
  restarts: OwedRestarts | undefined,
  step: Step,
  fact: Fact,
  now: Now,
): OwedRestarts | undefined {
  if (fact.kind === 'Sealed') {
    const targets = spec.ok ? targetsOf(spec.value) : [];
    const changed = fact.how !== 'Adopted' && fact.grant.grant.generation > 1;
    return changed && targets.length > 0 ? { from: now.square, settled: [] } : undefined;
  }
  if (restarts === undefined) return undefined;
  // What is published late is restarted for late: all at once when the API server is back would be a herd.
  if (fact.kind === 'Published') return restarts.settled.length === 0 ? { ...restarts, from: now.square } : restarts;
  if (step.kind !== 'Restart') return restarts;
  if (fact.kind === 'Restarted' || fact.kind === 'NotRestarted') {
    return { from: restarts.from, settled: [...restarts.settled, nameOf(step.target)] };
  }
  const count = (restarts.failed?.count ?? 0) + 1;
  return fact.kind === 'Unwritten' ? { ...restarts, failed: { at: now.square, count } } : restarts;
}

/**
 * What a process that has just begun owes: it does not know which workloads were restarted for the present token, but
 * they do, so they are asked. The first token of a grant is no change: nobody has read another one.
 */
export function recalledRestarts(spec: ConnectionSpec, grant: Grant, now: Now): OwedRestarts | undefined {
  if (targetsOf(spec).length === 0 || grant.generation === 1) return undefined;
  return now.square - grant.accessToken.issuedAt > remembered ? undefined : { from: now.square, settled: [] };
}
