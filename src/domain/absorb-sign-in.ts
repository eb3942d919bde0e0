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
export function dismissed({ arrivals = [], ...o }: Observation, gone: string): Observation {
  const left = arrivals.filter(({ secret }) => secret !== gone);
  return left.length === 0 ? o : { ...o, arrivals: left };
}

/** There is no link for the seller any more. */
export function withoutLink(o: Observation): Observation {
  const { link: _, ...rest } = o;
  return rest;
}
