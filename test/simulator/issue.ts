import { createHash } from 'node:crypto';
import { days, type Instant } from '../../src/clock.ts';
import type { AccessToken, Application, Flow, RefreshToken } from './rows.ts';
import { authorizationKey, type World } from './world.ts';

export interface IssueRequest {
  readonly clientID: string;
  readonly merchantID: string;
  readonly scopes: readonly string[];
  readonly flow: Flow;
  readonly shortLived?: boolean;
  readonly useJWT?: boolean;
}

export function issueAccessToken(world: World, request: IssueRequest): AccessToken {
  const now = world.clock.now();
  const { accessTokenLifetime, shortLivedLifetime } = world.settings();
  const shortLived = request.shortLived === true;
  const row: AccessToken = {
    kind: 'oauth',
    value: request.useJWT === true ? world.mint.jsonWebToken() : world.mint.accessToken(),
    clientID: request.clientID,
    merchantID: request.merchantID,
    scopes: request.scopes,
    issuedAt: now,
    expiresAt: now + (shortLived ? shortLivedLifetime : accessTokenLifetime),
    shortLived,
  };
  world.accessTokens.put(row.value, row);
  return row;
}

/** Code flow: multi-use, without end. PKCE: single-use, 90 days (Square, ObtainToken reference). */
export function issueRefreshToken(world: World, request: IssueRequest, accessToken: AccessToken): RefreshToken {
  const now = world.clock.now();
  const row: RefreshToken = {
    value: world.mint.refreshToken(),
    clientID: request.clientID,
    merchantID: request.merchantID,
    scopes: request.scopes,
    flow: request.flow,
    issuedAt: now,
    accessTokenExpiresAt: accessToken.expiresAt ?? now,
    ...(request.flow === 'PKCE' ? { expiresAt: now + world.settings().singleUseLifetime } : {}),
  };
  world.refreshTokens.put(row.value, row);
  return row;
}

/** Records that the seller allows the application these scopes, besides those allowed before. */
export function authorize(world: World, clientID: string, merchantID: string, scopes: readonly string[]): void {
  const key = authorizationKey(clientID, merchantID);
  const before = world.authorizations.get(key)?.scopes ?? [];
  world.authorizations.put(key, { clientID, merchantID, scopes: [...new Set([...before, ...scopes])] });
}

const grace = days(15);

/** Whether a refresh token would give an access token now. */
export function isLive(world: World, token: RefreshToken, now: Instant = world.clock.now()): boolean {
  if (token.revokedAt !== undefined || token.consumedAt !== undefined) return false;
  if (token.expiresAt !== undefined && token.expiresAt <= now) return false;
  const late = token.flow === 'Code' && token.accessTokenExpiresAt + grace < now;
  return !(late && world.settings().fifteenDayRule);
}

/** Ends every token that the application holds for the seller. Personal and legacy tokens are not its. */
export function revokeAll(world: World, clientID: string, merchantID: string): boolean {
  const revokedAt = world.clock.now();
  let any = false;
  for (const row of world.accessTokens.values()) {
    if (row.clientID !== clientID || row.merchantID !== merchantID || row.kind === 'personal') continue;
    if (row.revokedAt !== undefined) continue;
    world.accessTokens.put(row.value, { ...row, revokedAt });
    any = true;
  }
  for (const row of world.refreshTokens.values()) {
    if (row.clientID !== clientID || row.merchantID !== merchantID || row.revokedAt !== undefined) continue;
    world.refreshTokens.put(row.value, { ...row, revokedAt });
    any = true;
  }
  world.authorizations.put(authorizationKey(clientID, merchantID), { clientID, merchantID, scopes: [] });
  return any;
}

export const knowsSecret = (application: Application, secret: string | undefined): boolean =>
  application.secrets.some(({ value, accepted }) => accepted && value === secret);

/** RFC 7636 section 4.6, method S256. */
export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');
