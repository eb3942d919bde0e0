import { isDeepStrictEqual } from 'node:util';
import type { ApplicationSpec } from '../api/application.ts';
import type { ConnectionSpec } from '../api/connection.ts';
import { connectionOfIncomingSecret, sealedSecretName } from '../api/names.ts';
import type { Grant } from '../domain/grant.ts';
import type { Application, Connection } from '../domain/observation.ts';
import type { Token } from '../domain/token.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import { type EscrowSecret, openEscrow } from '../secrets/escrow.ts';
import { openGrantAt } from '../secrets/grant.ts';
import { type IncomingSecret, openIncoming } from '../secrets/incoming.ts';
import type { Binding, GrantSecret, KeyRing, Opened } from '../secrets/port.ts';
import type { CannotSignIn, ConnectionRef } from './sign-in-port.ts';

/** What is followed of the cluster, on every replica. */
export interface SignInViews {
  readonly connections: { get(key: Key): { readonly connection: Connection } | undefined };
  readonly applications: { get(key: Key): { readonly spec?: ApplicationSpec } | undefined };
  readonly grants: { get(key: Key): GrantSecret | undefined };
  readonly incoming: { entries(): Iterable<readonly [Key, IncomingSecret]> };
  readonly escrow: { entries(): Iterable<readonly [Key, EscrowSecret]> };
}

/** The applications as connections see them. */
export interface ApplicationsOf {
  resolve(connection: Connection, spec: ConnectionSpec): Promise<Application>;
  /** In the order to try them. */
  clientSecrets(ref: Key): Token[];
}

export interface MaySignInDeps {
  readonly views: SignInViews;
  readonly applications: ApplicationsOf;
  readonly ring: KeyRing;
}

/** Everything that a sign-in for this connection goes by now. */
export interface MaySignIn {
  readonly ok: true;
  readonly connection: Connection;
  readonly spec: ConnectionSpec;
  readonly application: Application & { kind: 'Found' };
  readonly applicationSpec: ApplicationSpec;
  /** The only seller who may: the one of the spec, or of what is held. */
  readonly merchantID: string | undefined;
}

export interface MayNotSignIn {
  readonly ok: false;
  readonly why: CannotSignIn;
  readonly message: string;
}

/**
 * So many sign-ins of a connection are remembered at once. Each leaves a Secret for an hour, and asks Square for a token
 * whatever code comes: whoever has a link must not be able to use up the cluster, or the application's budget.
 */
export const mostSignIns = 20;

const no = (why: CannotSignIn, message: string): MayNotSignIn => ({ ok: false, why, message });

/**
 * Whether a seller may sign in for this very connection now. A connection with a refresh or migration token as its
 * credential takes sign-ins, too: a credential acts once, so it never comes between, and a seller who has to sign in again
 * needs no change of the spec. `suspended`: that it is suspended is no obstacle.
 */
export async function maySignIn(
  deps: MaySignInDeps,
  { namespace, name, uid }: ConnectionRef,
  { suspended = false }: { readonly suspended?: boolean } = {},
): Promise<MaySignIn | MayNotSignIn> {
  const connection = deps.views.connections.get(keyFrom(namespace, name))?.connection;
  if (connection === undefined || connection.uid !== uid || connection.deleting) {
    return no('ConnectionGone', 'The connection was deleted.');
  }
  if (!connection.spec.ok) return no('SpecInvalid', connection.spec.problem);
  const spec = connection.spec.value;
  if (spec.suspend === true && !suspended) return no('Suspended', 'The connection is suspended: unset spec.suspend.');
  if (spec.credential?.personalAccessToken !== undefined) {
    return no('PersonalAccessToken', 'The connection has a personal access token: remove spec.credential first.');
  }
  const application = await deps.applications.resolve(connection, spec);
  const applicationSpec = 'ref' in application ? deps.views.applications.get(application.ref)?.spec : undefined;
  if (application.kind !== 'Found' || applicationSpec === undefined) {
    return no('ApplicationNotReady', 'The SquareApplication is not there, or does not allow the connection.');
  }
  const fault = faultOf(application, applicationSpec);
  if (fault !== undefined) return no('ApplicationNotReady', `SquareApplication ${application.ref}: ${fault}`);
  const there = heldBy(deps, connection, application);
  if (there === 'Blocked') {
    return no('GrantBlocked', `Secret ${sealedSecretName(name)} cannot be replaced: see the condition Ready.`);
  }
  const before = [...comingFor(deps, connection)].length;
  if (before >= mostSignIns) {
    return no('TooManySignIns', `${before} sign-ins were begun within an hour: wait until they are forgotten.`);
  }
  const merchantID = spec.merchantID ?? there?.merchantID;
  return { ok: true, connection, spec, application, applicationSpec, merchantID };
}

function faultOf(
  { clientSecret, refusal }: Application & { kind: 'Found' },
  { flow = 'Code' }: ApplicationSpec,
): string | undefined {
  if (flow === 'PKCE') return undefined;
  if (clientSecret.kind === 'Problem') return clientSecret.message;
  return refusal === undefined ? undefined : 'Square refuses its client secret.';
}

/** The grant that a sign-in would take the place of; nothing may overwrite what cannot be read, or is another client's. */
function heldBy(
  { views, ring }: MaySignInDeps,
  { namespace, name }: Connection,
  { environment, clientID }: Application & { kind: 'Found' },
): Grant | undefined | 'Blocked' {
  const secret = views.grants.get(keyFrom(namespace, sealedSecretName(name)));
  if (secret === undefined) return undefined;
  if (secret.jwe === undefined) return 'Blocked';
  const opened = openGrantAt(ring, { namespace, name }, secret.jwe);
  if (!opened.ok) return 'Blocked';
  const { value } = opened;
  if (value.kind === 'Vacant') return undefined;
  const ours = value.environment === environment && (value.clientID === clientID || value.clientID === '');
  return ours ? value : 'Blocked';
}

/** The Secrets of the connection's sign-ins. */
function* comingFor(
  { views }: Pick<MaySignInDeps, 'views'>,
  connection: { readonly namespace: string; readonly name: string },
): Generator<IncomingSecret> {
  for (const [key, secret] of views.incoming.entries()) {
    const { namespace, name } = splitKey(key);
    if (namespace !== connection.namespace || connectionOfIncomingSecret(name) !== connection.name) continue;
    if (secret.setAside === undefined) yield secret;
  }
}

/** The sellers whose sign-ins for this very connection wait to be taken up, where they belong or in escrow. */
export function sellersComing({ views, ring }: MaySignInDeps, binding: Binding, uid: string): Set<string> {
  const sellers = new Set<string>();
  const add = (opened: Opened<Grant>) => {
    if (opened.ok && opened.value.merchantID !== undefined) sellers.add(opened.value.merchantID);
  };
  for (const { jwe } of comingFor({ views }, binding)) if (jwe !== undefined) add(openIncoming(ring, binding, jwe));
  for (const [key, secret] of views.escrow.entries()) {
    const { binding: of, grant, incoming } = openEscrow(ring, splitKey(key).name, secret);
    const isOurs = incoming?.uid === uid && incoming.setAside === undefined && isDeepStrictEqual(of, binding);
    if (isOurs) add(grant);
  }
  return sellers;
}
