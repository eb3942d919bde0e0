import { connectionOfSealedSecret } from '../api/names.ts';
import type { Duration } from '../clock.ts';
import { minutes, seconds } from '../clock.ts';
import { backoffDelay } from '../domain/schedule.ts';
import type { EventRecorder } from '../kube/events.ts';
import { createWorkQueue, type WorkQueue } from '../kube/queue.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import type { ConnectionSeries, Metrics, OperatorView } from '../observability/port.ts';
import { createApplicationReconciler } from './application-status.ts';
import { applicationRefOf, createApplications } from './applications.ts';
import { credentialSecretOf } from './credentials.ts';
import { createIndex } from './index-by.ts';
import type { Remembered } from './observe.ts';
import { createReconciler, type ReconcilerDeps } from './reconciler.ts';
import type { Watches } from './watches.ts';

export interface ControllerDeps
  extends Omit<ReconcilerDeps, 'applications' | 'tokensOf' | 'remembered' | 'onStatusWritten' | 'onRefusalChanged'> {
  readonly watches: Watches;
  readonly events: EventRecorder;
  readonly metrics: Metrics;
  readonly concurrency: number;
  readonly watchNamespaces: readonly string[];
}

/** The loop: news of the watches become keys, workers take a key at a time. */
export interface Controller {
  /** Works on everything once, and from then on on news. Call when the lease was won and the watches are synced. */
  start(): void;
  /** Starts nothing more. */
  pause(): void;
  /** Pauses, and resolves when the work in hand is done. */
  drain(): Promise<void>;
  readonly view: Pick<OperatorView, 'connections' | 'retainedGrants'>;
}

const failedPass = { first: seconds(1), most: minutes(5) };

/** Applications are few and their passes cheap. */
const applicationWorkers = 2;

export function createController(deps: ControllerDeps): Controller {
  const { watches, metrics } = deps;
  const connectionsOf = createIndex();
  const readersOf = createIndex();
  const tokensOf = createIndex();
  const remembered = new Map<Key, Remembered>();
  const applications = createApplications(deps);
  const ports = { ...deps, applications, tokensOf, remembered };

  const ofApplication = (ref: Key) => {
    applicationQueue.add(ref);
    for (const key of connectionsOf.get(ref)) queue.add(key);
  };
  const reconcile = createReconciler({
    ...ports,
    onStatusWritten: ({ observation: { application } }) => {
      if ('ref' in application) applicationQueue.add(application.ref);
    },
    onRefusalChanged: ofApplication,
  });
  const queue = workOn('squareconnection', deps.concurrency, reconcile);
  const applicationQueue = workOn(
    'squareapplication',
    applicationWorkers,
    createApplicationReconciler({ ...ports, connectionsOf }),
  );

  /** A queue whose passes say when they want to be made again; a pass that fails is made again, backing off. */
  function workOn(name: string, concurrency: number, pass: (key: Key) => Promise<Duration | undefined>): WorkQueue {
    const failures = new Map<Key, number>();
    const work = async (key: Key) => {
      if (!deps.mayAct()) return;
      const began = deps.clock.monotonic();
      const took = () => deps.clock.monotonic() - began;
      metrics.reconcilesActive(name, 1);
      try {
        const delay = await pass(key);
        failures.delete(key);
        if (delay !== undefined) made.addAfter(key, delay);
        metrics.reconcileObserved(name, delay === undefined ? 'success' : 'requeue_after', took());
      } catch (error) {
        const count = (failures.get(key) ?? 0) + 1;
        failures.set(key, count);
        made.addAfter(key, backoffDelay(failedPass, count, key));
        metrics.reconcileObserved(name, 'error', took());
        deps.log.error({ [name]: key, failures: count, err: error }, 'a pass failed and is made again');
      } finally {
        metrics.reconcilesActive(name, -1);
      }
    };
    const made = createWorkQueue({ clock: deps.clock, concurrency, work, observer: metrics.queueObserver(name) });
    metrics.queueSeen(name, made);
    return made;
  }

  follow({ watches, connectionsOf, readersOf, tokensOf, queue, applicationQueue, ofApplication, applications });
  // Another time at Square: what is due may have changed for everyone.
  for (const square of Object.values(deps.squares)) {
    square.time.onShift(() => {
      metrics.clockSkewObserved(square.time.skew());
      for (const [key] of watches.connections.entries()) queue.add(key);
    });
  }

  return {
    start() {
      // Somebody else may have written meanwhile: what this process remembers of an earlier term is not to be believed.
      remembered.clear();
      for (const [key] of watches.connections.entries()) queue.add(key);
      for (const [key, token] of watches.tokens.entries()) queue.add(ownerOf(key, token.connection));
      for (const [key] of watches.applications.entries()) applicationQueue.add(key);
      queue.start();
      applicationQueue.start();
    },
    pause() {
      queue.pause();
      applicationQueue.pause();
    },
    drain: async () => void (await Promise.all([queue.drain(), applicationQueue.drain()])),
    view: createView(watches, remembered),
  };
}

