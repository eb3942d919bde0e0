import { doubtsLeft } from '../domain/attempt.ts';
import { succeed } from '../domain/custody.ts';
import type { Grant } from '../domain/grant.ts';
import type { Observation } from '../domain/observation.ts';
import type { Fact } from '../domain/step.ts';
import { keyFrom } from '../kube/resource.ts';
import type { JournalPage } from '../secrets/journal.ts';
import type { Noted } from './note-attempt.ts';
import { nowOf, type ObserveDeps, type Sight } from './observe.ts';
import type { Settlement } from './settlement.ts';

export interface CommitDeps extends ObserveDeps {
  readonly settlement: Settlement;
}

/** How an attempt stands, for whoever concludes it. Without one neither is there. */
export interface Standing {
  readonly noted: Noted | undefined;
  readonly page: JournalPage | undefined;
}

/** Stores a new generation. `standing` tells what it replaces, and where else it is kept until then. */
export async function commit(
  deps: CommitDeps,
  sight: Sight,
  o: Observation,
  next: Grant,
  how: Extract<Fact, { kind: 'Sealed' }>['how'],
  { noted, page }: Standing = { noted: undefined, page: undefined },
): Promise<Fact> {
  const succeeding = o.grant.kind === 'Vacant' ? succeed(o.grant.record, next) : next;
  const grant: Grant = { ...succeeding, ...doubtsLeft(o.attempt, succeeding.taken) };
  const { namespace, name } = o.connection;
  const { square } = nowOf(deps, sight.environment);
  const settled = await deps.settlement.store({
    binding: { namespace, name, environment: grant.environment, clientID: grant.clientID },
    grant,
    held: noted?.held ?? sight.grantSecret,
    attempt: noted?.attempt.id,
    since: square,
    ...(page === undefined ? {} : { settled: () => page.discard() }),
  });
  switch (settled) {
    case 'Stored':
      return { kind: 'Sealed', grant: { kind: 'Held', grant, keyID: deps.ring.active.id }, how, answers: {} };
    case 'Stale':
      return { kind: 'Stale' };
    case 'Waiting': {
      const unsettled = deps.settlement.of(keyFrom(namespace, name));
      return unsettled === undefined ? { kind: 'Stale' } : { kind: 'Unsettled', unsettled };
    }
  }
}
