import type { ConnectionStatus } from '../api/connection.ts';
import { squareConnections } from '../api/names.ts';
import { connectionStatusFields } from '../api/status.ts';
import { type Duration, type Instant, parseInstant, seconds } from '../clock.ts';
import { absorb } from '../domain/absorb.ts';
import { decide, isTaken } from '../domain/decide.ts';
import { forgetMended } from '../domain/mended.ts';
import type { Connection, Now, Observation } from '../domain/observation.ts';
import { answerStale, recordedRequests, staleness } from '../domain/requests.ts';
import { lastVerifyTimeStoredEvery } from '../domain/schedule.ts';
import type { Fact, Step } from '../domain/step.ts';
import { summarize } from '../domain/summarize.ts';
import { urgencyOf } from '../domain/urgency.ts';
import { isReason } from '../kube/client.ts';
import type { EventNote, EventRecorder } from '../kube/events.ts';
import { type Key, keyFrom } from '../kube/resource.ts';
import type { Metrics } from '../observability/port.ts';
import { credentialOf } from './credentials.ts';
import { farewell } from './farewell.ts';
import type { IssuingOf } from './issuing.ts';
import { nowOf, observe, type Remembered, type Sight } from './observe.ts';
import { type PerformDeps, perform } from './perform.ts';
import { statusDigest } from './projections.ts';
import { aboutConnection, count, type Done, eventsOf } from './report.ts';
import { lostAuthorization, sharedEnd, stuckFinalizer } from './report-ending.ts';
import { logPass, stepsOf } from './report-pass.ts';
import type { Turn, Turns } from './turns.ts';
import { sentence } from './write-refused.ts';
import { writeStatus } from './write-status.ts';

export interface ReconcilerDeps extends PerformDeps {
  readonly remembered: Map<Key, Remembered>;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly turns: Turns;
  readonly issuing: IssuingOf;
  /** Tells from now on whether this process may act and has had the lease without a break: what a pass has seen is no longer so otherwise. */
  readonly thisTerm: () => () => boolean;
  /** Told when a pass changed what the application's status counts. */
  readonly onStatusWritten: (sight: Sight, status: ConnectionStatus) => void;
  /** Told of a connection whose token may have been ended by what was done for another one. */
  readonly onDoubt: (key: Key) => void;
  /** What events point to that concern the operator itself, in its own namespace. */
  readonly self: EventNote['about'];
  /** Told when Square refused the application's client, or took it again. */
  readonly onRefusalChanged: (ref: Key) => void;
}

/** More steps than this in one pass are a bug: rules that undo each other. */
const budget = 16;

/** When a view is behind, or somebody else is at work: look again so soon. */
const lookAgain = seconds(1);

/** One pass over one connection. Resolves to how long to wait until the next, or `undefined` when only news matters. */
export type Reconcile = (key: Key) => Promise<Duration | undefined>;

export function createReconciler(parts: ReconcilerDeps): Reconcile {
  return async (key) => {
    const deps = { ...parts, mayAct: parts.thisTerm() };
    const sight = await observe(deps, key);
    if (sight === undefined) return await farewell(deps, key);
    const turn = deps.turns.begin(key, urgencyOf(sight.view.connection, sight.view.stored));
    const pass = await takeSteps(deps, key, sight, turn).finally(() => turn.end());
    // Whoever may not act any more leaves the word to whoever may.
    if (!deps.mayAct()) return undefined;
    remember(deps, key, pass.observation);
    await conclude(deps, pass);
    if (pass.broken !== undefined) throw pass.broken;
    return nextLook(deps, pass);
  };
}

interface Pass {
  readonly sight: Sight;
  readonly observation: Observation;
  /** The step that was not taken any more: `Wait`, in all but a broken pass. */
  readonly step: Step;
  readonly done: readonly Done[];
  /** What ended the pass before it came to rest. What it had learnt until then is kept and told all the same. */
  readonly broken?: Error;
}

async function takeSteps(deps: ReconcilerDeps, key: Key, first: Sight, turn: Turn): Promise<Pass> {
  let sight = first;
  let { observation } = sight;
  const done: Done[] = [];
  const at = () => nowOf(deps, sight.environment);
  const end = (step: Step, broken?: Error): Pass => {
    const settled = forgetMended(answerStale(observation, at()), at());
    return { sight, observation: settled, step, done, ...(broken === undefined ? {} : { broken }) };
  };
  for (;;) {
    const step = decide(observation, at());
    if (step.kind === 'Wait' || !deps.mayAct()) return end(step);
    // The last word is stored and announced before the object may go.
    if (isFarewell(step) && isUnsaid(sight, observation, at()))
      return end({ kind: 'Wait', because: 'Deleting', until: at().square });
    if (done.length === budget) return end(step, new Error(`a pass did not come to rest: ${stepsOf(done)}`));
    const ports = turn.admit(step, sight, observation);
    if (ports === undefined) {
      if (observation.throttled === true) return end(step, new Error(`${step.kind} is decided on without a budget`));
      observation = { ...observation, throttled: true };
      continue;
    }
    try {
      const fact = await perform(
        { ...deps, ...ports, mayAct: () => deps.mayAct() && ports.mayAct() },
        step,
        sight,
        observation,
      );
      done.push({ step, fact });
      deps.issuing.heard(observation, step, fact);
      tellApplication(deps, observation);
      tellOthers(deps, sight, step, fact);
      observation = absorb(observation, step, fact, at());
      tellStuck(deps, step, observation);
      if (fact.kind !== 'Stale') continue;
      // What was seen is out of date. What this pass has learnt is told before anything else is looked at.
      if (done.some((one) => one.fact.kind !== 'Stale'))
        return end({ kind: 'Wait', because: 'Backoff', until: at().square });
      const again = await observe(deps, key);
      if (again === undefined || done.filter((one) => one.fact.kind === 'Stale').length > 2) {
        return end({ kind: 'Wait', because: 'Backoff', until: at().square + lookAgain });
      }
      sight = again;
      observation = again.observation;
    } catch (error) {
      return end(step, error as Error);
    }
  }
}

