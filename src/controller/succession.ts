import type { Attempt, Doubt } from '../domain/attempt.ts';
import type { Grant, Vacant } from '../domain/grant.ts';
import { openGrantAt } from '../secrets/grant.ts';
import type { Binding, GrantSecret, KeyRing } from '../secrets/port.ts';

/**
 * What lies in a sealed Secret: `Unreadable` holds nothing that could be told apart, `OfLaterVersion` what only a later
 * version of the operator can judge.
 */
export type RecordThere = Grant | Vacant | 'Unreadable' | 'OfLaterVersion';

/** The record that is there, whatever client it is of. */
export function recordAt(ring: KeyRing, binding: Binding, { jwe }: GrantSecret): RecordThere {
  if (jwe === undefined) return 'Unreadable';
  const opened = openGrantAt(ring, binding, jwe);
  if (opened.ok) return opened.value;
  return opened.problem === 'UnsupportedVersion' ? 'OfLaterVersion' : 'Unreadable';
}

/**
 * The grant as it may take the place of what is there; `undefined`: what is there stays. An answer to the attempt that
 * stands in the record belongs there, however the record was renumbered or who owns it by now. Otherwise only what is
 * older, or still waits for this answer, of the same connection and the same client gives way: anything else is somebody
 * else's grant, or as new.
 */
export function over(
  there: Exclude<RecordThere, 'OfLaterVersion'> | undefined,
  grant: Grant,
  attempt: string | undefined,
): Grant | undefined {
  if (there === undefined || there === 'Unreadable') return grant;
  if (attempt !== undefined && there.attempt?.id === attempt) {
    const generation = Math.max(grant.generation, there.generation + 1);
    const owner = there.kind === 'Vacant' ? grant.connectionUID : there.connectionUID;
    const same = generation === grant.generation && owner === grant.connectionUID;
    return same ? grant : { ...grant, generation, connectionUID: owner };
  }
  if (there.kind === 'Vacant') return there.generation < grant.generation ? grant : undefined;
  const next = there.generation < grant.generation ? grant : asAwaited(there, grant);
  const mine =
    there.connectionUID === grant.connectionUID &&
    there.environment === grant.environment &&
    (there.clientID === grant.clientID || there.clientID === '' || grant.clientID === '');
  return mine ? next : undefined;
}

/**
 * The grant as the record still waits for it: what was held was renewed while nobody knew what became of a credential, and this
 * is the answer to that. Another credential that was taken since, or is being tried, counts more.
 */
function asAwaited(there: Grant, grant: Grant): Grant | undefined {
  const { doubts = [], attempt, generation, handled } = there;
  const isTaken = ({ presents }: Doubt | Attempt) => presents !== 'Held' && grant.taken.includes(presents.credential);
  const awaited =
    doubts.some(isTaken) &&
    (attempt === undefined || attempt.presents === 'Held') &&
    there.taken.every((one) => grant.taken.includes(one)) &&
    there.merchantID === grant.merchantID;
  if (!awaited) return undefined;
  const { doubts: _, ...rest } = grant;
  const left = doubts.filter((doubt) => doubt.presents !== 'Held' && !isTaken(doubt));
  return {
    ...rest,
    generation: generation + 1,
    handled: { ...grant.handled, ...handled },
    ...(left.length > 0 && { doubts: left }),
  };
}
