import { connectLinkSecretName } from '../api/names.ts';
import { type Duration, hours, type Instant, minutes } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import type { Application, Arrival, Connection, Now, Observation } from '../domain/observation.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import { type IncomingSecret, openIncoming, signInKept } from '../secrets/incoming.ts';
import type { KeyRing } from '../secrets/port.ts';
import type { IncomingSettlement, IncomingWaiting } from '../secrets/settle-incoming.ts';
import type { Index } from './index-by.ts';
import type { Watches } from './watches.ts';
import { sentence } from './write-refused.ts';

export interface ArrivalsDeps {
  readonly ring: KeyRing;
  readonly watches: Pick<Watches, 'incoming' | 'links'>;
  /** Keys of the Secrets of sign-ins by the key of their connection. */
  readonly arrivalsOf: Index;
  readonly incoming: Pick<IncomingSettlement, 'waiting'>;
}

/** A claim that nobody fills: long after its state has ended, by which alone it could be met again. */
const claimKept: Duration = hours(1);
/** The exchange of a code ends within about a minute of its claim. */
const exchangeLasts: Duration = minutes(1.5);

/** The sign-ins of a connection, and the link for its seller. */
export function observeArrivals(
  deps: ArrivalsDeps,
  connection: Connection,
  application: Application,
  now: Now,
): Pick<Observation, 'arrivals' | 'link'> {
  const { namespace, name, uid } = connection;
  const own = keyFrom(namespace, name);
  const arrivals = new Map<string, Arrival>();
  for (const waiting of deps.incoming.waiting(connection)) {
    const arrival = unstored(waiting, application);
    if (arrival !== undefined) arrivals.set(arrival.secret, arrival);
  }
  for (const key of deps.arrivalsOf.get(own)) {
    const secret = deps.watches.incoming.get(key);
    const stored = secret && arrivalOf(deps, key, secret, connection, application, now);
    // A claim, or what nobody can open, says less than what is to take its place.
    if (stored !== undefined && (hasGrant(stored) || !arrivals.has(stored.secret))) arrivals.set(stored.secret, stored);
  }
  const found = [...arrivals.values()];
  const link = deps.watches.links.get(keyFrom(namespace, connectLinkSecretName(name)));
  return {
    ...(found.length === 0 ? {} : { arrivals: found.toSorted((a, b) => a.until - b.until) }),
    ...(link === undefined || link.owner !== uid ? {} : { link: { expiresAt: link.expiresAt } }),
  };
}

const hasGrant = ({ content }: Arrival): boolean => 'grant' in content && content.grant !== undefined;

function arrivalOf(
  { ring }: ArrivalsDeps,
  key: Key,
  { jwe, createdAt, setAside }: IncomingSecret,
  { namespace, name }: Connection,
  application: Application,
  now: Now,
): Arrival {
  const secret = splitKey(key).name;
  if (setAside) return { secret, ...setAsideIn(ring, { namespace, name }, application, jwe) };
  // What cannot be looked into is as old as its Secret, by the API server's clock. It has to be by Square's time and by this
  // machine's: neither alone ends anything.
  const after = (length: Duration): Instant => createdAt + length + Math.max(0, now.square - now.wall);
  if (jwe === undefined) {
    return { secret, until: after(claimKept), content: { kind: 'Claim', underWayUntil: after(exchangeLasts) } };
  }
  if (application.kind !== 'Found') {
    return { secret, until: after(signInKept), content: withoutApplication };
  }
  const { environment, clientID } = application;
  const opened = openIncoming(ring, { namespace, name, environment, clientID }, jwe);
  if (opened.ok) {
    const grant = opened.value;
    return { secret, until: grant.accessToken.issuedAt + signInKept, content: { kind: 'Grant', grant } };
  }
  if (opened.problem === 'BoundElsewhere') {
    return { secret, until: after(signInKept), content: { kind: 'OfAnotherApplication' } };
  }
  // What only a later version of the operator can judge is left alone, however old it gets.
  const until = opened.problem === 'UnsupportedVersion' ? Number.POSITIVE_INFINITY : after(signInKept);
  return { secret, until, content: { kind: 'Unreadable', message: `${opened.message}.` } };
}

/**
 * What is not stored yet is in the memory of this process, too. A sign-in counts from when its Secret was found to refuse it;
 * what is set aside from the beginning, since the credential must not be presented again.
 */
function unstored(waiting: IncomingWaiting, application: Application): Arrival | undefined {
  const { place, grant, message, inEscrow } = waiting;
  const { secret, setAside } = place;
  const isOpen =
    application.kind === 'Found' &&
    application.environment === grant.environment &&
    application.clientID === grant.clientID;
  if (setAside) {
    const refused = message === undefined ? {} : { refused: sentence(message) };
    return isOpen
      ? { secret, until: endOf(grant), content: { kind: 'SetAside', grant, ...refused } }
      : { secret, until: Number.POSITIVE_INFINITY, content: { kind: 'SetAside' } };
  }
  if (message === undefined && inEscrow === undefined) return undefined;
  const until = grant.accessToken.issuedAt + signInKept;
  if (isOpen) return { secret, until, content: { kind: 'Grant', grant } };
  if (application.kind === 'Found') return { secret, until, content: { kind: 'OfAnotherApplication' } };
  return { secret, until, content: withoutApplication };
}

const withoutApplication = { kind: 'Unreadable', message: 'Its application is not there.' } as const;

const endOf = ({ refreshToken }: Grant): Instant => refreshToken?.expiresAt ?? Number.POSITIVE_INFINITY;

/** What a credential of another seller gave; as long as that cannot be looked into it has no end. */
function setAsideIn(
  ring: KeyRing,
  place: Pick<Connection, 'namespace' | 'name'>,
  application: Application,
  jwe: string | undefined,
): Pick<Arrival, 'until' | 'content'> {
  if (application.kind === 'Found' && jwe !== undefined) {
    const { environment, clientID } = application;
    const opened = openIncoming(ring, { ...place, environment, clientID }, jwe);
    if (opened.ok) {
      return { until: endOf(opened.value), content: { kind: 'SetAside', grant: opened.value } };
    }
  }
  return { until: Number.POSITIVE_INFINITY, content: { kind: 'SetAside' } };
}
