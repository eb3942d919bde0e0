import { secretTypes } from '../api/names.ts';
import { type Duration, formatInstant, hours, type Instant } from '../clock.ts';
import { arrivalToEnd } from './arrivals.ts';
import type { FailureStreak, Now, Observation } from './observation.ts';
import type { DeclineReason, Hindrance, RevokeScope } from './step.ts';

/**
 * At a deletion Square is asked so often, then it is given up: at 5 s, doubled up to 5 minutes, that is within half an hour.
 * Tries that something else stands in the way of count, too, so that no finalizer holds an object for longer.
 */
export const partingTries = 10;

/** Nor does a deletion wait for longer than this until Square, which limits the calls of its application, may be asked. */
export const partingPatience: Duration = hours(1);

/** A disconnect that was begun is gone on with, unless nobody tried for so long: then its status was restored. */
export const disconnectPatience: Duration = hours(24);

/** Why the grant of a connection cannot be ended at Square, ever; `undefined` when it can. */
export function unrevocable(o: Observation): { reason: DeclineReason; message: string } | undefined {
  const { grant, application } = o;
  if (grant.kind === 'Absent' || grant.kind === 'Vacant') {
    return { reason: 'NotConnected', message: 'There is no grant that could be disconnected.' };
  }
  if (grant.kind === 'Retained' || grant.kind === 'Outdated') {
    const message =
      'The grant in the sealed Secret was not taken over, so it was not disconnected. Adopt it first, or delete that Secret to give it up.';
    return { reason: 'NotConnected', message };
  }
  if (grant.kind !== 'Held') return undefined;
  if (grant.grant.kind === 'PersonalAccessToken') {
    const message =
      'A personal access token cannot be revoked by an application: replace it in the Square Developer Console. To stop using it here, delete the connection.';
    return { reason: 'PersonalAccessToken', message };
  }
  if (application.kind === 'Found' && application.clientSecret.kind === 'None') {
    return { reason: 'RevokeUnsupported', message: unsupported(application.ref) };
  }
  return undefined;
}

const unsupported = (ref: string): string =>
  `Square takes a revocation only with the application secret, and SquareApplication ${ref} has none (PKCE). The grant is kept: have the seller remove the application in the Square Dashboard, or set spec.clientSecretRef and ask again.`;

/** What keeps Square from being asked now, although it could be asked later. */
export function hindranceOf({ grant, application, connection }: Observation): Hindrance | undefined {
  switch (grant.kind) {
    case 'Unreadable':
      return { reason: 'GrantUnreadable', message: grant.message };
    case 'OfAnotherApplication':
      return {
        reason: 'GrantOfAnotherApplication',
        message: `The sealed grant is of client ${grant.clientID}: point spec.applicationRef back to its application.`,
      };
    case 'Closed':
      return hindranceOfApplication(application, connection.spec.ok);
    case 'Held':
      if (application.kind === 'Found' && application.clientSecret.kind === 'Problem') {
        return {
          reason: 'ApplicationNotReady',
          message: `SquareApplication ${application.ref}: ${application.clientSecret.message}`,
        };
      }
      return undefined;
    case 'Absent':
    case 'Vacant':
    case 'NotOwned':
    case 'Retained':
    case 'Outdated':
      return undefined;
  }
}

function hindranceOfApplication(application: Observation['application'], specIsOk: boolean): Hindrance {
  switch (application.kind) {
    case 'Missing':
      return {
        reason: 'ApplicationNotFound',
        message: `SquareApplication ${application.ref} does not exist any more.`,
      };
    case 'NotAllowed':
      return {
        reason: 'NotAllowedByApplication',
        message: `SquareApplication ${application.ref} does not allow connections of this namespace.`,
      };
    case 'NotReachable':
      return {
        reason: 'ApplicationNotReachable',
        message: `SquareApplication ${application.ref} is in a namespace that is not watched.`,
      };
    case 'NotNeeded':
    case 'Found':
      return specIsOk
        ? { reason: 'GrantUnreadable', message: 'The sealed grant cannot be looked into.' }
        : { reason: 'InvalidSpec', message: 'The spec cannot be understood, so the application is not known.' };
  }
}

/** Whether the deletion of this connection is to end the authorization. */
export const endsAtDeletion = ({ connection: { spec, finalized } }: Observation): boolean =>
  spec.ok ? spec.value.deletionPolicy === 'Revoke' : finalized;

