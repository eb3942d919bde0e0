import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { leaseName } from './api/names.ts';
import { type Clock, type Duration, seconds, sleep, systemClock } from './clock.ts';
import { keepCompact, ownHeap } from './compaction.ts';
import type { Config } from './config.ts';
import { type Controller, createController } from './controller/controller.ts';
import { followKeys } from './controller/follow-keys.ts';
import { createOperatorView } from './controller/operator-view.ts';
import { closeSquares, createSquares } from './controller/squares.ts';
import { stand } from './controller/stand.ts';
import { createWatches } from './controller/watches.ts';
import { loadAccess } from './kube/access.ts';
import { createKubeClient } from './kube/connect.ts';
import { createEventRecorder } from './kube/events.ts';
import { createLeaderElection } from './kube/lease.ts';
import { leases } from './kube/resource.ts';
import type { Listening } from './observability/listen.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { awaitKeyRing } from './secrets/await-ring.ts';
import { openJournal } from './secrets/journal.ts';
import { createIncomingSettlement } from './secrets/settle-incoming.ts';
import { createMemoryVault } from './secrets/vault.ts';
import { serveProbes, serveWebParts } from './serving.ts';

export interface OperatorOptions {
  readonly config: Config;
  readonly version: string;
  readonly clock?: Clock;
  /** Takes one log line with its newline; standard output when absent. */
  readonly writeLog?: (line: string) => void;
}

/** A running operator. */
export interface Operator {
  /** Where `/metrics`, `/healthz` and `/readyz` are served; absent where they are off. */
  readonly metrics?: Listening;
  readonly health?: Listening;
  /** Where pages, callback and webhooks are served; absent without an external URL. */
  readonly web?: Listening;
  isLeader(): boolean;
  /** Finishes the steps in hand, starts no other, gives the lease up and lets go of everything. Never rejects. */
  stop(): Promise<void>;
}

/** Steps in hand at a stop get so long. What Square answered is stored by then, or never will be by this process. */
const drainLimit = seconds(80);

/**
 * Starts the operator and resolves when it follows the cluster; whether it acts depends on the lease. Rejects when it
 * cannot begin at all: no way to the API server, no namespace of its own, a sealing key that cannot be read, a port taken.
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { config, version, clock = systemClock } = options;
  const log = createLogger({ level: config.logLevel, clock, write: options.writeLog });
  const access = await loadAccess({ kubeconfig: config.kubeconfig, clock });
  const namespace = config.operatorNamespace ?? access.namespace;
  if (namespace === undefined) {
    throw new Error('The operator does not know its own namespace: give --operator-namespace');
  }
  const client = createKubeClient({ access, clock });
  const stopping = new AbortController();
  const identity = `${hostname()}_${randomUUID()}`;
  const vault = createMemoryVault();
  const watchNamespaces = config.watchNamespaces ?? [];
  const keysInFiles = config.sealingKeyDir !== undefined;
  const watches = createWatches({
    client,
    clock,
    log,
    vault,
    namespaces: watchNamespaces,
    operatorNamespace: namespace,
    keysInFiles,
  });
  const election = config.leaderElect
    ? createLeaderElection({
        client,
        namespace,
        name: leaseName,
        identity,
        clock,
        log,
        leaseDuration: config.leaseDuration,
        renewDeadline: (config.leaseDuration * 2) / 3,
        retryPeriod: (config.leaseDuration * 2) / 15,
      })
    : undefined;
  const isLeader = () => election === undefined || election.isLeader();
  let controller: Controller | undefined;
  const metrics = createMetrics({
    view: createOperatorView(watches, () => controller),
    isLeader,
    now: (environment) => squares[environment === 'Sandbox' ? 'Sandbox' : 'Production'].time.now(),
    leaseName,
    version,
  });
  const squares = createSquares(config, clock, metrics);
  const servers = await serveProbes({ config, clock, log, metrics, watches });
  try {
    const ring = await awaitKeyRing(
      { client, namespace, sealingKeyDir: config.sealingKeyDir, log, clock },
      stopping.signal,
    );
    const events = createEventRecorder({
      client,
      clock,
      controller: 'square-operator.dev/operator',
      instance: hostname(),
      log,
    });
    const mayAct = () => !stopping.signal.aborted && isLeader();
    const { concurrency, tokenRequestConcurrency } = config;
    const journal = await openJournal(config.journalDir, clock, log);
    const incoming = createIncomingSettlement({ client, clock, log, ring, namespace });
    const loop = createController({
      incoming,
      externalURL: config.externalURL,
      client,
      journal,
      clock,
      log,
      ring,
      vault,
      watches,
      squares,
      metrics,
      events,
      mayAct,
      concurrency,
      tokenRequestConcurrency,
      watchNamespaces,
      mayRestart: config.enableRolloutRestart,
      operatorNamespace: namespace,
      self: { resource: leases, namespace, name: leaseName },
    });
    controller = loop;
    const { applications, callsOf } = loop;
    const ports = { client, clock, log, ring, vault, events, watches, squares, metrics };
    const web = await serveWebParts({ ...ports, config, journal, incoming, applications, callsOf });
    const following = new AbortController();
    followKeys({ watches, ring, metrics, log, clock, directory: config.sealingKeyDir }, following.signal);
    const watching = watches.start(following.signal);
    void loop.recover();
    const heap = ownHeap();
    if (heap !== undefined) void keepCompact(heap, clock, following.signal);
    const electing = new AbortController();
    const standing = stand({ election, controller: loop, watches, signal: electing.signal });
    log.info({ version, namespace, identity, watchNamespaces }, 'operator started');
    let stopped: Promise<void> | undefined;
    return {
      ...servers,
      ...(web && { web: web.listening }),
      isLeader,
      stop: () =>
        (stopped ??= (async () => {
          log.info({}, 'operator stopping');
          stopping.abort();
          const rotations = loop.drain().then(() => loop.settlement.safe());
          const signIns = web?.close() ?? Promise.resolve();
          await within(
            clock,
            drainLimit,
            Promise.all([rotations, signIns]).then(() => incoming.safe()),
          );
          loop.settlement.close();
          incoming.close();
          await journal.close();
          electing.abort();
          await standing;
          following.abort();
          await watching;
          await within(clock, seconds(3), events.flush());
          await closeSquares(squares);
          await client.close();
          await Promise.all([servers.metrics?.close(), servers.health?.close()]);
          log.info({}, 'operator stopped');
        })()),
    };
  } catch (error) {
    await Promise.all([servers.metrics?.close(), servers.health?.close(), client.close()]);
    throw error;
  }
}

/** Waits for `work`, but no longer than `limit`. */
async function within(clock: Clock, limit: Duration, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, sleep(clock, limit, done.signal).catch(() => {})]);
  done.abort();
}
