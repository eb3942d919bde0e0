import { formatInstant } from '../clock.ts';
import { arrivalToEnd } from './arrivals.ts';
import { isDisconnected } from './decide.ts';
import { isDisconnecting } from './disconnect.ts';
import type { Now, Observation } from './observation.ts';
import {
  arrivalGivenUp,
  endsAtDeletion,
  escrowUnseen,
  givenUp,
  mayEndMore,
  partingFailures,
  partingTries,
} from './revocation.ts';
import { goingOn, resting, type Summary, stuck } from './summary.ts';
import { describe, no, unstored } from './verdict.ts';

/** What is said of a connection whose deletion ends the authorization; `undefined` when nothing in particular. */
export function partingWords(o: Observation, now: Now): Summary | undefined {
  const { connection, grant } = o;
  if (!connection.deleting || !endsAtDeletion(o)) return undefined;
  if (o.unsettled !== undefined || mayEndMore(o)) {
    const lost = givenUp(o, now);
    if (lost !== undefined) return stuck(no(lost.reason, lost.message));
    const why =
      o.unsettled === undefined
        ? `What other replicas got of Square last is ended, too, and cannot be looked for: ${escrowUnseen(o)}`
        : unstored(o.unsettled);
    return goingOn(no('Revoking', `The connection is being deleted. ${why}`));
  }
  switch (grant.kind) {
    case 'Absent':
    case 'Vacant':
      return withoutGrant(o, now);
    case 'NotOwned':
      return lostArrival(o, now);
    case 'Retained':
    case 'Outdated':
      return undefined;
    case 'Held':
    case 'Closed':
    case 'Unreadable':
    case 'OfAnotherApplication':
  }
  if (grant.kind === 'Held' && grant.grant.kind === 'PersonalAccessToken') return undefined;
  const lost = givenUp(o, now);
  if (lost !== undefined) return stuck(no(lost.reason, `${lost.message} ${keptAs(o)}`));
  if (!connection.finalized) return undefined;
  const failure = partingFailures(o);
  const doing = 'The connection is being deleted, and its authorization is being ended at Square.';
  const trouble =
    failure === undefined
      ? ''
      : ` ${describe(failure)} It is given up after ${partingTries} tries, and the grant is kept then.`;
  return goingOn(no('Revoking', `${doing}${trouble}`));
}

function lostArrival(o: Observation, now: Now): Summary | undefined {
  const lost = arrivalGivenUp(o, now);
  return lost && stuck(no(lost.reason, lost.message));
}

function withoutGrant(o: Observation, now: Now): Summary {
  const lost = lostArrival(o, now);
  if (lost !== undefined) return lost;
  if (arrivalToEnd(o, now) !== undefined) {
    const doing = "The connection is being deleted. What the seller's sign-in gave is taken up, to be ended at Square.";
    return goingOn(no('Revoking', doing));
  }
  return resting(no('Disconnected', 'The connection is being deleted, and no authorization of it is left here.'));
}

/** What becomes of an authorization that Square did not end, and who can end it still. */
function keptAs({ connection, namespace }: Observation): string {
  const seller = 'the seller can end it in the Square Dashboard';
  if (namespace === 'Ending') return `The authorization goes on at Square: ${seller}.`;
  return `The authorization goes on at Square, and Secret ${connection.name}-sealed keeps the grant: ${seller}; or create the connection again, adopt the grant and delete it once more.`;
}

/** What is said while Square has not ended the authorization that somebody wants ended. */
export function disconnectingWords(o: Observation, now: Now): Summary | undefined {
  if (o.grant.kind !== 'Held' || !isDisconnecting(o, now)) return undefined;
  const failure = o.history.failures.Revoke;
  const asked = o.connection.requests.disconnect;
  if (failure === undefined || failure.request !== asked) {
    return goingOn(no('Disconnecting', 'The authorization is about to be ended at Square.'));
  }
  return goingOn(
    no('Disconnecting', `The authorization is to be ended at Square, which has not happened yet. ${describe(failure)}`),
  );
}

/** What is said once the authorization is ended, and nothing else was given. */
export function disconnectedWords(o: Observation): Summary | undefined {
  const ended = o.grant.kind === 'Vacant' ? o.grant.record.disconnected : undefined;
  if (ended === undefined || !isDisconnected(o)) return undefined;
  const whose = ended.merchantID === undefined ? '' : ` of merchant ${ended.merchantID}`;
  return resting(
    no(
      'Disconnected',
      `The authorization${whose} was ended at Square at ${formatInstant(ended.at)}, on request. To connect again, give a new credential, or have the seller sign in.`,
    ),
  );
}
