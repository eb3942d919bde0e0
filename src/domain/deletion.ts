import { type Duration, type Instant, seconds } from '../clock.ts';
import { arrivalToEnd, claimsEnd, dismissBeforeDiscard } from './arrivals.ts';
import { attemptEnds } from './attempt.ts';
import type { Now, Observation } from './observation.ts';
import { nextAttempt } from './pace.ts';
import { publishedSecrets } from './publication.ts';
import {
  arrivalGivenUp,
  endsAtDeletion,
  givenUp,
  lookingEnds,
  mayEndMore,
  partingEnds,
  partingTries,
  scopeAtDeletion,
  unrevocable,
} from './revocation.ts';
import type { ReleaseReason, Step } from './step.ts';

/** What a deletion waits for: an instant, or only for somebody else's finalizer. */
export type Parting = Step | { readonly kind: 'Later'; readonly at?: Instant };

/**
 * The next step for a connection that is being deleted and that waits for us. Under `Revoke` the authorization is ended at
 * Square, then both Secrets go, then the finalizers. What cannot be ended, or could not in a bounded number of tries, is kept
 * as under `Retain`.
 */
export function part(o: Observation, now: Now): Parting {
  const { grant } = o;
  if (!o.connection.finalized) return { kind: 'Later' };
  if (!endsAtDeletion(o)) return release(o, 'RetainOnDeletion', now);
  // What Square gave last is being stored: without it there might be more to end than is known here.
  if (o.unsettled !== undefined) {
    const until = partingEnds(o, now);
    return until > now.square ? { kind: 'Later', at: until } : release(o, 'RevokeGivenUp', now);
  }
  // Another process may be asking for more of what is to be ended, and would store it where it is gone.
  const asked = Math.max(attemptEnds(o.attempt), claimsEnd(o));
  if (asked > now.square) return { kind: 'Later', at: asked };
  const receiving = receive(o, now);
  if (receiving !== undefined) return receiving;
  if (mayEndMore(o)) {
    const until = lookingEnds(o, now);
    if (until <= now.square) return release(o, 'RevokeGivenUp', now);
    return { kind: 'Later', at: Math.min(until, now.square + lookAgainEvery) };
  }
  if (grant.kind === 'Retained' || grant.kind === 'Outdated') return release(o, 'NotTakenOver', now);
  const personal = unrevocable(o)?.reason === 'PersonalAccessToken';
  if (grant.kind === 'Absent' || grant.kind === 'Vacant' || grant.kind === 'NotOwned' || personal) {
    const because = arrivalGivenUp(o, now)?.reason ?? 'Disconnected';
    return clear(o, personal ? 'PersonalAccessToken' : 'ConnectionDeleted', now) ?? release(o, because, now);
  }
  const lost = givenUp(o, now);
  if (lost !== undefined) return release(o, lost.reason, now);
  const at = nextAttempt(o, 'Revoke', now) ?? 0;
  if (at > now.square) return { kind: 'Later', at };
  // Woken when there is a turn.
  if (o.throttled === true) return { kind: 'Later', at: partingEnds(o, now) };
  return { kind: 'Revoke', because: 'ConnectionDeleted', scope: scopeAtDeletion(o) };
}

/**
 * It is sealed before anything is asked of Square, like any other grant, and like any other not over a record that cannot be
 * looked into or is of another application. A place that is somebody else's may become free.
 */
function receive(o: Observation, now: Now): Parting | undefined {
  const arrival = arrivalToEnd(o, now);
  if (arrival === undefined || arrivalGivenUp(o, now) !== undefined) return undefined;
  switch (o.grant.kind) {
    case 'Unreadable':
    case 'OfAnotherApplication':
    case 'Closed':
      return undefined;
    case 'NotOwned':
      return { kind: 'Later', at: Math.min(o.grant.retryAt, partingEnds(o, now)) };
    case 'Absent':
    case 'Vacant':
    case 'Held':
    case 'Retained':
    case 'Outdated': {
      const at = o.throttled === true ? partingEnds(o, now) : (nextAttempt(o, 'Receive', now) ?? 0);
      return at > now.square
        ? { kind: 'Later', at: Math.min(at, partingEnds(o, now)) }
        : { kind: 'Receive', secret: arrival.secret, because: 'SignedIn' };
    }
  }
}

const lookAgainEvery: Duration = seconds(10);

type DiscardReason = (Step & { kind: 'Discard' })['because'];

/** Both Secrets go. One that cannot be deleted holds nothing up for ever. */
function clear(o: Observation, because: DiscardReason, now: Now): Parting | undefined {
  const failures = o.history.failures.Finalize;
  if (failures !== undefined && failures.count >= partingTries) return undefined;
  const at = nextAttempt(o, 'Finalize', now) ?? 0;
  const [published] = publishedSecrets(o);
  const sealed = o.grant.kind === 'Held' || o.grant.kind === 'Vacant';
  if (published === undefined && !sealed) return undefined;
  if (at > now.square) return { kind: 'Later', at };
  if (published !== undefined) return { kind: 'Remove', name: published.name, because: 'ConnectionDeleted' };
  const until = partingEnds(o, now);
  const dismissal = until > now.square ? dismissBeforeDiscard(o, now) : undefined;
  if (dismissal === undefined) return { kind: 'Discard', because };
  const next = nextAttempt(o, 'Dismiss', now) ?? 0;
  return next > now.square ? { kind: 'Later', at: Math.min(next, until) } : dismissal;
}

/**
 * The sealed Secret keeps its finalizer until the connection is gone: as long as this one is there, its status speaks of the
 * record.
 */
function release(o: Observation, because: ReleaseReason, now: Now): Parting {
  const at = nextAttempt(o, 'Finalize', now) ?? 0;
  if (at > now.square) return { kind: 'Later', at };
  return { kind: 'RemoveFinalizer', from: 'Connection', because };
}
