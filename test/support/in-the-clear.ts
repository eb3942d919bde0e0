import type { Grant, Vacant } from '../../src/domain/grant.ts';
import { openToken } from '../../src/domain/token.ts';

/** A grant as plain values, to be compared and written down. */
export function inTheClear(record: Grant | Vacant) {
  return record.kind === 'Vacant' ? record : grantInTheClear(record);
}

/** The same where it is known to be one. */
export const grantInTheClear = ({ accessToken, refreshToken, ...rest }: Grant) => ({
  ...rest,
  accessToken: { ...accessToken, value: openToken(accessToken.value) },
  ...(refreshToken && { refreshToken: { ...refreshToken, value: openToken(refreshToken.value) } }),
});
