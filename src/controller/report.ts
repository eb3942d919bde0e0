import type { ConditionType, Reason } from '../api/conditions.ts';
import type { ConnectionStatus } from '../api/connection.ts';
import { squareConnections } from '../api/names.ts';
import type { Connection, Requests } from '../domain/observation.ts';
import { isRefusal } from '../domain/pace.ts';
import type { StoredStatus } from '../domain/recall.ts';
import type { RestartTarget } from '../domain/restart.ts';
import type { Fact, Step } from '../domain/step.ts';
import type { EventNote } from '../kube/events.ts';
import type { Metrics } from '../observability/port.ts';
import { type Note, note } from './note.ts';
import { countRevocation, noteOfEnd, personalStays } from './report-ending.ts';
import { noteOfSignIn } from './report-sign-in.ts';

/** One step of a pass and what came of it. */
export interface Done {
  readonly step: Step;
  readonly fact: Fact;
}

/** Conditions whose change is told in an event, and which status of theirs is the good one. */
const told = [
  ['Ready', 'True'],
  ['Revoked', 'False'],
  ['Renewable', 'True'],
] as const satisfies readonly (readonly [ConditionType, string])[];

/**
 * The events of a pass: what became worse, what became good again, and what was done on request. A routine refresh and
 * the first authorization are none: the status tells of them. Neither is what somebody wants so, or what the
 * application tells for all its connections. `staleness` tells what kept a request from being acted on.
 */
export function eventsOf(
  before: StoredStatus,
  after: ConnectionStatus,
  done: readonly Done[],
  recorded: Requests,
  staleness: (request: string) => string | undefined,
): Note[] {
  return [
    ...changes(before, after),
    ...storing(before, after),
    ...requestsOf(after, before, done, recorded, staleness),
  ];
}

function changes(before: StoredStatus, after: ConnectionStatus): Note[] {
  const worse = new Map<string, Note>();
  let better: Note | undefined;
  for (const [type, good] of told) {
    const now = after.conditions?.find((condition) => condition.type === type);
    const was = before.conditions.get(type);
    if (now === undefined) continue;
    const grade = gradeOf(type, good, now, before);
    const earlier = was && gradeOf(type, good, was, before);
    if (grade === 'Bad' && (earlier !== 'Bad' || was?.reason !== now.reason)) {
      // The same fault shows in several conditions; the first one tells it.
      if (!worse.has(now.message)) worse.set(now.message, note('Warning', now.reason, type, now.message));
    } else if (grade === 'Good' && earlier === 'Bad') {
      better ??= note('Normal', now.reason, type, now.message);
    }
  }
  return [...worse.values(), ...(better === undefined ? [] : [better])];
}

/** A grant that is renewed and not stored yet: told at once, and again when it is. */
function storing(before: StoredStatus, after: ConnectionStatus): Note[] {
  const unstored: Reason = 'GrantNotStored';
  const was = before.conditions.get('Renewable')?.reason === unstored;
  const now = after.conditions?.find(({ type }) => type === 'Renewable');
  if (now?.reason === unstored) return was ? [] : [note('Warning', unstored, 'Seal', now.message)];
  return was ? [note('Normal', 'GrantStored', 'Seal', 'The new grant is stored now.')] : [];
}

/** `Open`: neither, nothing to tell by itself. */
function gradeOf(
  type: ConditionType,
  good: string,
  { status, reason }: { readonly status: string; readonly reason: string },
  { lastVerifyTime }: StoredStatus,
): 'Good' | 'Bad' | 'Open' {
  if (status === 'Unknown' || quiet.has(reason)) return 'Open';
  if (lastVerifyTime === undefined && status !== good && beginning.has(reason)) return 'Open';
  return status === good && (type !== 'Ready' || reason === 'Valid') ? 'Good' : 'Bad';
}

/** By somebody's wish, or told by the application. */
const quiet: ReadonlySet<string> = new Set<Reason>(['Suspended', 'Disconnected', 'ApplicationNotReady']);

/** A connection that was never authorized has only begun. */
const beginning: ReadonlySet<string> = new Set<Reason>([
  'AwaitingAuthorization',
  'TakingUp',
  'ApplicationNotFound',
  'Unverified',
]);

function requestsOf(
  after: ConnectionStatus,
  before: StoredStatus,
  done: readonly Done[],
  recorded: Requests,
  staleness: (request: string) => string | undefined,
): Note[] {
  return [
    ...done.flatMap(({ step, fact }) => noteOf(step, fact, after) ?? []),
    ...staleRequest(
      after.lastHandledRefreshRequest,
      [before.handledRefresh, recorded.refresh],
      done,
      ['Refresh', 'TakeUp'],
      staleness,
    ),
    ...staleRequest(
      after.lastHandledDisconnectRequest,
      [before.handledDisconnect, recorded.disconnect],
      done,
      ['Revoke', 'Decline'],
      staleness,
    ),
    ...staleRequest(
      after.lastHandledConnectRequest,
      [before.handledConnect],
      done,
      ['OfferLink', 'Decline'],
      staleness,
    ),
    ...staleRequest(after.lastHandledAdoptRequest, [before.handledAdopt, recorded.adopt], done, ['Adopt'], staleness),
  ];
}

