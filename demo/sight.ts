import type { ConditionType } from '../src/api/conditions.ts';
import type { Condition, ConnectionStatus } from '../src/api/connection.ts';
import { annotations, squareConnections } from '../src/api/names.ts';
import { systemClock } from '../src/clock.ts';
import type { KubeClient } from '../src/kube/client.ts';
import { createInformer } from '../src/kube/informer.ts';
import { keyFrom, secrets } from '../src/kube/resource.ts';
import type { Simulator } from '../test/simulator/simulator.ts';
import * as names from './names.ts';

/** The Secret that workloads read. */
export interface TokenSecretSight {
  readonly version: string;
  readonly revision: string | undefined;
  readonly state: string | undefined;
  readonly accessToken: string | undefined;
}

/** What is seen at one moment: the connection and its Secrets through the Kubernetes API, and what Square was asked. */
export interface Sight {
  readonly status: ConnectionStatus;
  condition(type: ConditionType): Condition | undefined;
  /** `True/Valid`; empty before the operator has written it. */
  is(type: ConditionType): string;
  readonly token: TokenSecretSight | undefined;
  readonly sealed: boolean;
  readonly sellersReady: number;
  readonly square: {
    /** Token requests for the seller in focus, and how many of them Square refused. */
    readonly asked: number;
    readonly refused: number;
    /** The access token that Square issued last on a request. */
    readonly newest: string | undefined;
  };
}

/** Watches the demo's namespaces. */
export interface Watching {
  now(): Sight;
  /** Calls `listener` on all news; the returned function ends that. */
  onNews(listener: () => void): () => void;
  stop(): Promise<void>;
}

export async function watch(client: KubeClient, square: Simulator): Promise<Watching> {
  const common = { client, clock: systemClock };
  const connections = createInformer({
    ...common,
    resource: squareConnections,
    namespace: names.namespace,
    project: (object) => (object['status'] ?? {}) as ConnectionStatus,
  });
  const sellers = createInformer({
    ...common,
    resource: squareConnections,
    namespace: names.sellersNamespace,
    project: (object) => readyIn((object['status'] ?? {}) as ConnectionStatus),
  });
  const held = createInformer({
    ...common,
    resource: secrets,
    namespace: names.namespace,
    project: ({ metadata, ...secret }): TokenSecretSight => ({
      version: metadata.resourceVersion ?? '',
      revision: metadata.annotations?.[annotations.revision],
      state: metadata.annotations?.[annotations.state],
      accessToken: textIn(secret['data'], 'access-token'),
    }),
  });
  const all = [connections, sellers, held];
  const listeners = new Set<() => void>();
  for (const one of all) one.onChange(() => listeners.forEach((listener) => listener()));
  const stopping = new AbortController();
  const following = all.map((one) => one.start(stopping.signal));
  await Promise.all(all.map((one) => one.whenSynced()));
  const key = (name: string) => keyFrom(names.namespace, name);
  return {
    now: () =>
      sightOf({
        status: connections.get(key(names.connection)) ?? {},
        token: held.get(key(names.connection)),
        sealed: held.get(key(names.sealedSecret)) !== undefined,
        sellersReady: [...sellers.entries()].filter(([, ready]) => ready).length,
        square: ledgerOf(square),
      }),
    onNews(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      stopping.abort();
      await Promise.all(following);
    },
  };
}

function sightOf(seen: Omit<Sight, 'condition' | 'is'>): Sight {
  const condition = (type: ConditionType) => seen.status.conditions?.find((one) => one.type === type);
  const is = (type: ConditionType) => {
    const found = condition(type);
    return found === undefined ? '' : `${found.status}/${found.reason}`;
  };
  return { ...seen, condition, is };
}

const readyIn = ({ conditions }: ConnectionStatus): boolean =>
  conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

function textIn(data: unknown, key: string): string | undefined {
  const value = (data as Readonly<Record<string, string>> | undefined)?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
}

function ledgerOf(square: Simulator): Sight['square'] {
  const requests = square.ledger.tokenRequests({ merchantID: names.merchantID });
  const issued = requests.filter(({ outcome, answered }) => outcome === 'issued' && answered);
  return {
    asked: requests.length,
    refused: requests.filter(({ outcome }) => outcome === 'refused').length,
    newest: issued.at(-1)?.accessToken,
  };
}
