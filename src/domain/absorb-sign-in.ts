import type { Instant } from '../clock.ts';
import type { Observation } from './observation.ts';
import { nameArrival, tellSetAside } from './set-aside.ts';
import type { Fact } from './step.ts';

/** It is known now whose a sign-in is, or what is set aside. */
export const arrivalNamed = (
  o: Observation,
  { secret, merchantID }: Fact & { kind: 'ArrivalNamed' },
  at: Instant,
): Observation => tellSetAside(nameArrival(without(o, 'Receive'), secret, merchantID), at);

/** The Secret of a sign-in is gone. */
export function dismissed(before: Observation, gone: string): Observation {
  const { arrivals = [], ...o } = without(before, 'Dismiss');
  const left = arrivals.filter(({ secret }) => secret !== gone);
  return left.length === 0 ? o : { ...o, arrivals: left };
}

/** There is no link for the seller any more. */
export function withoutLink(o: Observation): Observation {
  const { link: _, ...rest } = without(o, 'Dismiss');
  return rest;
}

/** What failed so is over. */
function without(o: Observation, operation: 'Dismiss' | 'Receive'): Observation {
  const { [operation]: over, ...failures } = o.history.failures;
  return over === undefined ? o : { ...o, history: { ...o.history, failures } };
}
