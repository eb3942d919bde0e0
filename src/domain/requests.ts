import { statusBounds } from '../api/status.ts';
import { formatInstant, type Instant, parseInstant } from '../clock.ts';
import { recordIn } from './custody.ts';
import type { Grant } from './grant.ts';
import type { Now, Observation, Requests } from './observation.ts';
import { disconnectPatience } from './revocation.ts';
import { requestLifetime } from './schedule.ts';

export type Request = keyof Requests;

/**
 * What a request annotation asks for now. `Act` is given once: for a value that was not answered yet, later than the
 * object and than the grant that is held, and at most 15 minutes old, so that a restored or copied object never acts on
 * an old request. Anything else that was not answered yet is `Stale`: it is answered by saying so. A disconnect that was
 * begun in time, and that Square has not answered, is gone on with.
 */
export function requestState(o: Observation, request: Request, now: Now): 'None' | 'Act' | 'Stale' {
  const value = o.connection.requests[request];
  if (value === undefined || isHandled(o, request, value)) return 'None';
  if (request === 'disconnect' && disconnectUntil(o, value) > now.square) return 'Act';
  return staleness(o, value, now) === undefined ? 'Act' : 'Stale';
}

/** What keeps a request from being acted on, as the end of a sentence; `undefined` while nothing does. */
export function staleness(o: Observation, value: string, now: Now): string | undefined {
  const at = parseInstant(value);
  if (at === undefined || value.length > statusBounds.request) return 'it is no RFC 3339 time';
  // Kubernetes times have whole seconds, so a request made in the second of the creation is later than it.
  if (at < o.connection.createdAt) return 'it is older than this object, which may be a copy or restored';
  const sealedAt = o.grant.kind === 'Held' ? Math.floor(storedAt(o.grant.grant, now) / 1000) * 1000 : 0;
  if (at < sealedAt) return `it is older than the token, which was stored at ${formatInstant(sealedAt)}`;
  if (now.wall - at > requestLifetime) return 'it is older than 15 minutes';
  return at - now.wall > requestLifetime ? 'it is more than 15 minutes ahead of the clock' : undefined;
}

/** A record from the future was sealed by a clock that was ahead. When its token was issued is Square's word. */
const storedAt = ({ sealedAt, accessToken: { issuedAt } }: Grant, now: Now): Instant =>
  sealedAt > now.wall ? Math.min(sealedAt, issuedAt) : sealedAt;

/** Until when a disconnect that was tried in vain counts as begun; 0 when it was not. */
function disconnectUntil({ history: { failures } }: Observation, value: string): Instant {
  return failures.Revoke?.request === value ? failures.Revoke.time + disconnectPatience : 0;
}

const requests = ['refresh', 'disconnect', 'adopt', 'connect'] as const satisfies readonly Request[];

/** When requests that cannot be acted on now become too old to be, which is then said. In Square's time. */
export function requestEnds(o: Observation, now: Now): Instant[] {
  return requests.flatMap((request) => {
    const value = o.connection.requests[request];
    if (value === undefined) return [];
    const at = parseInstant(value);
    if (at === undefined || requestState(o, request, now) !== 'Act') return [];
    const tooOld = now.square + (at + requestLifetime - now.wall) + 1;
    return [request === 'disconnect' ? Math.max(tooOld, disconnectUntil(o, value)) : tooOld];
  });
}

/** Requests that came too late, or that nobody can read, count as answered: they never act, whatever the time becomes. */
export function answerStale(o: Observation, now: Now): Observation {
  const stale = requests.filter((request) => requestState(o, request, now) === 'Stale');
  if (stale.length === 0) return o;
  const answered = Object.fromEntries(stale.map((request) => [request, o.connection.requests[request]]));
  return { ...o, history: { ...o.history, handled: { ...o.history.handled, ...answered } } };
}

/** The values that the sealed record says were answered: a process may end before the status says so. */
export const recordedRequests = ({ grant }: Observation): Requests => recordIn(grant)?.handled ?? {};

/** The values that were answered last. */
export function handledRequests(o: Observation): Requests {
  const recorded = recordedRequests(o);
  const entries = requests.map((request) => {
    const asked = o.connection.requests[request];
    const known = asked !== undefined && recorded[request] === asked ? asked : o.history.handled[request];
    return known === undefined ? {} : { [request]: known };
  });
  return Object.assign({}, ...entries) as Requests;
}

function isHandled(o: Observation, request: Request, value: string): boolean {
  if (o.history.handled[request] === value) return true;
  return recordedRequests(o)[request] === value;
}
