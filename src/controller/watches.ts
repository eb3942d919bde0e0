import { isDeepStrictEqual } from 'node:util';
import { labels, managedBy, secretTypes, squareApplications, squareConnections } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { createInformer } from '../kube/informer.ts';
import type { Log } from '../kube/log.ts';
import { type KubeObject, namespaces, type Resource, secrets } from '../kube/resource.ts';
import { joinNamespaces, type View } from '../kube/view.ts';
import { type ConnectLinkSecret, projectConnectLink } from '../secrets/connect-link.ts';
import { type EscrowSecret, projectEscrow } from '../secrets/escrow.ts';
import { projectGrantSecret } from '../secrets/grant-secret.ts';
import { type IncomingSecret, projectIncoming } from '../secrets/incoming.ts';
import { projectKeyName, projectKeySecret } from '../secrets/key-secrets.ts';
import type {
  CredentialSecret,
  GrantSecret,
  KeySecret,
  MemoryVault,
  RenderedTokenSecret,
  TokenSecret,
} from '../secrets/port.ts';
import { createDigestKey, expectedDigest, projectTokenSecret } from '../secrets/project-token-secret.ts';
import { projectCredentialSecret } from '../secrets/vault.ts';
import { type ApplicationView, type ConnectionView, projectApplication, projectConnection } from './projections.ts';

/** Everything that the operator follows. Secrets are followed by type or label only. */
export interface Watches {
  readonly connections: View<ConnectionView>;
  readonly applications: View<ApplicationView>;
  /** Users' Secrets: credentials and client secrets, their values under the key of a vault in memory. */
  readonly credentials: View<CredentialSecret>;
  readonly grants: View<GrantSecret>;
  /** Sign-ins that the controller has not taken up. */
  readonly incoming: View<IncomingSecret>;
  /** Links for sellers. */
  readonly links: View<ConnectLinkSecret>;
  /** Secrets in escrow, in the operator's own namespace. */
  readonly escrow: View<EscrowSecret>;
  /** Secrets of sealing keys in the operator's own namespace; by name only where the keys come from files. */
  readonly keys: View<KeySecret>;
  readonly tokens: View<TokenSecret>;
  /** Labels of namespaces; absent when only some namespaces are watched. */
  readonly namespaces?: View<Readonly<Record<string, string>>>;
  /** All of them, by the name that metrics and readiness call them. */
  readonly byName: Readonly<Record<string, View<unknown>>>;
  /** Whether a token Secret is exactly as `rendered`. */
  isCurrent(held: TokenSecret, rendered: RenderedTokenSecret): boolean;
  whenSynced(): Promise<void>;
  /** Follows until `signal` is aborted. Never rejects. */
  start(signal: AbortSignal): Promise<void>;
}

export interface WatchesDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly vault: MemoryVault;
  /** None: the whole cluster. */
  readonly namespaces: readonly string[];
  readonly operatorNamespace: string;
  /** Whether the sealing keys come from files. */
  readonly keysInFiles: boolean;
}

interface What {
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** Whether people want something else of a connection than before. None of it is written by the operator. */
const isWishedAnew = (before: ConnectionView, now: ConnectionView): boolean =>
  !isDeepStrictEqual(wishOf(before), wishOf(now));

const wishOf = ({ connection: { generation, deleting, revokeAll, requests, reports } }: ConnectionView) => ({
  generation,
  deleting,
  revokeAll,
  requests,
  reports,
});

export function createWatches(deps: WatchesDeps): Watches {
  const { vault } = deps;
  const digestKey = createDigestKey();
  const everywhere = deps.namespaces.length === 0;

  function view<T>(
    resource: Resource,
    what: What,
    project: (object: KubeObject) => T,
    isNews?: (before: T, now: T) => boolean,
  ): View<T> {
    const { client, clock, log } = deps;
    const follow = (namespace?: string) =>
      createInformer({ client, clock, log, resource, project, isNews, ...what, ...(namespace && { namespace }) });
    return everywhere
      ? follow()
      : joinNamespaces(new Map(deps.namespaces.map((namespace) => [namespace, follow(namespace)])));
  }

  const connections = view(squareConnections, {}, projectConnection, isWishedAnew);
  const applications = view(
    squareApplications,
    {},
    projectApplication,
    (before, now) => before.generation !== now.generation,
  );
  const credentials = view(secrets, { fieldSelector: `type=${secretTypes.credential}` }, (object) =>
    projectCredentialSecret(object, vault),
  );
  const grants = view(secrets, { fieldSelector: `type=${secretTypes.sealedGrant}` }, projectGrantSecret);
  const incoming = view(secrets, { fieldSelector: `type=${secretTypes.incomingGrant}` }, projectIncoming);
  const links = view(secrets, { fieldSelector: `type=${secretTypes.connectLink}` }, projectConnectLink);
  const tokens = view(secrets, { labelSelector: `${labels.managedBy}=${managedBy}` }, (object) =>
    projectTokenSecret(object, digestKey),
  );
  const own = { ...deps, resource: secrets, namespace: deps.operatorNamespace };
  const escrow = createInformer({ ...own, fieldSelector: `type=${secretTypes.escrow}`, project: projectEscrow });
  const keys = createInformer({
    ...own,
    labelSelector: labels.sealingKey,
    project: deps.keysInFiles ? projectKeyName : projectKeySecret,
  });
  const inCluster = everywhere
    ? { namespaces: view(namespaces, {}, (object) => Object.freeze({ ...object.metadata.labels })) }
    : {};
  const byName = {
    connections,
    applications,
    credentials,
    grants,
    incoming,
    links,
    tokens,
    escrow,
    keys,
    ...inCluster,
  };
  const all: readonly View<unknown>[] = Object.values(byName);
  return {
    connections,
    applications,
    credentials,
    grants,
    incoming,
    links,
    tokens,
    escrow,
    keys,
    ...inCluster,
    byName,
    isCurrent: (held, rendered) => held.digest === expectedDigest(rendered, digestKey),
    whenSynced: async () => void (await Promise.all(all.map((one) => one.whenSynced()))),
    start: async (signal) => void (await Promise.all(all.map((one) => one.start(signal)))),
  };
}
