import type { ConnectionSpec, ConnectionStatus } from '../api/connection.ts';
import { annotations as named, squareConnections } from '../api/names.ts';
import { parseConnection } from '../api/parse.ts';
import { connectionStatus } from '../api/status.ts';
import { type Instant, parseInstant } from '../clock.ts';
import { readStatus, type StoredStatus } from '../domain/recall.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { ConnectionRef } from './sign-in-port.ts';

/** One connection as the API server has it now. */
export interface Look {
  readonly ref: ConnectionRef;
  readonly resourceVersion: string;
  readonly createdAt: Instant | undefined;
  readonly deleting: boolean;
  /** Absent when it cannot be understood; the status says why. */
  readonly spec?: ConnectionSpec;
  readonly status: ConnectionStatus;
  readonly told: StoredStatus;
  /** What was asked for and not answered yet, with the time that was written. */
  readonly pending: Readonly<Partial<Record<PendingIntent, string>>>;
  /** A link that was asked for and is not answered yet. */
  readonly connectRequested?: string;
}

export type PendingIntent = 'refresh' | 'disconnect';

/** Rejects with a `KubeError`. */
export async function lookAt(client: KubeClient, place: Omit<ConnectionRef, 'uid'>): Promise<Look | undefined> {
  const object = await client.get(squareConnections, place.namespace, place.name);
  return object && lookOf(object);
}

export function lookOf(object: KubeObject): Look {
  const { namespace = '', name, uid = '', resourceVersion = '', creationTimestamp = '' } = object.metadata;
  const parsed = parseConnection(object);
  const read = connectionStatus.safeParse(object['status'] ?? {});
  const status = read.success ? read.data : {};
  const asked = object.metadata.annotations ?? {};
  const refresh = asked[named.refreshRequestedAt];
  const disconnect = asked[named.disconnectRequestedAt];
  const connect = asked[named.connectRequestedAt];
  return {
    ref: { namespace, name, uid },
    resourceVersion,
    createdAt: parseInstant(creationTimestamp),
    deleting: object.metadata.deletionTimestamp !== undefined,
    ...(parsed.ok && { spec: parsed.value.spec }),
    status,
    told: readStatus(status),
    pending: {
      ...(refresh !== undefined && refresh !== status.lastHandledRefreshRequest && { refresh }),
      ...(disconnect !== undefined && disconnect !== status.lastHandledDisconnectRequest && { disconnect }),
    },
    ...(connect !== undefined && connect !== status.lastHandledConnectRequest && { connectRequested: connect }),
  };
}

/** Says in the address of a page's news what the page shows. */
export const newsOf = (path: string, { resourceVersion }: Look): string =>
  `${path}/events?shown=${encodeURIComponent(resourceVersion)}`;

/** Whether the connection is another by now than the page shows. */
export async function isOutdated(
  client: KubeClient,
  place: Omit<ConnectionRef, 'uid'>,
  query: unknown,
): Promise<boolean> {
  const shown = typeof query === 'object' && query !== null && 'shown' in query ? query.shown : undefined;
  return (await lookAt(client, place))?.resourceVersion !== shown;
}