/** What somebody asked for, and is waiting to hear of. */
function noteOf(step: Step, fact: Fact, after: ConnectionStatus): Note | undefined {
  switch (step.kind) {
    case 'Refresh':
      if (step.request !== undefined && fact.kind === 'Sealed')
        return note('Normal', 'Refreshed', 'Refresh', 'A new access token was issued on request.');
      if (step.because !== 'RefreshRequested' || fact.kind !== 'Failed') return undefined;
      return note('Warning', fact.failure.reason, 'Refresh', `The requested refresh failed: ${fact.failure.message}`);
    case 'Adopt':
      if (fact.kind !== 'Sealed') return undefined;
      return note('Normal', 'Adopted', 'Adopt', 'The grant in the sealed Secret was taken over.');
    case 'TakeUp': {
      if (fact.kind === 'Sealed' && fact.grant.grant.generation > 1) {
        return note(
          'Normal',
          'CredentialTaken',
          'TakeUp',
          'The credential was taken up in the place of the earlier grant.',
        );
      }
      const refusal = refusalIn(fact);
      if (refusal === undefined || after.sealedSecretName === undefined) return undefined;
      return note('Warning', 'CredentialRefused', 'TakeUp', `${refusal} The grant that is held stays.`);
    }
    case 'Revoke':
      return fact.kind === 'Ended' ? noteOfEnd(step, fact) : undefined;
    case 'Decline':
      return note('Warning', step.because, step.of === 'connect' ? 'OfferLink' : 'Revoke', step.message);
    case 'Receive':
    case 'Dismiss':
    case 'OfferLink':
    case 'EndLink':
      return noteOfSignIn(step, fact);
    case 'Discard':
      return step.because === 'PersonalAccessToken'
        ? note('Normal', step.because, 'Discard', personalStays)
        : undefined;
    case 'Restart':
      return restartNote(step.target, fact);
    case 'Verify':
    case 'Publish':
    case 'Withdraw':
    case 'Remove':
    case 'Reseal':
    case 'AddFinalizer':
    case 'RemoveFinalizer':
    case 'Wait':
      return undefined;
  }
}

function restartNote({ kind, name }: RestartTarget, fact: Fact): Note | undefined {
  if (fact.kind === 'NotRestarted' || fact.kind === 'Unwritten')
    return note('Warning', 'RolloutNotRestarted', 'Restart', fact.message);
  if (fact.kind !== 'Restarted' || !fact.anew) return undefined;
  return note('Normal', 'RolloutRestarted', 'Restart', `${kind} ${name} is restarted, so that it reads the new token.`);
}

function refusalIn(fact: Fact): string | undefined {
  if (fact.kind === 'OtherMerchant') return fact.message;
  return fact.kind === 'Failed' && isRefusal(fact.failure.class) ? fact.failure.message : undefined;
}

/** A request that was answered without a step, and not by an earlier process, was too old, or no time at all. */
function staleRequest(
  handled: string | undefined,
  before: readonly (string | undefined)[],
  done: readonly Done[],
  kinds: readonly [Step['kind'], ...Step['kind'][]],
  staleness: (request: string) => string | undefined,
): Note[] {
  if (handled === undefined || before.includes(handled)) return [];
  // A credential is taken up for its own sake, too.
  if (done.some(({ step }) => kinds.includes(step.kind) && (step.kind !== 'TakeUp' || step.request === handled)))
    return [];
  const why = staleness(handled) ?? 'it came too late';
  return [
    note(
      'Warning',
      'RequestStale',
      kinds[0],
      `The request of ${handled} was not carried out: ${why}. Set the annotation to the time now.`,
    ),
  ];
}

/** Where an event points. */
export const aboutConnection = (connection: Connection): EventNote['about'] => ({
  resource: squareConnections,
  namespace: connection.namespace,
  name: connection.name,
  uid: connection.uid,
});

/** Counts what the steps of a pass did. */
export function count(metrics: Metrics, done: readonly Done[]): void {
  for (const { step, fact } of done) {
    const failed = fact.kind === 'Failed' || fact.kind === 'OtherMerchant';
    const reason =
      fact.kind === 'Failed' ? fact.failure.reason : fact.kind === 'OtherMerchant' ? 'OtherMerchant' : step.because;
    if (step.kind === 'Revoke') countRevocation(metrics, step, fact);
    if (!failed && fact.kind !== 'Sealed' && fact.kind !== 'Verified') continue;
    if (step.kind === 'Refresh' || step.kind === 'TakeUp' || step.kind === 'Receive')
      metrics.refreshCounted(failed ? 'failure' : 'success', reason);
    else if (step.kind === 'Verify') metrics.verifyCounted(failed ? 'failure' : 'success', reason);
  }
}
