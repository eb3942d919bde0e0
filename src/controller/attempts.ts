import { randomBytes } from 'node:crypto';
import type { Clock, Duration, Instant } from '../clock.ts';
import { type Attempt, type AttemptState, attemptLasts, type Doubt, provenAfter } from '../domain/attempt.ts';
import type { Grant } from '../domain/grant.ts';
import type { Key } from '../kube/resource.ts';
import type { Journal } from '../secrets/journal.ts';

/** Attempts as this process makes and sees them. */
export interface Attempts {
  /** `known`: what is not certain of earlier ones with the same token. */
  begin(presents: Attempt['presents'], known: Doubt | undefined): Attempt;
  /** Nothing was sent for it, and nothing will be, although the record may tell of it. */
  unsent(attempt: Attempt): void;
  /** What to make of what the record of a connection tells of attempts; `now`: Square's time. */
  stateOf(connection: Key, record: RecordedAttempts, now: Instant): AttemptState;
}

/** What a record tells of attempts. */
export type RecordedAttempts = Pick<Grant, 'attempt' | 'doubts'>;

/** A write of a note whose answer was lost may show much later, and after other attempts: so many are remembered. */
const mostUnsent = 10_000;

export function createAttempts({ clock, journal }: { clock: Clock; journal: Journal }): Attempts {
  /** Of attempts of other processes: since when this one sees them, by the monotonic clock. */
  const seen = new Map<Key, { readonly id: string; readonly since: Duration }>();
  const unsent = new Set<string>();
  const provenAt = clock.monotonic() + provenAfter;
  return {
    unsent({ id }) {
      unsent.add(id);
      const [first = id] = unsent;
      if (unsent.size > mostUnsent) unsent.delete(first);
    },
    begin: (presents, known) => ({
      id: randomBytes(16).toString('hex'),
      holder: journal.holder,
      startedAt: clock.wall(),
      presents,
      unanswered: known?.unanswered ?? 0,
      ...(known?.doubted && { doubted: known.doubted }),
    }),
    stateOf(connection, { attempt, doubts = [] }, now) {
      const told = doubts.length === 0 ? {} : { doubts };
      if (attempt === undefined) {
        seen.delete(connection);
        return { kind: 'None', ...told };
      }
      const { id, holder, ...past } = attempt;
      if (unsent.has(id)) {
        return past.unanswered === 0 && past.doubted === undefined
          ? { kind: 'None', ...told }
          : { kind: 'None', doubts: [...doubts, past] };
      }
      // Its own are not looked at while they are under way: a connection has one pass at a time.
      const end =
        holder === journal.holder ? 0 : journal.isDead(holder) ? provenAt : seenSince(connection, id) + attemptLasts;
      const left = end - clock.monotonic();
      return left > 0 ? { kind: 'Open', attempt, until: now + left, ...told } : { kind: 'Over', attempt, ...told };
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
