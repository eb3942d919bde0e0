import { type Instant, minutes } from '../clock.ts';
import { type Grant, takenLimit, type Vacant } from './grant.ts';
import type { GrantState, Observation } from './observation.ts';

/** Clocks of the operator's machine and of the API server may differ by so much. */
const clockTolerance = minutes(5);

/**
 * Whose a readable record is. The connection's own, unless it is older than what the status has seen. One of another
 * UID is a restored backup when its Secret came into being after the record was made (a Secret that was never away is
 * older than its record; the time of Square's answer bears the operator's own clock out, which may be hours behind); otherwise an earlier connection of this name left it, and it is not taken without a sign. A record
 * without a grant is nobody's: there is nothing in it to take.
 */
export function recogniseGrant(
  record: { grant: Grant | Vacant; keyID: string; secretCreatedAt: Instant },
  connection: { uid: string; seenRevision: number },
): GrantState {
  const { grant, keyID, secretCreatedAt } = record;
  if (grant.kind === 'Vacant') return { kind: 'Vacant', record: grant, keyID };
  if (grant.generation < connection.seenRevision) {
    return { kind: 'Outdated', grant, keyID, seen: connection.seenRevision };
  }
  const madeAt = Math.max(grant.sealedAt, grant.accessToken.issuedAt);
  const restored = secretCreatedAt - madeAt > clockTolerance;
  return grant.connectionUID === connection.uid || restored
    ? { kind: 'Held', grant, keyID }
    : { kind: 'Retained', grant, keyID };
}

/** The record that lies in the sealed Secret, as far as it can be read: what it remembers counts, whosever the grant is. */
export function recordIn(grant: GrantState): Grant | Vacant | undefined {
  if (grant.kind === 'Vacant') return grant.record;
  return 'grant' in grant ? grant.grant : undefined;
}

/** Whether the record calls what the grant came of taken. */
export const isTakenIn = (record: Grant | Vacant | undefined, arrived: Grant): boolean =>
  arrived.taken.some((one) => record?.taken.includes(one) === true);

/**
 * Whether the record calls the credential taken only because it was given when somebody had the authorization of another seller
 * ended: that connects what it gave to nothing by itself, and is no reason to throw it away.
 */
export function isLeftIn(record: Grant | Vacant | undefined, arrived: Grant): boolean {
  const ended = record?.kind === 'Vacant' ? record.disconnected : undefined;
  return ended !== undefined && ended.merchantID !== arrived.merchantID && isTakenIn(record, arrived);
}

/** A grant in the place of one that was ended: what was remembered then counts for it, too. */
export function succeed(past: Vacant, grant: Grant): Grant {
  return {
    ...grant,
    generation: Math.max(grant.generation, past.generation + 1),
    taken: [...new Set([...past.taken, ...grant.taken])].slice(-takenLimit),
    handled: { ...past.handled, ...grant.handled },
  };
}

/** Once a grant was held, the Secret of the credential may be deleted: that it is not there says nothing. */
export const wasAuthorized = (grant: GrantState): boolean =>
  'grant' in grant || (grant.kind === 'Vacant' && grant.record.disconnected !== undefined);

/** The grant that is held. */
export const held = (o: Observation): Grant | undefined => (o.grant.kind === 'Held' ? o.grant.grant : undefined);
