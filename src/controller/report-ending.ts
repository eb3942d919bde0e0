import type { Reason } from '../api/conditions.ts';
import type { ConnectionStatus } from '../api/connection.ts';
import type { Connection } from '../domain/observation.ts';
import type { StoredStatus } from '../domain/recall.ts';
import type { Fact, Step } from '../domain/step.ts';
import type { Metrics } from '../observability/port.ts';
import { type Note, note } from './note.ts';

/** For a personal access token, whose connection goes. */
export const personalStays =
  'The Secrets of the connection were deleted. A personal access token cannot be revoked by an application: replace it in the Square Developer Console.';

/** What was ended on request, or with a deletion. */
export function noteOfEnd(
  { request, scope }: Step & { kind: 'Revoke' },
  { how, grant }: Fact & { kind: 'Ended' },
): Note {
  const { merchantID } = grant.record.disconnected ?? {};
  const whose = merchantID === undefined ? '' : ` of merchant ${merchantID}`;
  const why = request === undefined ? 'as the connection is being deleted' : 'on request';
  const what =
    scope === 'All'
      ? `The authorization${whose} was ended at Square, ${why}.`
      : `The access token${whose} was ended at Square, ${why}. The authorization goes on, since another connection uses it; to end it with the deletion, annotate square-operator.dev/revoke-all: "true" before.`;
  const before = how === 'NothingToRevoke' ? ' It had been ended before: Square found nothing to revoke.' : '';
  return note('Normal', 'Disconnected', 'Revoke', `${what}${before}`);
}

/** For another connection that lives on an authorization that was ended. */
export function sharedEnd({ namespace, name }: Connection, { because }: Step & { kind: 'Revoke' }): Note {
  const how = because === 'DisconnectRequested' ? 'disconnecting' : 'deleting';
  const text = `The seller's authorization was ended at Square by ${how} the connection ${namespace}/${name}, which used the same one. The token is put to the test now; have the seller sign in again, or give a new credential.`;
  return note('Warning', 'SharedAuthorizationEnded', 'Verify', text);
}

/** A connection goes although its authorization goes on: told where it is still found when the namespace is gone. */
export function lostAuthorization(
  { namespace, name, deleting }: Connection,
  before: StoredStatus,
  after: ConnectionStatus,
): Note | undefined {
  const ready = after.conditions?.find(({ type }) => type === 'Ready');
  if (!deleting || ready === undefined || !lost.has(ready.reason)) return undefined;
  if (before.conditions.get('Ready')?.reason === ready.reason) return undefined;
  const whose = before.merchantID === undefined ? '' : ` (merchant ${before.merchantID})`;
  return note('Warning', ready.reason, 'Revoke', `SquareConnection ${namespace}/${name}${whose}: ${ready.message}`);
}

/** The operator may not take its finalizer off, and the deletion waits for it. */
export function stuckFinalizer({ namespace, name }: Connection, why: string): Note {
  const release = (what: string) =>
    `kubectl -n ${namespace} patch ${what} --type=merge -p '{"metadata":{"finalizers":null}}'`;
  const text = `The deletion of SquareConnection ${namespace}/${name} waits for a finalizer that the operator may not take off. By hand: ${release(`sqc/${name}`)}; ${release(`secret/${name}-sealed`)}. ${why}`;
  return note('Warning', 'FinalizerNotRemoved', 'RemoveFinalizer', text);
}

const lost: ReadonlySet<string> = new Set<Reason>(['RevokeGivenUp', 'RevokeUnsupported']);

/** Counts an attempt to end an authorization. */
export function countRevocation(metrics: Metrics, step: Step & { kind: 'Revoke' }, fact: Fact): void {
  if (fact.kind === 'Ended') metrics.revokeCounted('success', step.because);
  else if (fact.kind === 'Failed') metrics.revokeCounted('failure', fact.failure.reason);
  else if (fact.kind === 'Hindered') metrics.revokeCounted('failure', fact.hindrance.reason);
}
