import { seconds } from '../clock.ts';
import { urgencyOf } from '../domain/urgency.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Key } from '../kube/resource.ts';
import type { Metrics, OperatorView } from '../observability/port.ts';
import type { JournalEntry } from '../secrets/journal-entries.ts';
import type { IncomingSettlement } from '../secrets/settle-incoming.ts';
import { createApplicationReconciler } from './application-status.ts';
import { type Applications, createApplications } from './applications.ts';
import { createAttempts } from './attempts.ts';
import { createConnectionView } from './connection-view.ts';
import { createDeparted } from './departed.ts';
import { createDoubts } from './doubts.ts';
import { createFleetView } from './fleet-view.ts';
import { follow } from './follow.ts';
import { followRing, ringKey } from './follow-ring.ts';
import { createHeldBackTokens } from './held-back-tokens.ts';
import { createIndex } from './index-by.ts';
import { createIssuing } from './issuing.ts';
import { createKeyCustody } from './key-custody.ts';
import type { Remembered } from './observe.ts';
import { createPassQueue } from './pass-queue.ts';
import { createReconciler, type ReconcilerDeps } from './reconciler.ts';
import { recoverJournal } from './recover.ts';
import { createEscrowRecovery } from './recover-escrow.ts';
import { connectionsOfRecords, createRetirements } from './reseal.ts';
import { createSettlement, type Settlement } from './settlement.ts';
import { createTokensOf, ownerOf } from './tokens-of.ts';
import { createTurns, type Turns } from './turns.ts';
import { createTurnstile } from './turnstile.ts';
import type { Watches } from './watches.ts';

export interface ControllerDeps
  extends Omit<
    ReconcilerDeps,
    | 'applications'
    | 'issuing'
    | 'thisTerm'
    | 'attempts'
    | 'settlement'
    | 'escrow'
    | 'tokensOf'
    | 'connectionsOf'
    | 'readersOf'
    | 'arrivalsOf'
    | 'remembered'
    | 'turnstile'
    | 'turns'
    | 'retirements'
    | 'departed'
    | 'doubts'
    | 'onStatusWritten'
    | 'onRefusalChanged'
    | 'onDoubt'
  > {
  readonly watches: Watches;
  readonly events: EventRecorder;
  readonly metrics: Metrics;
  readonly concurrency: number;
  /** How many token requests may be under way at once, each until its answer is sealed. */
  readonly tokenRequestConcurrency: number;
  readonly watchNamespaces: readonly string[];
  readonly operatorNamespace: string;
  /** What sign-ins gave, on its way into the cluster. */
  readonly incoming: IncomingSettlement;
}

/** The loop: news of the watches become keys, workers take a key at a time. */
export interface Controller {
  /** Works on everything once, and from then on on news. Call when the lease was won and the watches are synced. */
  start(): void;
  /** Starts nothing more, and forgets what waits: another replica may work on it. */
  pause(): void;
  /** Pauses, and resolves when the work in hand is done. */
  drain(): Promise<void>;
  /** Stores what ended processes left in the journal; needs no lease. Resolves when each answer is in hand. */
  recover(): Promise<void>;
  readonly settlement: Settlement;
  /** The applications, and their budgets for a person who waits, for what runs beside the controller. */
  readonly applications: Pick<Applications, 'resolve' | 'clientSecrets'>;
  readonly callsOf: Turns['forPerson'];
  readonly view: Omit<OperatorView, 'sealedRecords' | 'watches'>;
}

/** Applications are few and their passes cheap. */
const applicationWorkers = 2;

/** A token request that takes longer than this no longer keeps others waiting. */
const turnstilePatience = seconds(1);

