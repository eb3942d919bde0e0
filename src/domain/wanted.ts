import type { ConnectionSpec } from '../api/connection.ts';
import type { Grant } from './grant.ts';
import type { Observation } from './observation.ts';

/** What the spec wants the access token to be asked for with. */
export function wantedToken(spec: ConnectionSpec): Grant['requested'] {
  return { scopes: [...new Set(spec.scopes ?? [])].sort(), shortLived: spec.shortLived === true };
}

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