/** How much a deletion ends: other connections of the same seller and client keep their authorization, unless asked for. */
export const scopeAtDeletion = (o: Observation): RevokeScope =>
  o.sharedWith.length > 0 && !o.connection.revokeAll ? 'AccessToken' : 'All';

/** Whether there may be more to end at Square than is known, in escrow. */
export function mayEndMore(o: Observation): boolean {
  if (o.escrowUnseenSince === undefined || o.grant.kind === 'Retained' || o.grant.kind === 'Outdated') return false;
  const reason = unrevocable(o)?.reason;
  return reason !== 'PersonalAccessToken' && reason !== 'RevokeUnsupported';
}

export const escrowUnseen = ({ escrowUnseenSince = 0 }: Observation): string =>
  `since ${formatInstant(escrowUnseenSince)} the API server has not listed the Secrets of type ${secretTypes.escrow} in the operator's namespace, whose log says why.`;

/** Until when a deletion waits for escrow to be seen, in Square's time: for an hour of not being told, whatever came before. */
export const lookingEnds = ({ escrowUnseenSince = 0 }: Observation, now: Now): Instant =>
  now.square + (escrowUnseenSince + partingPatience - now.wall);

/** The failures of ending the authorization at the deletion; those of an earlier disconnect request do not count. */
export function partingFailures({ history }: Observation): FailureStreak | undefined {
  const streak = history.failures.Revoke;
  return streak?.request === undefined ? streak : undefined;
}

/**
 * Why a deletion goes on without the authorization having been ended at Square; `undefined` while it is still tried, or when
 * there is nothing in the way.
 */
export function givenUp(
  o: Observation,
  now: Now,
): { reason: 'RevokeUnsupported' | 'RevokeGivenUp'; message: string } | undefined {
  const never = unrevocable(o);
  if (never?.reason === 'RevokeUnsupported') return { reason: never.reason, message: never.message };
  if (o.unsettled !== undefined && partingEnds(o, now) <= now.square) {
    return {
      reason: 'RevokeGivenUp',
      message: `What Square issued last could not be stored within an hour: ${o.unsettled.message} Given up.`,
    };
  }
  if (mayEndMore(o) && lookingEnds(o, now) <= now.square) {
    const message = `What other replicas got of Square last could not be looked for within an hour: ${escrowUnseen(o)}`;
    return { reason: 'RevokeGivenUp', message: `${message} Given up.` };
  }
  const tried = partingFailures(o);
  if (tried !== undefined && tried.count >= partingTries) {
    return { reason: 'RevokeGivenUp', message: `${tried.message} Given up after ${tried.count} tries.` };
  }
  if (o.throttled === true && partingEnds(o, now) <= now.square) {
    const message = 'Square limits the calls of the application, so it was not asked within an hour.';
    return { reason: 'RevokeGivenUp', message: `${message} Given up.` };
  }
  const hindrance = hindranceOf(o);
  // In a namespace that goes nothing comes back.
  if (hindrance !== undefined && o.namespace === 'Ending') {
    return {
      reason: 'RevokeGivenUp',
      message: `${hindrance.message} Its namespace is being deleted, so this stays so.`,
    };
  }
  return undefined;
}

/** Why a deletion goes on although a sign-in was not taken up that it should have ended; `undefined` while that is tried. */
export function arrivalGivenUp(o: Observation, now: Now): { reason: 'RevokeGivenUp'; message: string } | undefined {
  const content = arrivalToEnd(o, now)?.content;
  if (content === undefined) return undefined;
  const why = content.kind === 'Unreadable' ? ` ${content.message}` : '';
  // Nothing new is created in a namespace that goes.
  const never = o.namespace === 'Ending' && o.grant.kind === 'Absent';
  if (content.kind === 'Grant' && !never && partingEnds(o, now) > now.square) return undefined;
  return {
    reason: 'RevokeGivenUp',
    message: `What the seller's sign-in gave could not be taken up, and so not be ended at Square.${why} The seller can end it in the Square Dashboard.`,
  };
}

/** Until when a deletion waits for its turn to ask Square, in Square's time. */
export const partingEnds = ({ connection }: Observation, now: Now): Instant =>
  now.square + (connection.deletedAt + partingPatience - now.wall);
