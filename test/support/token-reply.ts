import { formatInstant } from '../../src/clock.ts';
import { openToken, secretBytes } from '../../src/domain/token.ts';
import type { Outcome, TokenGrant, TokenReply, TokenRequest } from '../../src/square/port.ts';

/** The answer of Square that reads as this grant (Square, ObtainToken reference). */
export function replyOf({ grantType }: TokenRequest, { value, at }: Outcome<TokenGrant> & { ok: true }): TokenReply {
  const { accessToken, refreshToken, expiresAt, refreshTokenExpiresAt, merchantID, shortLived } = value;
  const body = {
    token_type: 'bearer',
    access_token: openToken(accessToken),
    expires_at: expiresAt === undefined ? undefined : formatInstant(expiresAt),
    merchant_id: merchantID,
    refresh_token: refreshToken && openToken(refreshToken),
    refresh_token_expires_at: refreshTokenExpiresAt === undefined ? undefined : formatInstant(refreshTokenExpiresAt),
    short_lived: shortLived,
  };
  const bytes = secretBytes(Buffer.from(JSON.stringify(body)));
  return { grantType, body: bytes, ...(at === undefined ? {} : { at }) };
}
