import type { Instant } from '../clock.ts';
import type { Grant } from './grant.ts';
import type { FormerTokenSecret, Now, Observation, TokenSecretState } from './observation.ts';
import { isOfUnknownSeller } from './seller.ts';
import type { Step } from './step.ts';

export const isExpired = (grant: Grant, now: Now): boolean =>
  grant.accessToken.expiresAt !== undefined && now.square >= grant.accessToken.expiresAt;

/** When the access token ends: by the grant, or by what is known of one that cannot be looked into. */
export const tokenEnd = (o: Observation): Instant | undefined =>
  o.grant.kind === 'Held' ? o.grant.grant.accessToken.expiresAt : o.history.tokenEnds;

/**
 * Why the access token does not work any more, as far as it is known; `undefined` while nothing speaks against it. Square
 * forgets expired tokens after a while, so one past its end is expired, whatever Square says of it then.
 */
export function deathOf(o: Observation, now: Now): TokenSecretState | undefined {
  if (o.grant.kind === 'Vacant') return o.grant.record.disconnected === undefined ? undefined : 'revoked';
  const proof = o.grant.kind === 'Held' ? o.history.proof.kind : 'None';
  if (proof === 'Revoked') return 'revoked';
  const end = tokenEnd(o);
  if (proof === 'Expired' || (end !== undefined && now.square >= end)) return 'expired';
  return proof === 'Unauthorized' ? 'rejected' : undefined;
}

/** What is to be written of the token Secret of a grant that is held. */
export const wantedWrite = (o: Observation, now: Now): Step | undefined =>
  publish(o, now) ?? withdraw(o, now) ?? remove(o);

/**
 * A rejected or expired token is never newly published, and under a pin none of an unknown seller. One that nobody could
 * prove either way is: Square issued it.
 */
function publish(o: Observation, now: Now): Step | undefined {
  const { tokenSecret } = o;
  if (o.grant.kind !== 'Held' || deathOf(o, now) !== undefined) return undefined;
  if (isOfUnknownSeller(o, o.grant.grant)) return undefined;
  switch (tokenSecret.kind) {
    case 'Absent':
      return { kind: 'Publish', because: 'NotPublished' };
    case 'NotOwned':
      return now.square >= tokenSecret.retryAt ? { kind: 'Publish', because: 'NotPublished' } : undefined;
    case 'Ours':
      return tokenSecret.current && tokenSecret.state === undefined
        ? undefined
        : { kind: 'Publish', because: 'Changed' };
    case 'Unrenderable':
      return undefined;
  }
}

/** A published token that no longer works is said to be so in the same pass, under whatever name it is published. */
export function withdraw(o: Observation, now: Now): Step | undefined {
  const state = deathOf(o, now);
  if (state === undefined) return undefined;
  // Of a grant that cannot be looked into only the clock is known: what was said before says more.
  const said = (published: FormerTokenSecret) =>
    o.grant.kind === 'Held' || o.grant.kind === 'Vacant' ? published.state === state : published.state !== undefined;
  const unsaid = publishedSecrets(o).find((published) => !said(published));
  return unsaid && { kind: 'Withdraw', name: unsaid.name, state, because: 'TokenDead' };
}

export function publishedSecrets({ tokenSecret, formerTokenSecrets }: Observation): readonly FormerTokenSecret[] {
  if (tokenSecret.kind === 'Ours') return [tokenSecret, ...formerTokenSecrets];
  if (tokenSecret.kind !== 'Unrenderable' || tokenSecret.published === undefined) return formerTokenSecrets;
  return [{ name: tokenSecret.name, ...tokenSecret.published }, ...formerTokenSecrets];
}

/** After a renaming the new Secret is published first; then the old one goes. */
function remove(o: Observation): Step | undefined {
  const [former] = o.formerTokenSecrets;
  if (former === undefined || o.tokenSecret.kind !== 'Ours' || !o.tokenSecret.current) return undefined;
  return { kind: 'Remove', name: former.name, because: 'Renamed' };
}
