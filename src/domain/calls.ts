import type { Observation } from './observation.ts';
import type { Step } from './step.ts';
import { isLimited, wantedToken } from './wanted.ts';

/**
 * How many calls to Square the pass probably makes from this step on: a new token is put to the test at once, and what is
 * not known yet of permissions and seller is asked in the same breath. 0: the step asks nothing of Square.
 */
export function callsFrom(step: Step, { connection: { spec }, grant, history, arrivals = [] }: Observation): number {
  const unknown = [history.scopes, history.merchantName].filter((one) => one === undefined).length;
  const limited =
    (grant.kind === 'Held' && isLimited(grant.grant.requested)) || (spec.ok && isLimited(wantedToken(spec.value)));
  switch (step.kind) {
    case 'TakeUp':
      return 4;
    case 'Refresh':
      return 2 + unknown + (history.scopes !== undefined && limited ? 1 : 0);
    case 'Verify':
      return step.because === 'AnswerLost' ? 1 : 1 + unknown;
    // A token that Square has forgotten names no authorization: then the seller is named.
    case 'Revoke':
      return step.scope === 'All' ? 2 : 1;
    // Whose it is, where its reply did not say.
    case 'Receive': {
      const content = arrivals.find(({ secret }) => secret === step.secret)?.content;
      return content?.kind === 'Grant' && content.grant.merchantID === undefined ? 2 : 0;
    }
    case 'Dismiss':
    case 'OfferLink':
    case 'EndLink':
    case 'Adopt':
    case 'Reseal':
    case 'Publish':
    case 'Withdraw':
    case 'Remove':
    case 'Discard':
    case 'AddFinalizer':
    case 'RemoveFinalizer':
    case 'Decline':
    case 'Restart':
    case 'Wait':
      return 0;
  }
}
