import type { ConnectionSpec, Environment } from '../api/connection.ts';
import { connectPage, sealedSecretName } from '../api/names.ts';
import type { Clock, Instant } from '../clock.ts';
import { claimsEnd } from '../domain/arrivals.ts';
import { attemptEnds } from '../domain/attempt.ts';
import { recordIn, wasAuthorized } from '../domain/custody.ts';
import {
  type Application,
  type Connection,
  type Credential,
  type GrantState,
  type History,
  type Now,
  type Observation,
} from '../domain/observation.ts';
import { recall, type StoredStatus } from '../domain/recall.ts';
import { withSeller } from '../domain/seller.ts';
import { tellSetAside } from '../domain/set-aside.ts';
import { tellSpent } from '../domain/spent-credential.ts';
import type { Token } from '../domain/token.ts';
import type { Log } from '../kube/log.ts';
import { type Key, keyFrom } from '../kube/resource.ts';
import type { GrantSecret, LiveKeyRing } from '../secrets/port.ts';
import type { IncomingSettlement } from '../secrets/settle-incoming.ts';
import type { Applications } from './applications.ts';
import type { Attempts } from './attempts.ts';
import { type CredentialsDeps, type ReadCredential, readCredential } from './credentials.ts';
import type { Doubt, Doubts } from './doubts.ts';
import { historyOf } from './history-of.ts';
import type { Index } from './index-by.ts';
import { type ArrivalsDeps, observeArrivals } from './observe-arrivals.ts';
import { namespaceState, sealedSecretOf, sharedWith } from './observe-ending.ts';
import { observeGrant } from './observe-grant.ts';
import { observeTokenSecrets, type TokenSecretsOf } from './observe-token-secrets.ts';
import type { ConnectionView } from './projections.ts';
import type { EscrowRecovery } from './recover-escrow.ts';
import { type ResealDeps, retiredKeyOf } from './reseal.ts';
import type { Settlement } from './settlement.ts';
import { type SharedCredentialDeps, unlessShared } from './shared-credential.ts';
import type { Squares } from './squares.ts';

/** What is seen of a connection, with what only the steps may use. */
export interface Sight {
  readonly view: ConnectionView;
  readonly observation: Observation;
  readonly environment: Environment;
  /** The sealed Secret that the grant was read from: what a compare-and-set goes by. */
  readonly grantSecret?: GrantSecret;
  /** The value of the credential that is given. */
  readonly credentialValue?: Token;
  /** Something was done that may have ended the token: it is put to the test at once. */
  readonly doubt?: Doubt;
}

/** What a process remembers of a connection between two passes. */
export interface Remembered {
  readonly uid: string;
  readonly history: History;
  /** When to try again to publish under a name that somebody else's Secret has. */
  readonly notOwned?: { readonly name: string; readonly retryAt: Instant };
  /** Until when the place of the sealed grant counts as somebody else's. */
  readonly grantPlaceNotOwnedUntil?: Instant;
  /** The credential of the spec that was sealed offline, once its value was taken up. */
  readonly sealedCredentialTaken?: string;
}

export interface ObserveDeps extends CredentialsDeps, SharedCredentialDeps, ResealDeps, Omit<ArrivalsDeps, 'watches'> {
  readonly incoming: IncomingSettlement;
  readonly escrow: Pick<EscrowRecovery, 'look' | 'lookFor'>;
  readonly ring: LiveKeyRing;
  readonly clock: Clock;
  readonly squares: Squares;
  readonly applications: Applications;
  readonly attempts: Attempts;
  readonly settlement: Pick<Settlement, 'of'>;
  readonly log: Log;
  /** Keys of token Secrets by the key of their connection. */
  readonly tokensOf: Index;
  /** Keys of connections by the key of their application. */
  readonly connectionsOf: Index;
  readonly doubts: Doubts;
  readonly remembered: ReadonlyMap<Key, Remembered>;
  /** Where browsers reach the pages; absent when there are none. */
  readonly externalURL?: string | undefined;
}

/** Now, for connections of an environment. */
export function nowOf({ clock, squares }: Pick<ObserveDeps, 'clock' | 'squares'>, environment: Environment): Now {
  const { time } = squares[environment];
  return { square: time.now(), confirmed: time.confirmed(), disputed: time.disputed(), wall: clock.wall() };
}

export const environmentOf = (application: Application): Environment =>
  'environment' in application ? application.environment : 'Production';

/** Looks at a connection; `undefined` when there is none. Asks the API server only what no watch can tell. */
export async function observe(deps: ObserveDeps, key: Key): Promise<Sight | undefined> {
  const sight = await look(deps, key);
  if (sight === undefined || !isEnding(sight.observation, nowOf(deps, sight.environment))) return sight;
  const since = await deps.escrow.look();
  const now = await look(deps, key);
  if (now === undefined || since === undefined) return now;
  return { ...now, observation: { ...now.observation, escrowUnseenSince: since } };
}

