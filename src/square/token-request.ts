import { openToken } from '../domain/token.ts';
import type { RevokeRequest, TokenRequest } from './port.ts';

/** The JSON body of a token request. Holds secrets in clear: goes to the transport and nowhere else. */
export function tokenRequestBody(request: TokenRequest): string {
  return JSON.stringify({
    client_id: request.clientID,
    client_secret: request.clientSecret === undefined ? undefined : openToken(request.clientSecret),
    grant_type: request.grantType,
    ...presented(request),
    short_lived: request.shortLived === true ? true : undefined,
  });
}

function presented(request: TokenRequest): Record<string, unknown> {
  if (request.grantType === 'authorization_code') {
    return {
      code: openToken(request.code),
      redirect_uri: request.redirectURI === '' ? undefined : request.redirectURI,
      code_verifier: request.codeVerifier === undefined ? undefined : openToken(request.codeVerifier),
    };
  }
  if (request.grantType === 'refresh_token') {
    return {
      refresh_token: openToken(request.refreshToken),
      scopes: request.scopes === undefined || request.scopes.length === 0 ? undefined : request.scopes,
    };
  }
  return { migration_token: openToken(request.migrationToken) };
}

/** The JSON body of a revocation (Square, RevokeToken reference): an access token or a seller, never both. */
export function revokeRequestBody(request: RevokeRequest): string {
  const what =
    'accessToken' in request
      ? {
          access_token: openToken(request.accessToken),
          revoke_only_access_token: request.onlyAccessToken === true ? true : undefined,
        }
      : { merchant_id: request.merchantID };
  return JSON.stringify({ client_id: request.clientID, ...what });
}
