import { type Clock, type Duration, type Instant, parseInstant } from '../clock.ts';
import { classOfReason } from '../domain/failure.ts';
import { failsToIssue, type Issuing, inQuestion, isAfter, withToken } from '../domain/issuing.ts';
import type { Observation } from '../domain/observation.ts';
import type { StoredStatus } from '../domain/recall.ts';
import type { Fact, Step } from '../domain/step.ts';
import type { Key } from '../kube/resource.ts';
import type { Index } from './index-by.ts';
import type { Squares } from './squares.ts';
import type { Watches } from './watches.ts';

/**
 * Whether Square gives tokens in the name of an application, by what became of the token requests of all its connections.
 * A process that has just begun knows it from their statuses: a restart is no witness.
 */
export interface IssuingOf {
  /** `undefined`: nothing speaks against it. */
  of(ref: Key): Issuing | undefined;
  /** Takes in what came of a step. */
  heard(o: Observation, step: Step, fact: Fact): void;
  /** Forgets what this process knows: the statuses are asked again. */
  restart(): void;
}

export interface IssuingDeps {
  readonly watches: Pick<Watches, 'applications' | 'connections'>;
  readonly squares: Squares;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Keys of connections by the key of their application. */
  readonly connectionsOf: Index;
  /** Told of each connection that may have waited for the token that Square gave. */
  readonly wake: (key: Key) => void;
}

/**
 * An instant that is past: its time may have been stated by a clock that is ahead, so it was no later than when it was learnt
 * of. That is measured by the monotonic clock: an answer of Square that corrects the time corrects it, too.
 */
interface Moment {
  /** Absent as long as no answer of Square had confirmed the time. */
  readonly stated?: Instant;
  readonly learnt: Duration;
}

interface Known {
  readonly failed: Moment;
  /** The first token that this process saw given since. */
  readonly given?: Moment;
  /** When the first one was issued since, by the statuses. Believed unless that was ahead when they were read. */
  readonly issuedAt?: Instant;
}

export function createIssuing({ watches, squares, clock, connectionsOf, wake }: IssuingDeps): IssuingOf {
  const known = new Map<Key, Known | undefined>();
  const timeOf = (ref: Key) => squares[watches.applications.get(ref)?.spec?.environment ?? 'Production'].time;

  function statuses(ref: Key): (readonly [Key, StoredStatus])[] {
    return [...connectionsOf.get(ref)].flatMap((key) => {
      const stored = watches.connections.get(key)?.stored;
      return stored === undefined ? [] : [[key, stored] as const];
    });
  }

  function knownOf(ref: Key): Known | undefined {
    if (!known.has(ref)) known.set(ref, recall(statuses(ref), clock.monotonic()));
    const all = known.get(ref);
    if (all === undefined || !timeOf(ref).confirmed()) return all;
    const { failed, given } = all;
    if (failed.stated === undefined || (given !== undefined && given.stated === undefined)) {
      known.set(ref, { ...all, failed: dated(ref, failed), ...(given && { given: dated(ref, given) }) });
    }
    return known.get(ref);
  }

  /** From the first confirmation on it is known when it was, and a sleep of the machine moves it no more. */
  const dated = (ref: Key, moment: Moment): Moment => ({ ...moment, stated: at(ref, moment) });

  function at(ref: Key, { stated = Number.POSITIVE_INFINITY, learnt }: Moment): Instant {
    return Math.min(stated, timeOf(ref).now() - (clock.monotonic() - learnt));
  }

  function present(ref: Key): Moment {
    const time = timeOf(ref);
    return { learnt: clock.monotonic(), ...(time.confirmed() && { stated: time.now() }) };
  }

  function of(ref: Key): Issuing | undefined {
    const all = knownOf(ref);
    if (all === undefined) return undefined;
    const { failed, given, issuedAt } = all;
    const failure = inQuestion(at(ref, failed));
    const isPast = issuedAt !== undefined && issuedAt <= at(ref, { learnt: failed.learnt });
    const told = isPast ? withToken(failure, issuedAt) : failure;
    return given === undefined ? told : withToken(told, at(ref, given));
  }

  function given(ref: Key, moment: Moment): void {
    const all = knownOf(ref);
    const before = of(ref);
    if (all === undefined || withToken(before, at(ref, moment))?.givenAt === before?.givenAt) return;
    known.set(ref, { ...all, given: moment });
    if (before?.givenAt !== undefined) return;
    for (const [key, stored] of statuses(ref)) if (mayWait(stored)) wake(key);
  }

  return {
    of,
    heard({ application }, step, fact) {
      if (application.kind !== 'Found' || !asksForToken(step)) return;
      const { ref } = application;
      if (fact.kind === 'Failed') {
        const { failure } = fact;
        if (failure.operation !== 'ObtainToken') given(ref, present(ref));
        else if (failsToIssue(failure)) known.set(ref, { failed: present(ref) });
      } else if (fact.kind === 'Sealed') {
        const { issuedAt: stated } = fact.grant.grant.accessToken;
        const heard = present(ref);
        // A seller's code may have been exchanged long before, by another process.
        const states = step.kind === 'Receive' || heard.stated !== undefined;
        given(ref, states ? { ...heard, stated } : heard);
      } else if (fact.kind === 'Unsettled' || fact.kind === 'OtherMerchant') {
        given(ref, present(ref));
      }
    },
    restart: () => known.clear(),
  };
}

/** What a sign-in brought was given for its code, by whoever exchanged that. */
const asksForToken = (step: Step): boolean =>
  step.kind === 'Refresh' ||
  step.kind === 'Receive' ||
  (step.kind === 'TakeUp' && step.credential !== 'personalAccessToken');

function recall(statuses: readonly (readonly [Key, StoredStatus])[], learnt: Duration): Known | undefined {
  const failures = statuses.flatMap(([, stored]) => failuresIn(stored).map(({ time }) => parseInstant(time) ?? 0));
  if (failures.length === 0) return undefined;
  const failedAt = Math.max(...failures);
  // A personal access token is not given by a request, and its connection has no application.
  const since = statuses.flatMap(([, { issuedAt }]) =>
    issuedAt !== undefined && isAfter(issuedAt, failedAt) ? [issuedAt] : [],
  );
  const failed = { stated: failedAt, learnt };
  return since.length === 0 ? { failed } : { failed, issuedAt: Math.min(...since) };
}

const failuresIn = ({ failures }: StoredStatus) =>
  failures.filter(
    ({ operation, reason }) =>
      (operation === 'Refresh' || operation === 'TakeUp') && failsToIssue({ class: classOfReason(reason), reason }),
  );

/** What came of a token request of the connection is not known, or it failed. */
const mayWait = (stored: StoredStatus): boolean =>
  failuresIn(stored).length > 0 ||
  stored.conditions.get('Renewable')?.reason === 'RotationInDoubt' ||
  stored.conditions.get('Ready')?.reason === 'TakingUp';
