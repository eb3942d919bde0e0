import type { Instant } from '../clock.ts';
import type { Now, Observation } from './observation.ts';
import { requestState } from './requests.ts';
import type { DeclineReason, Step } from './step.ts';

/** Makes a link for the seller on request, or says why there can be none; `undefined` when nobody asks for one. */
export function offerLink(o: Observation, now: Now): Step | undefined {
  const request = o.connection.requests.connect;
  if (request === undefined || requestState(o, 'connect', now) !== 'Act') return undefined;
  const never = cannotSignIn(o);
  if (never !== undefined) return { kind: 'Decline', of: 'connect', ...never, request };
  return { kind: 'OfferLink', because: 'ConnectRequested', request };
}

/** Takes away a link that has ended. */
export function endLink({ link }: Observation, now: Now): Step | undefined {
  return link !== undefined && link.expiresAt <= now.wall ? { kind: 'EndLink', because: 'Expired' } : undefined;
}

/** When the link ends, in Square's time. */
export const linkEnds = ({ link }: Observation, now: Now): Instant[] =>
  link === undefined || link.expiresAt <= now.wall ? [] : [now.square + (link.expiresAt - now.wall)];

function cannotSignIn(o: Observation): { because: DeclineReason; message: string } | undefined {
  const { spec } = o.connection;
  if (!spec.ok || spec.value.credential?.personalAccessToken !== undefined || spec.value.applicationRef === undefined) {
    const message =
      'No seller signs in for a personal access token: remove spec.credential and set spec.applicationRef.';
    return { because: 'PersonalAccessToken', message };
  }
  if (o.authorizeURL === undefined) {
    const message = 'The operator has no pages to sign in on: start it with --external-url.';
    return { because: 'NoSignInPage', message };
  }
  switch (o.grant.kind) {
    case 'NotOwned':
    case 'Unreadable':
    case 'OfAnotherApplication': {
      const message = `Secret ${o.connection.name}-sealed cannot be replaced, so no seller can sign in: see the condition Ready.`;
      return { because: 'GrantBlocked', message };
    }
    case 'Absent':
    case 'Vacant':
    case 'Closed':
    case 'Retained':
    case 'Outdated':
    case 'Held':
      return undefined;
  }
}
