import { randomBytes } from 'node:crypto';
import type { Clock, Duration, Instant } from '../clock.ts';
import { type Attempt, type AttemptState, attemptLasts, provenAfter } from '../domain/attempt.ts';
import type { Key } from '../kube/resource.ts';
import type { Journal } from '../secrets/journal.ts';

/** Attempts as this process makes and sees them. */
export interface Attempts {
  begin(presents: Attempt['presents'], unanswered: number): Attempt;
  /** Nothing was sent for it, and nothing will be, although the record may tell of it. */
  unsent(connection: Key, attempt: Attempt): void;
  /** What to make of the attempt in the record of a connection; `now`: Square's time. */
  stateOf(connection: Key, attempt: Attempt | undefined, now: Instant): AttemptState;
}

export function createAttempts({ clock, journal }: { clock: Clock; journal: Journal }): Attempts {
  /** Of attempts of other processes: since when this one sees them, by the monotonic clock. */
  const seen = new Map<Key, { readonly id: string; readonly since: Duration }>();
  const unsent = new Map<Key, string>();
  const provenAt = clock.monotonic() + provenAfter;
  return {
    unsent: (connection, { id }) => void unsent.set(connection, id),
    begin: (presents, unanswered) => ({
      id: randomBytes(16).toString('hex'),
      holder: journal.holder,
      startedAt: clock.wall(),
      presents,
      unanswered,
    }),
    stateOf(connection, attempt, now) {
      if (attempt === undefined) {
        seen.delete(connection);
        unsent.delete(connection);
        return { kind: 'None' };
      }
      const { id, holder, unanswered } = attempt;
      if (unsent.get(connection) === id) {
        return unanswered === 0
          ? { kind: 'None' }
          : { kind: 'Over', attempt: { ...attempt, unanswered: unanswered - 1 } };
      }
      // Its own are not looked at while they are under way: a connection has one pass at a time.
      const end =
        holder === journal.holder ? 0 : journal.isDead(holder) ? provenAt : seenSince(connection, id) + attemptLasts;
      const left = end - clock.monotonic();
      return left > 0 ? { kind: 'Open', attempt, until: now + left } : { kind: 'Over', attempt };
    },
  };

  function seenSince(connection: Key, id: string): Duration {
    const known = seen.get(connection);
    if (known?.id === id) return known.since;
    const since = clock.monotonic();
    seen.set(connection, { id, since });
    return since;
  }
}
