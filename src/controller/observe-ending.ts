import { sealedSecretName } from '../api/names.ts';
import type { Application, Connection, GrantState, NamespaceState, SealedSecret } from '../domain/observation.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Key, keyFrom, namespaces } from '../kube/resource.ts';
import { openGrant } from '../secrets/grant.ts';
import { openIncoming } from '../secrets/incoming.ts';
import type { GrantSecret, KeyRing } from '../secrets/port.ts';
import type { Index } from './index-by.ts';
import type { ConnectionView } from './projections.ts';
import type { Watches } from './watches.ts';

export interface SharedWithDeps {
  readonly ring: KeyRing;
  readonly watches: Watches;
  /** Keys of connections by the key of their application. */
  readonly connectionsOf: Index;
  /** Keys of the Secrets of sign-ins by the key of their connection. */
  readonly arrivalsOf: Index;
}

const nobody: readonly Key[] = [];

/**
 * The other connections that live on the same authorization at Square: of the same client ID and environment, whatever
 * SquareApplication says so, and of the same seller. Their sealed records tell; where one cannot be opened, its status; and
 * sign-ins that are not taken up yet, as those of a connection that is suspended.
 */
export function sharedWith(
  deps: SharedWithDeps,
  connection: Connection,
  application: Application,
  grant: GrantState,
): readonly Key[] {
  const merchantID = grant.kind === 'Held' && grant.grant.kind === 'OAuth' ? grant.grant.merchantID : undefined;
  const mayEnd = connection.deleting ? connection.finalized : connection.requests.disconnect !== undefined;
  if (!mayEnd || merchantID === undefined || application.kind !== 'Found') return nobody;
  const own = keyFrom(connection.namespace, connection.name);
  return candidates(deps, application).filter((key) => key !== own && isOf(deps, key, application, merchantID));
}

function candidates(
  { watches, connectionsOf }: SharedWithDeps,
  { clientID, environment }: Application & { kind: 'Found' },
) {
  const found: Key[] = [];
  for (const [ref, { spec }] of watches.applications.entries()) {
    if (spec?.clientID === clientID && spec.environment === environment) found.push(...connectionsOf.get(ref));
  }
  return found;
}

function isOf(
  deps: SharedWithDeps,
  key: Key,
  application: Application & { kind: 'Found' },
  merchantID: string,
): boolean {
  const view: ConnectionView | undefined = deps.watches.connections.get(key);
  if (view === undefined || view.connection.deleting) return false;
  return merchantOf(deps, view, application) === merchantID || arrived(deps, key, view, application, merchantID);
}

/** Whether the seller has signed in for the connection, and that was not taken up yet. */
function arrived(
  { watches, ring, arrivalsOf }: SharedWithDeps,
  key: Key,
  { connection: { namespace, name, uid } }: ConnectionView,
  { clientID, environment }: Application & { kind: 'Found' },
  merchantID: string,
): boolean {
  for (const secret of arrivalsOf.get(key)) {
    const jwe = watches.incoming.get(secret)?.jwe;
    const opened = jwe === undefined ? undefined : openIncoming(ring, { namespace, name, environment, clientID }, jwe);
    if (opened?.ok && opened.value.connectionUID === uid && opened.value.merchantID === merchantID) return true;
  }
  return false;
}

function merchantOf(
  { watches, ring }: SharedWithDeps,
  { connection: { namespace, name }, stored }: ConnectionView,
  { clientID, environment }: Application & { kind: 'Found' },
): string | undefined {
  const secret = watches.grants.get(keyFrom(namespace, sealedSecretName(name)));
  if (secret?.jwe === undefined) return undefined;
  const opened = openGrant(ring, { namespace, name, environment, clientID }, secret.jwe);
  if (!opened.ok) return opened.problem === 'BoundElsewhere' ? undefined : stored.merchantID;
  return opened.value.kind === 'Vacant' ? undefined : (opened.value.merchantID ?? stored.merchantID);
}

/** Whether the namespace is being deleted, asked of the API server where a deletion makes it matter. */
export async function namespaceState(
  { client }: { readonly client: KubeClient },
  { namespace, deleting, finalized }: Connection,
  sealed: GrantSecret | undefined,
): Promise<NamespaceState> {
  if (deleting ? !finalized : sealed?.deleting !== true) return 'Unknown';
  try {
    const found = await client.get(namespaces, undefined, namespace);
    return found === undefined || found.metadata.deletionTimestamp !== undefined ? 'Ending' : 'Active';
  } catch {
    return 'Unknown';
  }
}

/** What the metadata of the sealed Secret say. */
export const sealedSecretOf = (secret: GrantSecret | undefined): SealedSecret => ({
  finalized: secret?.finalized === true,
  deleting: secret?.deleting === true,
});
