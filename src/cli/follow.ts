import { squareConnections } from '../api/names.ts';
import { KubeError } from '../kube/client.ts';
import { createInformer, type Informer } from '../kube/informer.ts';
import { type Log, silentLog } from '../kube/log.ts';
import type { Key, KubeObject } from '../kube/resource.ts';
import type { Cluster } from './cluster.ts';
import { explain } from './explain.ts';

/** What of the cluster is followed. */
export interface Scope {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** Objects as they are now, and as they become. */
export interface Following {
  get(key: Key): KubeObject | undefined;
  /** Rejects when the API server refuses to let them be followed; never resolves. What is merely down is tried again. */
  readonly refused: Promise<never>;
}

/** More single objects than so many are followed by their whole namespace. */
const singles = 4;

/** The least that has to be followed to see all of these. */
export function scopesOf(objects: readonly { readonly namespace: string; readonly name: string }[]): Scope[] {
  const namespaces = new Set(objects.map(({ namespace }) => namespace));
  if (objects.length <= singles) {
    return objects.map(({ namespace, name }) => ({ namespace, fieldSelector: `metadata.name=${name}` }));
  }
  return namespaces.size <= singles ? [...namespaces].map((namespace) => ({ namespace })) : [{}];
}

/**
 * Follows objects by watches until `signal` is aborted. `onNews` is called for every change, and resolves nothing by
 * itself. Resolves when everything there is has been seen once; rejects when following is refused.
 */
export async function follow(
  { client, clock }: Cluster,
  scopes: readonly Scope[],
  onNews: (key: Key, object: KubeObject | undefined) => void,
  signal: AbortSignal,
): Promise<Following> {
  const refusal = Promise.withResolvers<never>();
  refusal.promise.catch(() => {});
  const log: Log = {
    ...silentLog,
    warn(fields) {
      const { err } = fields as { err?: unknown };
      if (err instanceof KubeError && [401, 403, 404].includes(err.status)) refusal.reject(explain(err));
    },
  };
  const informers = scopes.map((scope): Informer<KubeObject> => {
    const informer = createInformer<KubeObject>({
      client,
      clock,
      log,
      resource: squareConnections,
      project: (object) => object,
      ...scope,
    });
    informer.onChange(({ key, now }) => onNews(key, now));
    void informer.start(signal);
    return informer;
  });
  await Promise.race([
    Promise.all(informers.map((informer) => informer.whenSynced())),
    refusal.promise,
    aborted(signal),
  ]);
  return {
    get: (key) => informers.map((informer) => informer.get(key)).find((object) => object !== undefined),
    refused: refusal.promise,
  };
}

/** Rejects with the reason of `signal` once it is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
