import { formatInstant } from '../clock.ts';
import type { Observation } from './observation.ts';

/** Shows what the application (`namespace/name`) says of itself, and since when. */
export function seeApplication(ref: string): string {
  const [namespace, name] = ref.split('/');
  return `See why: kubectl describe sqapp ${name} -n ${namespace}.`;
}

/** What keeps Square from being asked in the application's name. */
export function applicationFault(o: Observation): string | undefined {
  if (o.application.kind !== 'Found') return undefined;
  const { ref, clientSecret, refusal } = o.application;
  if (clientSecret.kind === 'Problem') {
    const more = clientSecret.unseen ? ` ${seeApplication(ref)}` : '';
    return `SquareApplication ${ref}: ${clientSecret.message}${more}`;
  }
  if (refusal === undefined) return undefined;
  const what = refusal.disabled === true ? 'Square has disabled' : 'Square refuses the client of';
  return `${what} SquareApplication ${ref} since ${formatInstant(refusal.since)}. ${seeApplication(ref)}`;
}
