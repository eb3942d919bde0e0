import type { ConnectionSpec } from '../api/connection.ts';
import type { Grant } from './grant.ts';
import type { Observation } from './observation.ts';

/** What the spec wants the access token to be asked for with. */
export function wantedToken(spec: ConnectionSpec): Grant['requested'] {
  return { scopes: [...new Set(spec.scopes ?? [])].sort(), shortLived: spec.shortLived === true };
}

/** Whether Square was asked for less than what was granted. Whether it took that, only the token tells: its permissions are asked for. */
export const isLimited = ({ scopes }: Grant['requested']): boolean => scopes.length > 0;

/** The seller that a grant must belong to: the one the spec pins, or else the one of the grant that is held. */
export function pinnedMerchant({ connection: { spec }, grant }: Observation): string | undefined {
  const pin = spec.ok ? spec.value.merchantID : undefined;
  return pin ?? (grant.kind === 'Held' ? grant.grant.merchantID : undefined);
}

/** Whether the grant is of another seller than the spec pins. */
export const isOfAnotherMerchant = (grant: Grant, { merchantID }: ConnectionSpec): boolean =>
  merchantID !== undefined && grant.merchantID !== undefined && merchantID !== grant.merchantID;

/** Permissions that the token should have: the application's and the connection's own. */
export function wantedScopes(o: Observation, spec: ConnectionSpec): string[] {
  const ofApplication = o.application.kind === 'Found' ? o.application.scopes : [];
  return [...new Set([...ofApplication, ...(spec.scopes ?? [])])].sort();
}

/**
 * What to limit a refreshed token to: nothing when the connection asks for nothing of its own, since then the grant's
 * permissions apply as they are (Square, ObtainToken reference: `scopes`).
 */
export function scopesToAskFor(o: Observation, spec: ConnectionSpec): string[] {
  return (spec.scopes ?? []).length === 0 ? [] : wantedScopes(o, spec);
}

export const sameScopes = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((scope, i) => scope === b[i]);
