import { secretTypes } from '../../../../src/api/names.ts';
import { type Clock, createSquareTime, type SquareTime } from '../../../../src/clock.ts';
import { type Controller, createController } from '../../../../src/controller/controller.ts';
import { WriteRefused } from '../../../../src/controller/write-refused.ts';
import type { Operation } from '../../../../src/domain/failure.ts';
import { KubeError } from '../../../../src/kube/client.ts';
import type { EventNote } from '../../../../src/kube/events.ts';
import { leases } from '../../../../src/kube/resource.ts';
import type { Metrics, QueueSight } from '../../../../src/observability/port.ts';
import { followKeySecrets } from '../../../../src/secrets/follow-keys.ts';
import { projectKeySecret } from '../../../../src/secrets/key-secrets.ts';
import { createLiveRing } from '../../../../src/secrets/live-ring.ts';
import { createIncomingSettlement } from '../../../../src/secrets/settle-incoming.ts';
import { type ApiCall, type ModelApiServer, namespace, type Write } from './api-server.ts';
import { type JournalVerb, type ModelDisk, openModelJournal } from './journal.ts';
import type { ModelSquare, Told } from './square.ts';
import { createModelWatches } from './watches.ts';

/** What a process does to the world. */
export type Call =
  | ({ readonly to: 'api' } & ApiCall)
  | { readonly to: 'square'; readonly operation: Operation }
  | { readonly to: 'journal'; readonly verb: JournalVerb };

/** `lose its answer` and `refuse` are for the API server and the journal; what Square does wrong it does by its faults. */
export type Fate = 'go on' | 'die' | 'die after it' | 'lose its answer' | 'refuse';

/** What stands between the operator and the world, call by call. */
export interface Surroundings {
  readonly api: ModelApiServer;
  readonly square: ModelSquare;
  readonly clock: Clock;
  readonly disk: ModelDisk;
  /** Called at every edge before anything happens there: the moment for a crash or for somebody else's edit. */
  beforeCall(call: Call): Fate | Promise<Fate>;
  /** Called when it has happened, and nobody has heard of it yet; the process may be dead. */
  afterCall?(call: Call): Promise<void> | undefined;
  /** What the API server does to the next call. */
  apiFault(kind: 'read' | 'write', plural: string): 'Forbidden' | 'Unreachable' | 'AnswerLost' | undefined;
  onWrite(write: Write): void;
  onRefusedWrite(plural: string): void;
  onTold(told: Told): void;
  onError(message: string): void;
}

/** One run of the operator's controller, from its first list to its end. */
export interface ModelProcess {
  readonly controller: Controller;
  readonly time: SquareTime;
  readonly notes: EventNote[];
  /** Passes so far. */
  passes(): number;
  /** Hands over the events that the watches have not shown yet. */
  deliver: () => void;
  /** Nothing waits for a worker and nothing is in work. */
  idle(): boolean;
  /** Something is in work. */
  busy(): boolean;
  mayAct: boolean;
  alive(): boolean;
  /** Memory is lost; what is under way never ends. */
  die(): void;
}

