import { type Clock, seconds } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import { keptAside, keptUnnamed } from '../domain/set-aside.ts';
import type { Fact } from '../domain/step.ts';
import { setAsidePlace } from '../secrets/incoming.ts';
import type { Binding } from '../secrets/port.ts';
import type { IncomingSettled, IncomingSettlement } from '../secrets/settle-incoming.ts';
import { type GrantFrom, grantFrom } from '../square/grant-from.ts';
import { sentence } from './write-refused.ts';

export interface SetAsideDeps {
  readonly clock: Clock;
  readonly incoming: IncomingSettlement;
}

/** What Square gave. */
export interface OfOtherMerchant
  extends Pick<GrantFrom, 'connectionUID' | 'requested' | 'reply' | 'issuedAt' | 'knownTime' | 'presented'> {
  readonly binding: Binding;
  /** Digest of the credential that it was given for. */
  readonly taken: string | undefined;
}

/** Square gave it, and it does not take the place of what is held: it is another seller's, or nobody knows whose. */
export type Untaken = Fact & { kind: 'OtherMerchant' | 'Failed' };

export interface SetAside {
  readonly settled: IncomingSettled;
  /** What the API server says to it while it waits, as a sentence. */
  readonly refused?: string;
}

/** So long a worker waits for the cluster to take it; then it is stored behind its back. */
const patience = seconds(5);

/**
 * Stores what a credential gave whose seller is not the pinned one, or is not known, beside the grant that is held, as a
 * sign-in is: until the pin is corrected, or another credential is given. `undefined`: it is of no credential, or of one that gives the same again.
 *
 * @param settled told once it is stored, or nobody could take it up any more.
 */
export async function setAside(
  { clock, incoming }: SetAsideDeps,
  { binding, taken, ...given }: OfOtherMerchant,
  settled: () => Promise<void>,
): Promise<SetAside | undefined> {
  if (taken === undefined) return undefined;
  const grant: Grant = grantFrom({ ...given, application: binding, sealedAt: clock.wall(), after: 0, taken });
  if (grant.refreshToken?.singleUse !== true) return undefined;
  const { namespace, name } = binding;
  const place = setAsidePlace({ namespace, name, uid: grant.connectionUID }, taken);
  const outcome = await incoming.store({ place, binding, grant, settled }, patience);
  const waiting = incoming
    .waiting({ namespace, name, uid: place.uid })
    .find((one) => one.place.secret === place.secret);
  return { settled: outcome, ...(waiting?.message !== undefined && { refused: sentence(waiting.message) }) };
}

/** Its Secret has it, or nothing has to: it is no secret of this process any more that the credential is used up. */
export const isConcluded = (kept: SetAside | undefined): boolean =>
  kept === undefined || kept.settled === 'Stored' || kept.settled === 'Gone';

/** The same, with what became of what Square gave. */
export function tellKept(untaken: Untaken, { refused }: SetAside): Untaken {
  if (untaken.kind === 'OtherMerchant') {
    return { ...untaken, message: `${untaken.message} ${keptAside(refused)}` };
  }
  const { failure } = untaken;
  return { ...untaken, failure: { ...failure, message: `${failure.message} ${keptUnnamed(refused)}` } };
}
