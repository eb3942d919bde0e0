import { sealedSecretName } from '../api/names.ts';
import { recordIn } from '../domain/custody.ts';
import { isAmong } from '../domain/given.ts';
import type { Connection, GrantState } from '../domain/observation.ts';
import { type Key, keyFrom } from '../kube/resource.ts';
import { openGrant } from '../secrets/grant.ts';
import type { KeyRing } from '../secrets/port.ts';
import { applicationRefOf } from './applications.ts';
import { credentialPlaceOf, type ReadCredential } from './credentials.ts';
import type { Index } from './index-by.ts';
import type { ConnectionView } from './projections.ts';
import type { Watches } from './watches.ts';

export interface SharedCredentialDeps {
  readonly ring: KeyRing;
  readonly watches: Watches;
  /** Keys of connections by the place of their credential, and by its Secret. */
  readonly readersOf: Index;
}

/**
 * A refresh token may work only once, so of several connections that name the same key of the same Secret one presents it:
 * the one that took it up, or else who holds a grant already, or else the oldest. To the others it is a problem, and nothing is spent.
 */
export function unlessShared(
  deps: SharedCredentialDeps,
  own: ConnectionView,
  credential: ReadCredential,
  grant: GrantState,
): ReadCredential {
  const { connection } = own;
  if (credential.kind !== 'Given' || credential.type !== 'refreshToken' || !connection.spec.ok) return credential;
  if (isAmong(credential, recordIn(grant)?.taken ?? [])) return credential;
  const place = credentialPlaceOf(connection, connection.spec.value);
  if (place === undefined || deps.readersOf.count(place) < 2) return credential;
  const others = [...deps.readersOf.get(place)].flatMap((key) => {
    const view = deps.watches.connections.get(key);
    return view === undefined || view.connection.uid === connection.uid ? [] : [view];
  });
  const taker = others.find((other) => isAmong(credential, takenBy(deps, other.connection)));
  const first = taker ?? others.find((other) => isBefore(other, own));
  if (first === undefined) return credential;
  const [, secret, key] = place.split('/');
  const does = taker === undefined ? 'presents it first' : 'has taken it up';
  const message = `Secret ${secret}, key ${key}, is also the credential of SquareConnection ${first.connection.name}, which ${does}; a refresh token may work only once, so it was not presented here. Give this connection a credential of its own, or delete the other one.`;
  return { kind: 'Problem', reason: 'CredentialShared', message };
}

/** The same order for every process. */
function isBefore(
  { connection: one, stored }: ConnectionView,
  { connection: other, stored: its }: ConnectionView,
): boolean {
  if (stored.revision > 0 !== its.revision > 0) return stored.revision > 0;
  return one.createdAt === other.createdAt ? one.name < other.name : one.createdAt < other.createdAt;
}

/** Digests of the credentials that a connection has taken up, as far as its record can be opened. */
function takenBy({ ring, watches }: SharedCredentialDeps, connection: Connection): readonly string[] {
  const { namespace, name, spec } = connection;
  const jwe = watches.grants.get(keyFrom(namespace, sealedSecretName(name)))?.jwe;
  const ref: Key | undefined = spec.ok ? applicationRefOf(connection, spec.value) : undefined;
  const application = ref === undefined ? undefined : watches.applications.get(ref)?.spec;
  if (jwe === undefined || application === undefined) return [];
  const { environment, clientID } = application;
  const opened = openGrant(ring, { namespace, name, environment, clientID }, jwe);
  return opened.ok ? opened.value.taken : [];
}
