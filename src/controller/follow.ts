import { connectionOfConnectLink, connectionOfIncomingSecret, connectionOfSealedSecret } from '../api/names.ts';
import type { WorkQueue } from '../kube/queue.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import { applicationRefOf } from './applications.ts';
import { credentialPlaceOf, credentialSecretOf } from './credentials.ts';
import type { Index } from './index-by.ts';
import type { ConnectionView } from './projections.ts';
import { ownerOf } from './tokens-of.ts';
import type { Watches } from './watches.ts';

/** The connection that a sealed Secret belongs to, by its name. */
export function ownerOfSealed(sealedSecret: Key): Key {
  const { namespace, name } = splitKey(sealedSecret);
  return keyFrom(namespace, connectionOfSealedSecret(name) ?? name);
}

export interface Following {
  readonly watches: Watches;
  readonly connectionsOf: Index;
  readonly readersOf: Index;
  readonly tokensOf: Index;
  readonly arrivalsOf: Index;
  readonly queue: WorkQueue;
  readonly applicationQueue: WorkQueue;
  readonly ofApplication: (ref: Key) => void;
  readonly applications: { changed(ref: Key): void };
}

/** The Secret of its credential, and the place in that. */
function placesOf({ connection }: ConnectionView): string[] {
  if (!connection.spec.ok) return [];
  const secret = credentialSecretOf(connection, connection.spec.value);
  const place = credentialPlaceOf(connection, connection.spec.value);
  return secret === undefined || place === undefined ? [] : [secret, place];
}

/** Turns news into keys. Own writes are no news: the watches do not tell of them. */
export function follow({
  watches,
  connectionsOf,
  readersOf,
  tokensOf,
  arrivalsOf,
  queue,
  applicationQueue,
  ...rest
}: Following): void {
  watches.connections.onChange(({ key, now, before }) => {
    const spec = now?.connection.spec;
    const ref = now && spec?.ok ? applicationRefOf(now.connection, spec.value) : undefined;
    const places = now === undefined ? [] : placesOf(now);
    const earlier = before?.connection.spec.ok
      ? applicationRefOf(before.connection, before.connection.spec.value)
      : undefined;
    connectionsOf.set(key, ref === undefined ? [] : [ref]);
    readersOf.set(key, places);
    queue.add(key);
    // Whoever has the same credential may have to wait for this one, or no longer.
    for (const place of new Set([...places.slice(1), ...(before === undefined ? [] : placesOf(before)).slice(1)])) {
      for (const fellow of readersOf.get(place)) if (fellow !== key) queue.add(fellow);
    }
    for (const application of new Set([ref, earlier])) if (application !== undefined) applicationQueue.add(application);
  });
  watches.grants.onChange(({ key }) => {
    queue.add(ownerOfSealed(key));
  });
  watches.incoming.onChange(({ key, now }) => {
    const { namespace, name } = splitKey(key);
    const connection = connectionOfIncomingSecret(name);
    if (connection === undefined) return;
    const owner = keyFrom(namespace, connection);
    arrivalsOf.set(key, now === undefined ? [] : [owner]);
    queue.add(owner);
  });
  watches.links.onChange(({ key }) => {
    const { namespace, name } = splitKey(key);
    const connection = connectionOfConnectLink(name);
    if (connection !== undefined) queue.add(keyFrom(namespace, connection));
  });
  watches.tokens.onChange(({ key, now, before }) => {
    tokensOf.set(key, now?.connection === undefined ? [] : [ownerOf(key, now.connection)]);
    // The connection that would publish under this name, and whoever had it before.
    queue.add(ownerOf(key, now?.connection));
    if (before?.connection !== undefined && before.connection !== now?.connection)
      queue.add(ownerOf(key, before.connection));
  });
  watches.credentials.onChange(({ key }) => {
    for (const connection of readersOf.get(key)) queue.add(connection);
    for (const [ref, application] of watches.applications.entries()) {
      const { clientSecretRef, previousClientSecretRef } = application.spec ?? {};
      const names = [clientSecretRef?.name, previousClientSecretRef?.name];
      if (!names.some((name) => name !== undefined && keyFrom(application.namespace, name) === key)) continue;
      rest.applications.changed(ref);
      rest.ofApplication(ref);
    }
  });
  watches.applications.onChange(({ key, now, before }) => {
    if (now?.generation !== before?.generation) rest.applications.changed(key);
    rest.ofApplication(key);
  });
  watches.namespaces?.onChange(({ key: namespace, now, before }) => {
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    for (const [ref, { spec }] of watches.applications.entries()) {
      if (spec?.allowedNamespaces?.from !== 'Selector') continue;
      for (const key of connectionsOf.get(ref)) if (splitKey(key).namespace === namespace) queue.add(key);
    }
  });
}