const ownerOf = (tokenSecret: Key, connection: string | undefined): Key =>
  keyFrom(splitKey(tokenSecret).namespace, connection ?? splitKey(tokenSecret).name);

interface Following {
  readonly watches: Watches;
  readonly connectionsOf: ReturnType<typeof createIndex>;
  readonly readersOf: ReturnType<typeof createIndex>;
  readonly tokensOf: ReturnType<typeof createIndex>;
  readonly queue: WorkQueue;
  readonly applicationQueue: WorkQueue;
  readonly ofApplication: (ref: Key) => void;
  readonly applications: { changed(ref: Key): void };
}

/** Turns news into keys. Own writes are no news: the watches do not tell of them. */
function follow({ watches, connectionsOf, readersOf, tokensOf, queue, applicationQueue, ...rest }: Following): void {
  watches.connections.onChange(({ key, now, before }) => {
    const spec = now?.connection.spec;
    const ref = now && spec?.ok ? applicationRefOf(now.connection, spec.value) : undefined;
    const secret = now && spec?.ok ? credentialSecretOf(now.connection, spec.value) : undefined;
    const earlier = before?.connection.spec.ok
      ? applicationRefOf(before.connection, before.connection.spec.value)
      : undefined;
    connectionsOf.set(key, ref === undefined ? [] : [ref]);
    readersOf.set(key, secret === undefined ? [] : [secret]);
    queue.add(key);
    for (const application of new Set([ref, earlier])) if (application !== undefined) applicationQueue.add(application);
  });
  watches.grants.onChange(({ key }) => {
    const { namespace, name } = splitKey(key);
    const connection = connectionOfSealedSecret(name);
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

/** What the metrics show of the connections: from what is stored in their status, and the exact time of verification. */
function createView(watches: Watches, remembered: ReadonlyMap<Key, Remembered>): Controller['view'] {
  function* connections(): Generator<ConnectionSeries> {
    for (const [key, { connection, stored }] of watches.connections.entries()) {
      const { spec, namespace, name } = connection;
      const ref = spec.ok ? applicationRefOf(connection, spec.value) : undefined;
      const application = ref === undefined ? undefined : watches.applications.get(ref);
      yield {
        namespace,
        name,
        application: ref ?? '',
        environment: application?.spec?.environment ?? (spec.ok ? spec.value.environment : undefined) ?? '',
        personalAccessToken: spec.ok && spec.value.credential?.personalAccessToken !== undefined,
        issuedAt: stored.issuedAt,
        expiresAt: stored.expiresAt,
        refreshTokenExpiresAt: stored.refreshTokenExpiresAt,
        nextRefreshAt: stored.nextRefreshAt,
        lastVerifiedAt: remembered.get(key)?.history.verifiedAt ?? stored.lastVerifyTime,
        conditions: conditionsOf(stored.conditions),
      };
    }
  }
  return {
    connections,
    retainedGrants() {
      let count = 0;
      for (const [key] of watches.grants.entries()) {
        const { namespace, name } = splitKey(key);
        const connection = connectionOfSealedSecret(name);
        const there = connection !== undefined && watches.connections.get(keyFrom(namespace, connection)) !== undefined;
        if (!there) count++;
      }
      return count;
    },
  };
}

function* conditionsOf(
  conditions: ReadonlyMap<string, { readonly status: string }>,
): Generator<readonly [string, string]> {
  for (const [type, { status }] of conditions) yield [type, status];
}
