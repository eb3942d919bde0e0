import { labels, managedBy, secretTypes, squareApplications, squareConnections } from '../../../../src/api/names.ts';
import { projectApplication, projectConnection } from '../../../../src/controller/projections.ts';
import type { Watches } from '../../../../src/controller/watches.ts';
import type { Change } from '../../../../src/kube/informer.ts';
import { type KubeObject, keyOf, namespaces, type Resource, secrets } from '../../../../src/kube/resource.ts';
import { createStore } from '../../../../src/kube/store.ts';
import type { View } from '../../../../src/kube/view.ts';
import { projectConnectLink } from '../../../../src/secrets/connect-link.ts';
import { projectEscrow } from '../../../../src/secrets/escrow.ts';
import { projectGrantSecret } from '../../../../src/secrets/grant-secret.ts';
import { projectIncoming } from '../../../../src/secrets/incoming.ts';
import { projectKeySecret } from '../../../../src/secrets/key-secrets.ts';
import { createDigestKey, expectedDigest, projectTokenSecret } from '../../../../src/secrets/project-token-secret.ts';
import { createMemoryVault, projectCredentialSecret } from '../../../../src/secrets/vault.ts';
import type { ModelApiServer, ServerEvent } from './api-server.ts';

/** The views of the operator over the real store of its informers; events come when the model hands them over. */
export function createModelWatches(api: ModelApiServer) {
  const vault = createMemoryVault();
  const digestKey = createDigestKey();
  const fed: { plural: string; feed: (event: ServerEvent) => void }[] = [];
  let read = 0;

  function view<T>(resource: Resource, selects: (object: KubeObject) => boolean, project: (object: KubeObject) => T) {
    const listeners: ((change: Change<T>) => void)[] = [];
    const store = createStore<T>({
      project,
      tell: (change) => {
        for (const listener of listeners) listener(change);
      },
      onUnreadable: (key, error) => {
        throw new Error(`${key} is unreadable`, { cause: error });
      },
    });
    fed.push({
      plural: resource.plural,
      feed({ type, object }) {
        if (type === 'put' && selects(object)) store.take(object);
        else if (store.held.has(keyOf(object))) store.remove(object);
      },
    });
    const made: View<T> = {
      resource,
      synced: () => true,
      whenSynced: async () => {},
      get: (key) => store.held.get(key)?.value,
      *entries() {
        for (const [key, { value }] of store.held) yield [key, value];
      },
      get size() {
        return store.held.size;
      },
      writing: store.writing,
      absorb: store.absorb,
      forget: store.forget,
      onChange: (listener) => void listeners.push(listener),
      lastEvent: () => 0,
      healthy: () => true,
      start: async () => {},
    };
    return made;
  }

  const ofType = (type: string) => (object: KubeObject) => object['type'] === type;
  const every = () => true;
  const connections = view(squareConnections, every, projectConnection);
  const applications = view(squareApplications, every, projectApplication);
  const credentials = view(secrets, ofType(secretTypes.credential), (object) => projectCredentialSecret(object, vault));
  const grants = view(secrets, ofType(secretTypes.sealedGrant), projectGrantSecret);
  const incoming = view(secrets, ofType(secretTypes.incomingGrant), projectIncoming);
  const links = view(secrets, ofType(secretTypes.connectLink), projectConnectLink);
  const tokens = view(
    secrets,
    (object) => object.metadata.labels?.[labels.managedBy] === managedBy,
    (object) => projectTokenSecret(object, digestKey),
  );
  const escrow = view(secrets, ofType(secretTypes.escrow), projectEscrow);
  const keys = view(secrets, ofType(secretTypes.sealingKey), projectKeySecret);
  const inCluster = view(namespaces, every, (object) => ({ ...object.metadata.labels }));
  const watches: Watches = {
    connections,
    applications,
    credentials,
    grants,
    incoming,
    links,
    tokens,
    escrow,
    keys,
    namespaces: inCluster,
    byName: {},
    isCurrent: (held, rendered) => held.digest === expectedDigest(rendered, digestKey),
    whenSynced: async () => {},
    start: async () => {},
  };
  return {
    vault,
    watches,
    list: () => {
      read = api.log.length;
      for (const { plural, feed } of fed) for (const object of api.all(plural)) feed({ type: 'put', object });
    },
    deliver: () => {
      for (; read < api.log.length; read++) {
        const entry = api.log[read];
        for (const { plural, feed } of fed) if (plural === entry?.plural) feed(entry.event);
      }
    },
  };
}
