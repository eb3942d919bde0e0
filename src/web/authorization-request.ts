import { createHash, randomBytes } from 'node:crypto';
import type { ApplicationSpec } from '../api/application.ts';
import type { ConnectionSpec } from '../api/connection.ts';

/** The callback, unless the application names another one. */
export const callbackPath = '/oauth/callback';

export interface AuthorizationRequest {
  /** Square's page with the query. */
  readonly location: string;
  /** 256 random bits. */
  readonly state: string;
  /** As it stands in the request: the exchange repeats it to the letter. */
  readonly redirectURL: string;
  /** Of PKCE (RFC 7636, S256); 256 random bits. */
  readonly verifier?: string;
}

const random = () => randomBytes(32).toString('base64url');

/**
 * An authorization request (Square, "Authorize"): the permissions of application and connection, the redirect URL to the
 * letter, and in production a login even where the browser has a session of some seller.
 */
export function authorizationRequest(
  square: { readonly baseURL: string },
  externalURL: string,
  application: ApplicationSpec,
  spec: ConnectionSpec,
): AuthorizationRequest {
  const state = random();
  const redirectURL = application.redirectURL ?? `${externalURL.replace(/\/+$/, '')}${callbackPath}`;
  const scopes = [...new Set([...(application.scopes ?? []), ...(spec.scopes ?? [])])].sort();
  const verifier = application.flow === 'PKCE' ? random() : undefined;
  const query = new URLSearchParams({
    client_id: application.clientID,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...(application.environment === 'Production' ? { session: 'false' } : {}),
    state,
    redirect_uri: redirectURL,
    ...(verifier === undefined ? {} : { code_challenge: challengeOf(verifier) }),
  });
  const location = `${new URL('/oauth2/authorize', square.baseURL).href}?${query.toString()}`;
  return { location, state, redirectURL, ...(verifier === undefined ? {} : { verifier }) };
}

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');
