import { isLive } from './issue.ts';
import type { AccessToken, RefreshToken, TokenRequestEntry } from './rows.ts';
import type { World } from './world.ts';

export interface TokenRequestFilter {
  readonly clientID?: string;
  readonly merchantID?: string;
  readonly grantType?: string;
  readonly outcome?: 'issued' | 'refused';
  /** The refresh token, code or migration token that was presented. */
  readonly presented?: string;
}

/** What was issued, presented and spent: for assertions that no token was lost or spent twice. */
export interface Ledger {
  /** Token requests in order of arrival. */
  tokenRequests(filter?: TokenRequestFilter): TokenRequestEntry[];
  /** Presentations of single-use refresh tokens that were spent already. */
  spentAgain(): TokenRequestEntry[];
  /** Refresh tokens that would still give an access token. */
  liveRefreshTokens(filter?: { readonly clientID?: string; readonly merchantID?: string }): RefreshToken[];
  /** Every access token that was ever issued or set up, dead ones too. */
  accessTokens(): AccessToken[];
  /** How many token requests there were, by merchant ID; those of nobody known under the empty string. */
  requestsBySeller(): Record<string, number>;
}

export function createLedger(world: World): Ledger {
  const fits = (filter: object) => {
    const wanted = Object.entries(filter).filter(([, value]) => value !== undefined);
    return (row: object) => wanted.every(([name, value]) => (row as Record<string, unknown>)[name] === value);
  };
  const all = () => [...world.tokenRequests.values()];
  return {
    tokenRequests: (filter = {}) => all().filter(fits(filter)),
    spentAgain: () => all().filter(({ presentedAgain }) => presentedAgain),
    liveRefreshTokens: (filter = {}) =>
      [...world.refreshTokens.values()].filter((token) => isLive(world, token)).filter(fits(filter)),
    accessTokens: () => [...world.accessTokens.values()],
    requestsBySeller() {
      const counts: Record<string, number> = {};
      for (const { merchantID = '' } of world.tokenRequests.values())
        counts[merchantID] = (counts[merchantID] ?? 0) + 1;
      return counts;
    },
  };
}
