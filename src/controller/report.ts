import type { ConditionType } from '../api/conditions.ts';
import type { ConnectionStatus } from '../api/connection.ts';
import { squareConnections } from '../api/names.ts';
import type { Connection } from '../domain/observation.ts';
import type { StoredStatus } from '../domain/recall.ts';
import type { Fact, Step } from '../domain/step.ts';
import type { EventNote } from '../kube/events.ts';
import type { Metrics } from '../observability/port.ts';

/** One step of a pass and what came of it. */
export interface Done {
  readonly step: Step;
  readonly fact: Fact;
}

type Note = Pick<EventNote, 'type' | 'reason' | 'action' | 'note'>;

/** Conditions whose change is told in an event, and which status of theirs is the good one. */
const told = [
  ['Ready', 'True'],
  ['Revoked', 'False'],
  ['Renewable', 'True'],
] as const satisfies readonly (readonly [ConditionType, string])[];

/**
 * The events of a pass: what became worse, what became good again, and what was done on request. A routine refresh and
 * the first authorization are none: the status tells of them.
 */
export function eventsOf(before: StoredStatus, after: ConnectionStatus, done: readonly Done[]): Note[] {
  const notes: Note[] = [];
  for (const [type, good] of told) {
    const now = after.conditions?.find((condition) => condition.type === type);
    const was = before.conditions.get(type);
    if (now === undefined || (was?.status === now.status && was.reason === now.reason)) continue;
    const bad = now.status !== good && now.status !== 'Unknown';
    // A connection that comes up for the first time has only begun; and an unknown state is no change by itself.
    if (bad && !(was === undefined && waiting.has(now.reason)))
      notes.push(note('Warning', now.reason, type, now.message));
    else if (now.status === good && was?.status === opposite(good))
      notes.push(note('Normal', now.reason, type, now.message));
    else if (type === 'Ready' && now.status === good && was?.reason !== now.reason && now.reason !== 'Valid') {
      notes.push(note('Warning', now.reason, type, now.message));
    }
  }
  return [...dedupe(notes), ...requestsOf(after, before, done)];
}

const waiting: ReadonlySet<string> = new Set([
  'AwaitingAuthorization',
  'TakingUp',
  'ApplicationNotFound',
  'Unverified',
]);
const opposite = (good: 'True' | 'False') => (good === 'True' ? 'False' : 'True');
const note = (type: Note['type'], reason: string, action: string, text: string): Note => ({
  type,
  reason,
  action,
  note: text,
});

function dedupe(notes: readonly Note[]): Note[] {
  return notes.filter((one, i) => notes.findIndex((other) => other.note === one.note) === i);
}

function requestsOf(after: ConnectionStatus, before: StoredStatus, done: readonly Done[]): Note[] {
  const notes: Note[] = [];
  for (const { step, fact } of done) {
    if (fact.kind === 'Sealed' && step.kind === 'Refresh' && step.because === 'RefreshRequested') {
      notes.push(note('Normal', 'Refreshed', 'Refresh', 'A new access token was issued on request.'));
    }
    if (fact.kind === 'Failed' && step.kind === 'Refresh' && step.because === 'RefreshRequested') {
      notes.push(
        note('Warning', fact.failure.reason, 'Refresh', `The requested refresh failed: ${fact.failure.message}`),
      );
    }
    if (fact.kind === 'Sealed' && step.kind === 'Adopt') {
      notes.push(note('Normal', 'Adopted', 'Adopt', 'The grant that an earlier connection left was taken over.'));
    }
    if (fact.kind === 'Sealed' && step.kind === 'TakeUp' && fact.grant.grant.generation > 1) {
      notes.push(note('Normal', 'CredentialTaken', 'TakeUp', 'A new credential replaced the grant that was held.'));
    }
    const refused = fact.kind === 'Failed' ? fact.failure : fact.kind === 'OtherMerchant' ? fact : undefined;
    if (refused !== undefined && step.kind === 'TakeUp' && before.revision > 0) {
      notes.push(note('Warning', 'CredentialRefused', 'TakeUp', `${refused.message} The grant that is held stays.`));
    }
  }
  const stale = staleRequest(after.lastHandledRefreshRequest, before.handledRefresh, done, 'Refresh');
  const staleAdopt = staleRequest(after.lastHandledAdoptRequest, before.handledAdopt, done, 'Adopt');
  return [...notes, ...stale, ...staleAdopt];
}

/** A request that was answered without a step was too old, or no time at all. */
function staleRequest(
  handled: string | undefined,
  before: string | undefined,
  done: readonly Done[],
  kind: Step['kind'],
): Note[] {
  if (handled === undefined || handled === before || done.some(({ step }) => step.kind === kind)) return [];
  const why = 'it is no RFC 3339 time, older than 15 minutes, or older than the object or its grant';
  return [
    note(
      'Warning',
      'RequestStale',
      kind,
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
    if (!failed && fact.kind !== 'Sealed' && fact.kind !== 'Verified') continue;
    if (step.kind === 'Refresh' || step.kind === 'TakeUp')
      metrics.refreshCounted(failed ? 'failure' : 'success', reason);
    else if (step.kind === 'Verify') metrics.verifyCounted(failed ? 'failure' : 'success', reason);
  }
}

/** The steps of a pass in one field of the log line: `Refresh(Due)=Sealed Verify(Unproven)=Verified`. */
export const stepsOf = (done: readonly Done[]): string =>
  done
    .map(({ step, fact }) => {
      const answer = fact.kind === 'Failed' ? `Failed:${fact.failure.reason}` : fact.kind;
      return `${step.kind}(${step.because})=${answer}`;
    })
    .join(' ');