/** What is done is done, and what came of it is heard later. */
function happen<T>(act: () => T): () => T {
  try {
    const result = act();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

const never = () => new Promise<never>(() => {});

/** `leads`: whether it holds the lease from the beginning. */
export function startProcess(world: Surroundings, { leads = true } = {}): ModelProcess {
  let alive = true;
  let passes = 0;
  const queues: QueueSight[] = [];
  const notes: EventNote[] = [];
  const clock: Clock = {
    wall: () => world.clock.wall(),
    monotonic: () => world.clock.monotonic(),
    after: (delay, callback) => world.clock.after(delay, () => alive && callback()),
  };
  const time = createSquareTime(clock);

  async function edge<T>(call: Call, act: () => T): Promise<T> {
    await Promise.resolve();
    if (!alive) return await never();
    const decided = world.beforeCall(call);
    const fate = typeof decided === 'string' ? decided : await decided;
    if (fate === 'die') self.die();
    if (!alive) return await never();
    if (fate === 'refuse') throw broken('Forbidden');
    const hear = happen(act);
    if (fate === 'die after it') self.die();
    const delay = world.afterCall?.(call);
    if (delay !== undefined) await delay;
    if (!alive) return await never();
    await Promise.resolve();
    if (fate === 'lose its answer') throw broken('AnswerLost');
    return hear();
  }

  const client = world.api.client(
    (call, act) =>
      edge({ to: 'api', ...call }, () => {
        const { kind, plural } = call;
        const fault = world.apiFault(kind, plural);
        if (fault === 'AnswerLost' && kind === 'write') act();
        if (fault !== undefined) throw broken(fault);
        try {
          return act();
        } catch (error) {
          if (kind === 'write') world.onRefusedWrite(plural);
          throw error;
        }
      }),
    (write) => world.onWrite(write),
  );
  const following = createModelWatches(world.api);
  const squareClient = world.square.client(
    time,
    async (operation, act) => {
      const hear = await edge({ to: 'square', operation }, act);
      hear();
    },
    (told) => world.onTold(told),
  );
  const square = { client: squareClient, time, baseURL: 'https://connect.squareup.com' };
  const vault = following.vault;
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields: object, message: string) => {
      const { err } = fields as { err?: Error };
      const known = err instanceof KubeError || err instanceof WriteRefused;
      if (message.startsWith('a pass') && !known) world.onError(`${message}: ${err?.stack ?? JSON.stringify(fields)}`);
    },
  };
  const ring = createLiveRing({ log, material: keysIn(world.api), inCluster: true });
  followKeySecrets(following.watches.keys, ring, log);
  const incoming = createIncomingSettlement({ client, clock, log, ring, namespace });
  const journal = openModelJournal(world.disk, (verb, act) => edge({ to: 'journal', verb }, act));
  const self: ModelProcess = {
    controller: createController({
      client,
      clock,
      log,
      ring,
      journal,
      incoming,
      vault,
      watches: following.watches,
      squares: { Production: square, Sandbox: square },
      metrics: metricsOf(queues, () => passes++),
      events: { record: (note) => void notes.push(note), flush: async () => {}, dropped: 0 },
      mayAct: () => alive && self.mayAct,
      concurrency: 4,
      tokenRequestConcurrency: 2,
      watchNamespaces: [],
      mayRestart: false,
      operatorNamespace: namespace,
      self: { resource: leases, namespace: 'operator', name: 'square-operator' },
    }),
    time,
    notes,
    passes: () => passes,
    deliver: following.deliver,
    idle: () => queues.every((queue) => queue.length === 0 && queue.unfinished().length === 0),
    busy: () => queues.some((queue) => queue.unfinished().length > 0),
    mayAct: leads,
    alive: () => alive,
    die() {
      alive = false;
      world.disk.dead.add(journal.holder);
    },
  };
  following.list();
  if (leads) self.controller.start();
  else void self.controller.recover();
  return self;
}

/** What the operator finds of keys when it starts. */
const keysIn = (api: ModelApiServer) =>
  api.all('secrets').flatMap((object) => {
    const isKey = object['type'] === secretTypes.sealingKey;
    return isKey ? (projectKeySecret(object).material ?? []) : [];
  });

function broken(fault: 'Forbidden' | 'Unreachable' | 'AnswerLost'): KubeError {
  if (fault === 'Forbidden') {
    return new KubeError({ status: 403, reason: 'Forbidden', message: 'exceeded quota: secrets', mayHaveActed: false });
  }
  const mayHaveActed = fault === 'AnswerLost';
  return new KubeError({ status: 0, reason: 'Unreachable', message: 'the API server did not answer', mayHaveActed });
}

function metricsOf(queues: QueueSight[], onPass: () => void): Metrics {
  const nothing = () => {};
  return {
    refreshCounted: nothing,
    revokeCounted: nothing,
    verifyCounted: nothing,
    webhookCounted: nothing,
    signInCounted: nothing,
    apiRequestObserved: nothing,
    journalWritten: nothing,
    reconcileObserved: nothing,
    queueObserver: () => ({ added: nothing, started: nothing, finished: nothing, delayed: nothing }),
    clockSkewObserved: nothing,
    reconcilesActive: (_, by) => void (by === 1 && onPass()),
    queueSeen: (_, queue) => void queues.push(queue),
    sealingKeyInCluster: nothing,
    async *scrape() {},
  };
}
