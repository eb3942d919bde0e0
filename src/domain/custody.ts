import { type Instant, minutes } from '../clock.ts';
import type { Grant } from './grant.ts';
import type { GrantState } from './observation.ts';

/** Clocks of the operator's machine and of the API server may differ by so much. */
const clockTolerance = minutes(5);

/**
 * Whose a readable record is. The connection's own, unless it is older than what the status has seen. One of another
 * UID is a restored backup when its Secret came into being after the record was made (a Secret that was never away is
 * older than its record); otherwise an earlier connection of this name left it, and it is not taken without a sign.
 */
export function recogniseGrant(
  record: { grant: Grant; keyID: string; secretCreatedAt: Instant },
  connection: { uid: string; seenRevision: number },
): GrantState {
  const { grant, keyID, secretCreatedAt } = record;
  if (grant.generation < connection.seenRevision) {
    return { kind: 'Outdated', grant, keyID, seen: connection.seenRevision };
  }
  const restored = secretCreatedAt - grant.sealedAt > clockTolerance;
  return grant.connectionUID === connection.uid || restored
    ? { kind: 'Held', grant, keyID }
    : { kind: 'Retained', grant, keyID };
}
