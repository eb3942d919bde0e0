import type { Grant } from './grant.ts';
import type { GrantState, Observation } from './observation.ts';

/** Whether the spec pins a seller, and nobody has said yet whether the token is theirs. */
export const isOfUnknownSeller = ({ connection: { spec } }: Observation, grant: Grant): boolean =>
  spec.ok && spec.value.merchantID !== undefined && grant.merchantID === undefined;

/** The grant with the seller that a verification told, where no token reply did. */
export function withSeller(grant: GrantState, merchantID: string | undefined): GrantState {
  if (grant.kind !== 'Held' || grant.grant.merchantID !== undefined || merchantID === undefined) return grant;
  return { ...grant, grant: { ...grant.grant, merchantID } };
}

/** Takes in who the seller is. From now on the grant is theirs, and its Secret names them. */
export function nameSeller(o: Observation, merchantID: string | undefined): Observation {
  const grant = withSeller(o.grant, merchantID);
  if (grant === o.grant || merchantID === undefined) return o;
  return {
    ...o,
    grant,
    tokenSecret: o.tokenSecret.kind === 'Ours' ? { ...o.tokenSecret, current: false } : o.tokenSecret,
    history: { ...o.history, merchantID },
  };
}
