import type { Now, Observation } from './observation.ts';
import { nextAttempt } from './pace.ts';
import { requestState } from './requests.ts';
import { unrevocable } from './revocation.ts';
import type { Step } from './step.ts';

/** Whether somebody asks for the authorization to be ended, and it is not yet. */
export const isDisconnecting = (o: Observation, now: Now): boolean => requestState(o, 'disconnect', now) === 'Act';

/** Ends the authorization on request, or says why not; `undefined` when that is not asked for, or not now. */
export function disconnect(o: Observation, now: Now): Step | undefined {
  const request = o.connection.requests.disconnect;
  if (request === undefined || !isDisconnecting(o, now)) return undefined;
  const never = unrevocable(o);
  if (never !== undefined)
    return { kind: 'Decline', of: 'disconnect', because: never.reason, message: never.message, request };
  if (o.throttled === true || (nextAttempt(o, 'Revoke', now) ?? 0) > now.square) return undefined;
  return { kind: 'Revoke', because: 'DisconnectRequested', scope: 'All', request };
}
