import { type Instant, parseInstant } from '../clock.ts';
import { classOfReason } from '../domain/failure.ts';
import { failsToIssue, type Issuing, isAfter, notAheadOf, withFailure, withToken } from '../domain/issuing.ts';
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
  /** Keys of connections by the key of their application. */
  readonly connectionsOf: Index;
  /** Told of each connection that may have waited for the token that Square gave. */
  readonly wake: (key: Key) => void;
}

export function createIssuing({ watches, squares, connectionsOf, wake }: IssuingDeps): IssuingOf {
  const known = new Map<Key, Issuing | undefined>();
  const now = (ref: Key) => squares[watches.applications.get(ref)?.spec?.environment ?? 'Production'].time.now();

  function statuses(ref: Key): (readonly [Key, StoredStatus])[] {
    return [...connectionsOf.get(ref)].flatMap((key) => {
      const stored = watches.connections.get(key)?.stored;
      return stored === undefined ? [] : [[key, stored] as const];
    });
  }

  function of(ref: Key): Issuing | undefined {
    const issuing = known.has(ref) ? known.get(ref) : recall(statuses(ref), now(ref));
    const timely = issuing && notAheadOf(now(ref), issuing);
    known.set(ref, timely);
    return timely;
  }

  function given(ref: Key, at: Instant): void {
    const before = of(ref);
    const issuing = withToken(before, at);
    if (issuing === before) return;
    known.set(ref, issuing);
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
        if (failure.operation !== 'ObtainToken') given(ref, now(ref));
        else if (failsToIssue(failure)) known.set(ref, withFailure(of(ref), now(ref)));
      } else if (fact.kind === 'Sealed') {
        given(ref, Math.min(fact.grant.grant.accessToken.issuedAt, now(ref)));
      } else if (fact.kind === 'Unsettled' || fact.kind === 'OtherMerchant') {
        given(ref, now(ref));
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

function recall(statuses: readonly (readonly [Key, StoredStatus])[], now: Instant): Issuing | undefined {
  const failed = statuses.flatMap(([, stored]) => failuresIn(stored).map(({ time }) => parseInstant(time) ?? 0));
  if (failed.length === 0) return undefined;
  const failedAt = Math.min(now, Math.max(...failed));
  // A personal access token is not given by a request, and its connection has no application.
  const since = statuses.flatMap(([, { issuedAt }]) =>
    issuedAt !== undefined && issuedAt <= now && isAfter(issuedAt, failedAt) ? [issuedAt] : [],
  );
  return since.length === 0 ? { failedAt } : { failedAt, givenAt: Math.min(...since) };
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