const isFarewell = (step: Step): boolean =>
  step.kind === 'RemoveFinalizer' && step.from === 'Connection' && step.because !== 'RetainOnDeletion';

function isUnsaid({ view: { stored } }: Sight, o: Observation, now: Now): boolean {
  const ready = summarize(o, stored, now).conditions?.find(({ type }) => type === 'Ready');
  return stored.conditions.get('Ready')?.reason !== ready?.reason;
}

/** Square was asked about the token since the doubt was seen; and others may live on what was just ended. */
function tellOthers(deps: ReconcilerDeps, { observation, doubt }: Sight, step: Step, fact: Fact): void {
  const { connection, sharedWith } = observation;
  const own = keyFrom(connection.namespace, connection.name);
  if (doubt !== undefined && step.kind === 'Verify') deps.doubts.settle(own, doubt);
  if (step.kind !== 'Revoke' || step.scope !== 'All' || fact.kind !== 'Ended') return;
  for (const key of sharedWith) {
    const other = deps.watches.connections.get(key)?.connection;
    if (other !== undefined) deps.events.record({ about: aboutConnection(other), ...sharedEnd(connection, step) });
    deps.onDoubt(key);
  }
}

/** Nobody but a person can let it go then: told where it is read, since its own namespace may be going. */
function tellStuck({ events, self }: ReconcilerDeps, step: Step, { connection, history }: Observation): void {
  const failure = history.failures.Finalize;
  if (step.kind !== 'RemoveFinalizer' || !connection.deleting || failure === undefined || failure.count < 3) return;
  events.record({ about: self, ...stuckFinalizer(connection, failure.message) });
}

/** A refusal that came or went concerns all connections of the application. */
function tellApplication(deps: ReconcilerDeps, { application }: Observation): void {
  if (application.kind !== 'Found') return;
  const refused = deps.applications.refusal(application.ref) !== undefined;
  if (refused !== (application.refusal !== undefined)) deps.onRefusalChanged(application.ref);
}

function remember({ remembered }: ReconcilerDeps, key: Key, observation: Observation): void {
  const { connection, history, tokenSecret, grant } = observation;
  const sealed = connection.spec.ok ? credentialOf(connection.spec.value)?.source.sealed : undefined;
  remembered.set(key, {
    uid: connection.uid,
    history,
    ...(tokenSecret.kind === 'NotOwned' ? { notOwned: { name: tokenSecret.name, retryAt: tokenSecret.retryAt } } : {}),
    ...(grant.kind === 'NotOwned' ? { grantPlaceNotOwnedUntil: grant.retryAt } : {}),
    ...(sealed !== undefined && isTaken(observation) ? { sealedCredentialTaken: sealed } : {}),
  });
}

/** Writes the status if it differs; what is announced was stored before. */
async function conclude(deps: ReconcilerDeps, { sight, observation, done }: Pass): Promise<void> {
  const { client, watches } = deps;
  const { connection } = observation;
  const { stored, digest } = sight.view;
  const status = summarize(observation, stored, nowOf(deps, sight.environment));
  const lost = lostAuthorization(connection, stored, status);
  const news = statusDigest(status) !== digest || verifyTimeIsOld(status, stored.lastVerifyTime);
  if (news) {
    const stored = writeStatus(
      client,
      watches.connections,
      squareConnections,
      connection,
      status,
      connectionStatusFields,
    );
    if (!(await stored.catch((error: unknown) => unsayable(deps, connection, error)))) return;
  }
  count(deps.metrics, done);
  if (!news && done.length === 0) return;
  const why = (request: string) => staleness(observation, request, nowOf(deps, sight.environment));
  const notes = eventsOf(stored, status, done, recordedRequests(observation), why);
  logPass(deps.log, connection, status, done, notes);
  for (const event of notes) deps.events.record({ about: aboutConnection(connection), ...event });
  if (news && lost !== undefined) {
    deps.metrics.revokeCounted('given_up', lost.reason);
    deps.events.record({ about: deps.self, ...lost });
  }
  if (news) deps.onStatusWritten(sight, status);
}

/** The rights may go before the connection, with its namespace: its last word cannot be stored then, and it waits for that. */
function unsayable({ events, self }: ReconcilerDeps, connection: Connection, error: unknown): never {
  const waits = connection.deleting && connection.finalized;
  if (waits && isReason(error, 'Forbidden')) {
    events.record({ about: self, ...stuckFinalizer(connection, sentence((error as Error).message)) });
  }
  throw error;
}

function verifyTimeIsOld(status: ConnectionStatus, storedAt: Instant | undefined): boolean {
  const at = status.lastVerifyTime === undefined ? undefined : parseInstant(status.lastVerifyTime);
  if (at === undefined) return storedAt !== undefined;
  return storedAt === undefined || Math.abs(at - storedAt) >= lastVerifyTimeStoredEvery;
}

function nextLook(deps: ReconcilerDeps, { step, sight }: Pass): Duration | undefined {
  if (step.kind !== 'Wait' || step.until === undefined) return undefined;
  return Math.max(0, step.until - nowOf(deps, sight.environment).square);
}