/** A deletion waits for nothing any more: what another replica put into escrow meanwhile may have to be ended, too. */
function isEnding(o: Observation, now: Now): boolean {
  const { deleting, finalized } = o.connection;
  return deleting && finalized && Math.max(attemptEnds(o.attempt), claimsEnd(o)) <= now.square;
}

async function look(deps: ObserveDeps, key: Key): Promise<Sight | undefined> {
  const view = deps.watches.connections.get(key);
  if (view === undefined) return undefined;
  const { connection, stored } = view;
  if (!connection.spec.ok) return unreadable(deps, view, connection);
  const spec = connection.spec.value;
  const application = await deps.applications.resolve(connection, spec);
  const environment = environmentOf(application);
  const remembered = memoryOf(deps, key, connection);
  const grantSecret = deps.watches.grants.get(sealedKey(connection));
  const sealed = observeGrant(deps, grantSecret, connection, application, {
    seenRevision: stored.revision,
    now: nowOf(deps, environment).square,
    notOwnedUntil: remembered?.grantPlaceNotOwnedUntil ?? 0,
  });
  const read = await readCredential(deps, connection, spec, application, wasAuthorized(sealed));
  const credential = unlessShared(deps, view, read, sealed);
  const namespace = await namespaceState(deps, connection, grantSecret);
  const now = nowOf(deps, environment);
  const { given, value } = split(credential);
  const known = historyOf(remembered, stored, sealed, spec, now);
  const doubt = deps.doubts.get(key);
  const history = doubt === undefined ? known : { ...known, verifyFrom: 0 };
  const grant = withSeller(sealed, history.merchantID);
  const unsettled = deps.settlement.of(key);
  const observation: Observation = {
    connection,
    application,
    credential: given,
    grant,
    sealedSecret: sealedSecretOf(grantSecret),
    attempt: deps.attempts.stateOf(key, recordIn(grant) ?? {}, now.square),
    ...(unsettled === undefined ? {} : { unsettled }),
    ...observeTokenSecrets(deps, connection, spec, {
      grant,
      environment,
      now,
      notOwned: notOwnedOf(remembered, stored),
      publishedAs: stored.secretName,
    }),
    history,
    sharedWith: sharedWith(deps, connection, application, grant),
    namespace,
    ...retiredKeyOf(deps, connection),
    ...observeArrivals(deps, connection, application, now),
    ...signInPage(deps, connection, spec),
  };
  return {
    view,
    observation: tellSetAside(tellSpent(observation, now.square), now.square),
    environment,
    ...(grantSecret === undefined ? {} : { grantSecret }),
    ...(value === undefined ? {} : { credentialValue: value }),
    ...(doubt === undefined ? {} : { doubt }),
  };
}

/** A process that has just begun knows from the status that a name was taken, and tries it at once. */
function notOwnedOf(remembered: Remembered | undefined, stored: StoredStatus): TokenSecretsOf['notOwned'] {
  if (remembered !== undefined) return remembered.notOwned;
  return stored.conditions.get('Published')?.reason === 'SecretNotOwned' ? { retryAt: 0 } : undefined;
}

function split(credential: ReadCredential): { given: Credential; value?: Token } {
  if (credential.kind !== 'Given') return { given: credential };
  const { value, ...given } = credential;
  return { given, value };
}

const memoryOf = (deps: ObserveDeps, key: Key, { uid }: Connection): Remembered | undefined => {
  const remembered = deps.remembered.get(key);
  return remembered?.uid === uid ? remembered : undefined;
};

const sealedKey = ({ namespace, name }: Connection): Key => keyFrom(namespace, sealedSecretName(name));

/** The plain address of the page; it carries no authority. */
function signInPage(
  { externalURL }: ObserveDeps,
  { namespace, name }: Connection,
  { applicationRef, credential }: ConnectionSpec,
): Pick<Observation, 'authorizeURL'> {
  const none =
    externalURL === undefined || applicationRef === undefined || credential?.personalAccessToken !== undefined;
  return none ? {} : { authorizeURL: connectPage(externalURL, namespace, name) };
}

/** A spec that cannot be understood: everything else is as it was. */
function unreadable(deps: ObserveDeps, view: ConnectionView, connection: Connection): Sight {
  const grant: GrantState = view.stored.revision === 0 ? { kind: 'Absent' } : { kind: 'Closed' };
  const observation: Observation = {
    connection,
    application: { kind: 'NotNeeded', environment: 'Production' },
    credential: { kind: 'None' },
    grant,
    attempt: { kind: 'None' },
    tokenSecret:
      view.stored.secretName === undefined
        ? { kind: 'Absent', name: connection.name }
        : { kind: 'Ours', name: view.stored.secretName, current: true },
    formerTokenSecrets: [],
    history: recall(view.stored, grant, nowOf(deps, 'Production')),
    sealedSecret: sealedSecretOf(deps.watches.grants.get(sealedKey(connection))),
    sharedWith: [],
    namespace: 'Unknown',
    ...retiredKeyOf(deps, connection),
  };
  return { view, observation, environment: 'Production' };
}
