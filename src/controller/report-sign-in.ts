import { formatInstant } from '../clock.ts';
import { tookPlace } from '../domain/arrivals.ts';
import type { Fact, Step } from '../domain/step.ts';
import { type Note, note } from './note.ts';

type SignInStep = Step & { kind: 'Receive' | 'Dismiss' | 'OfferLink' | 'EndLink' };

/** What came of a seller's sign-in, or of the wish for one. A first authorization is none: the status tells of it. */
export function noteOfSignIn(step: SignInStep, fact: Fact): Note | undefined {
  if (fact.kind === 'Unwritten') return note('Warning', 'SecretNotWritten', step.kind, fact.message);
  switch (step.kind) {
    case 'Receive':
      if (fact.kind === 'Hindered') return note('Warning', fact.hindrance.reason, 'Receive', fact.hindrance.message);
      if (fact.kind !== 'Sealed' || fact.grant.grant.generation === 1) return undefined;
      return note('Normal', step.because, 'Receive', tookPlace(fact.grant.grant, step.because));
    case 'Dismiss':
      if (fact.kind !== 'Dismissed' || step.because === 'Taken' || step.because === 'Abandoned') return undefined;
      return note('Warning', step.because, 'Receive', step.message);
    case 'EndLink':
      return undefined;
    case 'OfferLink': {
      if (fact.kind === 'NotOffered') return note('Warning', 'LinkNotOffered', 'OfferLink', fact.message);
      if (fact.kind !== 'Offered') return undefined;
      const text = `A link for the seller lies in Secret ${fact.secret}, key url. It ends at ${formatInstant(fact.expiresAt)}, or when somebody has signed in by it.`;
      return note('Normal', 'LinkOffered', 'OfferLink', text);
    }
  }
}