export function createController(deps: ControllerDeps): Controller {
  const { watches, metrics } = deps;
  const connectionsOf = createIndex();
  const readersOf = createIndex();
  const tokensOf = createTokensOf(watches.tokens);
  const arrivalsOf = createIndex();
  const remembered = new Map<Key, Remembered>();
  const departed = createDeparted({ watches, vault: deps.vault, connectionsOf });
  const heldBackTokens = createHeldBackTokens({ ...deps, connectionsOf, onChange: (ref) => ofApplication(ref) });
  const issuing = createIssuing({ ...deps, connectionsOf, wake: (key) => queue.add(key) });
  const applications = createApplications({ ...deps, departed, heldBackTokens, issuing });
  const doubts = createDoubts((key) => queue.add(key));
  const width = deps.tokenRequestConcurrency;
  const turnstile = createTurnstile({ clock: deps.clock, width, patience: turnstilePatience });
  const urgencyOfKey = (key: Key) => {
    const view = watches.connections.get(key);
    return view === undefined ? Number.MAX_SAFE_INTEGER : urgencyOf(view.connection, view.stored);
  };
  const turns = createTurns({
    ...deps,
    turnstile,
    heldBackTokens,
    issuing,
    wake: (key) => queue.add(key),
    onSlowed: (ref) => applicationQueue.add(ref),
  });
  const retirements = createRetirements(deps.ring, deps.clock);
  const attempts = createAttempts(deps);
  const recovery = { ...deps, namespace: deps.operatorNamespace };
  const settlement = createSettlement({
    ...recovery,
    onChange(key) {
      queue.add(key);
      if (settlement.of(key) === undefined) escrow.settled(key);
    },
  });
  const escrow = createEscrowRecovery({ ...recovery, settlement });
  const indexes = { tokensOf, connectionsOf, readersOf, arrivalsOf };
  const rotation = { attempts, settlement, turnstile, issuing, escrow };
  const ports = { ...deps, ...indexes, ...rotation, turns, applications, remembered, retirements, departed, doubts };
  let unread = 0;
  let journal: Promise<void> | undefined;
  const recoverLeft = (left: readonly JournalEntry[]) =>
    recoverJournal({ ...recovery, settlement }, left, () => void unread++);
  const recover = () => {
    if (journal === undefined) deps.journal.follow(recoverLeft);
    return (journal ??= recoverLeft(deps.journal.left));
  };
  deps.incoming.onChange((key) => queue.add(key));
  let term = new AbortController();
  const thisTerm = () => {
    const { signal } = term;
    return () => deps.mayAct() && !signal.aborted;
  };

  const ofApplication = (ref: Key) => {
    applicationQueue.add(ref);
    for (const key of connectionsOf.get(ref)) queue.add(key);
  };
  const reconcile = createReconciler({
    ...ports,
    thisTerm,
    onStatusWritten: ({ observation: { application } }) => {
      if ('ref' in application) applicationQueue.add(application.ref);
    },
    onRefusalChanged: ofApplication,
    onDoubt: (key) => doubts.raise(key),
  });
  const queue = createPassQueue(deps, 'squareconnection', deps.concurrency, reconcile, urgencyOfKey);
  const applicationQueue = createPassQueue(
    deps,
    'squareapplication',
    applicationWorkers,
    createApplicationReconciler({ ...ports, heldBackTokens }),
  );

  const custodyQueue = createPassQueue(deps, 'sealingkey', 1, createKeyCustody(ports));
  const queues = [queue, applicationQueue, custodyQueue];
  followRing({ ...deps, queue, custodyQueue });
  follow({ watches, ...indexes, queue, applicationQueue, ofApplication, applications });
  // Another time at Square: what is due may have changed for everyone.
  for (const square of Object.values(deps.squares)) {
    square.time.onShift(() => {
      metrics.clockSkewObserved(square.time.skew());
      for (const [key] of watches.connections.entries()) queue.add(key);
    });
  }

  const { answersLost, ...view } = createConnectionView(watches, remembered, deps.ring);
  return {
    settlement,
    applications,
    callsOf: (...asked) => turns.forPerson(...asked),
    recover,
    start() {
      term.abort();
      term = new AbortController();
      const { signal } = term;
      // Somebody else may have written meanwhile: what this process remembers of an earlier term is not to be believed.
      remembered.clear();
      retirements.restart();
      // What is added from here on waits; before, all news were for whoever led.
      for (const one of queues) one.open();
      custodyQueue.add(ringKey);
      turns.clear();
      heldBackTokens.restart();
      issuing.restart();
      const keys = new Set(connectionsOfRecords(watches));
      for (const [key] of watches.connections.entries()) keys.add(key);
      for (const [key, token] of watches.tokens.entries()) keys.add(ownerOf(key, token.connection));
      for (const key of keys) queue.add(key);
      for (const [key] of watches.applications.entries()) applicationQueue.add(key);
      // What earlier processes left unstored comes first: without it their attempts would count as lost.
      void (async () => {
        await recover();
        await escrow.begin(signal);
        if (signal.aborted) return;
        for (const one of queues) one.start();
      })().catch(() => {});
    },
    pause() {
      term.abort();
      turns.clear();
      for (const one of queues) one.close();
    },
    drain: async () => void (await Promise.all(queues.map((one) => one.drain()))),
    view: {
      ...view,
      ...createFleetView(watches, deps.ring),
      budgets: () => turns.sights(),
      rotationsInDoubt: () => settlement.count() + deps.incoming.count() + unread + answersLost(),
    },
  };
}
