import { oauthError } from './errors.ts';
import { authorize, challengeOf, isLive, issueAccessToken, issueRefreshToken, revokeAll } from './issue.ts';
import { field, type Incoming, type Reply } from './reply.ts';
import type { AccessToken, Application, RefreshToken } from './rows.ts';
import { revokedEvent } from './webhooks.ts';
import type { World } from './world.ts';

/** What a grant type comes to: tokens, or a refusal with its reason for the ledger. */
export type Exchange =
  | { readonly accessToken: AccessToken; readonly refreshToken: RefreshToken }
  | { readonly refusal: Reply; readonly reason: string };

const wishes = (incoming: Incoming) => ({
  shortLived: incoming.json?.['short_lived'] === true,
  useJWT: incoming.json?.['use_jwt'] === true,
});

/** Unknown codes answer as recorded; the other refusals go by analogy, since Square lists none. */
export function exchangeCode(world: World, application: Application, incoming: Incoming, presented: string): Exchange {
  const settings = world.settings();
  const refuse = (status: number, type: string, message: string, reason: string) => ({
    refusal: oauthError(settings, status, type, message),
    reason,
  });
  const code = world.codes.get(presented);
  if (code === undefined || code.clientID !== application.clientID) {
    const message = `Authorization code not found for app [${application.clientID}]`;
    return refuse(401, 'service.not_authorized', message, 'unknown code');
  }
  if (code.usedAt !== undefined) return refuse(400, 'bad_request', 'Authorization code already used', 'used code');
  if (code.issuedAt + settings.codeLifetime <= world.clock.now()) {
    return refuse(400, 'bad_request', 'Authorization code expired', 'expired code');
  }
  if (code.redirectURI !== field(incoming, 'redirect_uri')) {
    const message = 'redirect_uri does not match the one of the authorization request';
    return refuse(400, 'bad_request.invalid_parameter', message, 'other redirect_uri');
  }
  const verifier = field(incoming, 'code_verifier');
  if (code.codeChallenge !== undefined && (verifier === undefined || challengeOf(verifier) !== code.codeChallenge)) {
    return refuse(400, 'bad_request.invalid_parameter', 'code_verifier does not match', 'wrong code_verifier');
  }
  world.codes.put(presented, { ...code, usedAt: world.clock.now() });
  const flow = code.codeChallenge === undefined ? 'Code' : 'PKCE';
  const request = { ...code, flow, ...wishes(incoming) } as const;
  const accessToken = issueAccessToken(world, request);
  return { accessToken, refreshToken: issueRefreshToken(world, request, accessToken) };
}

export function refresh(world: World, application: Application, incoming: Incoming, presented: string): Exchange {
  const settings = world.settings();
  const held = world.refreshTokens.get(presented);
  if (held === undefined || held.clientID !== application.clientID || !isLive(world, held)) {
    if (held?.consumedAt !== undefined && settings.spentRefreshToken === 'refused and all revoked') {
      if (revokeAll(world, held.clientID, held.merchantID)) revokedEvent(world, held, 'SQUARE');
    }
    const refusal = oauthError(settings, 401, 'service.not_authorized', 'Invalid refresh token');
    return { refusal, reason: whyDead(application, held) };
  }
  const asked = incoming.json?.['scopes'];
  const scopes = Array.isArray(asked) ? held.scopes.filter((scope) => asked.includes(scope)) : held.scopes;
  if (scopes.length === 0 && settings.emptyScopes === 'refused') {
    const message = "invalid value for parameter 'scopes'";
    const refusal = oauthError(settings, 400, 'bad_request.invalid_parameter', message);
    return { refusal, reason: 'no scope in common' };
  }
  const accessToken = issueAccessToken(world, { ...held, ...wishes(incoming), scopes });
  if (held.flow === 'Code') {
    const kept = { ...held, accessTokenExpiresAt: accessToken.expiresAt ?? held.accessTokenExpiresAt };
    world.refreshTokens.put(held.value, kept);
    return { accessToken, refreshToken: kept };
  }
  world.refreshTokens.put(held.value, { ...held, consumedAt: world.clock.now() });
  return { accessToken, refreshToken: issueRefreshToken(world, held, accessToken) };
}

function whyDead(application: Application, held: RefreshToken | undefined): string {
  if (held === undefined) return 'unknown refresh token';
  if (held.clientID !== application.clientID) return 'refresh token of another client';
  if (held.revokedAt !== undefined) return 'revoked refresh token';
  return held.consumedAt === undefined ? 'expired refresh token' : 'spent refresh token';
}

/** May be repeated while the legacy token lives (Square, Migrate from Renew to Refresh OAuth Tokens). */
export function migrate(world: World, application: Application, incoming: Incoming, presented: string): Exchange {
  const held = world.accessTokens.get(presented);
  const now = world.clock.now();
  const usable = held?.kind === 'legacy' && held.clientID === application.clientID && held.revokedAt === undefined;
  if (held === undefined || !usable || (held.expiresAt ?? now) <= now) {
    const message = 'Invalid migration token';
    const refusal = oauthError(world.settings(), 401, 'service.not_authorized', message);
    return { refusal, reason: 'dead migration token' };
  }
  const request = { ...held, flow: 'Code', ...wishes(incoming) } as const;
  const accessToken = issueAccessToken(world, request);
  authorize(world, held.clientID, held.merchantID, held.scopes);
  return { accessToken, refreshToken: issueRefreshToken(world, request, accessToken) };
}
