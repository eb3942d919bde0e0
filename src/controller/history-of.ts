import type { ConnectionSpec } from '../api/connection.ts';
import type { GrantState, History, Now } from '../domain/observation.ts';
import { noLaterThan, recall, type StoredStatus } from '../domain/recall.ts';
import { recalledRestarts } from '../domain/restart.ts';
import type { Remembered } from './observe.ts';

/**
 * This process's own memory, unless the grant is another one than it speaks of; then what the status says. Nothing of
 * it is later than now, although Square's time may have been set back since.
 */
export function historyOf(
  remembered: Remembered | undefined,
  stored: StoredStatus,
  grant: GrantState,
  spec: ConnectionSpec,
  now: Now,
): History {
  const known = remembered?.history;
  const revision = grant.kind === 'Held' ? grant.grant.generation : undefined;
  const speaksOfIt = known !== undefined && (revision === undefined || known.revision === revision);
  const history = noLaterThan(now, speaksOfIt ? known : recalled(stored, grant, spec, now));
  if (grant.kind === 'Held') return history;
  if (grant.kind === 'Vacant') return withoutEnd(history);
  // Of a grant that cannot be looked into only the status speaks, to this process as to the next.
  const rest = withoutEnd(history);
  return stored.expiresAt === undefined ? rest : { ...rest, tokenEnds: stored.expiresAt };
}

function recalled(stored: StoredStatus, grant: GrantState, spec: ConnectionSpec, now: Now): History {
  const restarts = grant.kind === 'Held' ? recalledRestarts(spec, grant.grant, now) : undefined;
  const history = recall(stored, grant, now);
  return restarts === undefined ? history : { ...history, restarts };
}

function withoutEnd(history: History): History {
  const { tokenEnds: _, ...rest } = history;
  return rest;
}
