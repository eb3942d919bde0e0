import type { Arrival, Observation } from './observation.ts';
import type { Fact } from './step.ts';

/** It is known now whose a sign-in is. */
export function arrivalNamed(o: Observation, { secret, merchantID }: Fact & { kind: 'ArrivalNamed' }): Observation {
  const name = (arrival: Arrival): Arrival =>
    arrival.secret === secret && arrival.content.kind === 'Grant'
      ? { ...arrival, content: { kind: 'Grant', grant: { ...arrival.content.grant, merchantID } } }
      : arrival;
  return { ...o, arrivals: (o.arrivals ?? []).map(name) };
}

/** The Secret of a sign-in is gone. */
export function dismissed(before: Observation, gone: string): Observation {
  const { arrivals = [], ...o } = cleared(before);
  const left = arrivals.filter(({ secret }) => secret !== gone);
  return left.length === 0 ? o : { ...o, arrivals: left };
}

/** There is no link for the seller any more. */
export function withoutLink(o: Observation): Observation {
  const { link: _, ...rest } = cleared(o);
  return rest;
}

function cleared(o: Observation): Observation {
  const { Dismiss, ...failures } = o.history.failures;
  return Dismiss === undefined ? o : { ...o, history: { ...o.history, failures } };
}
