import { formatInstant, type Instant } from '../clock.ts';
import { seeApplication } from './application-words.ts';
import type { Grant } from './grant.ts';
import type { Observation } from './observation.ts';

/** That refresh tokens are not presented as a matter of routine, since Square refused many in a row. */
export interface HeldBackTokens {
  /** Tokens that were given before. */
  readonly since: Instant;
  /** When one of them is tried; without it none is, unless a person asks for it. */
  readonly retryAt?: Instant;
}

/** Of one application. Tokens that work once were replaced if they are of a backup; trying the others costs nothing. */
export interface HeldBack {
  readonly singleUse?: HeldBackTokens;
  readonly multiUse?: HeldBackTokens;
}

/** What holds the refresh token of this grant back; nothing when none does. One that was given later is not concerned. */
function holding({ application }: Observation, { refreshToken, accessToken }: Grant): HeldBackTokens | undefined {
  if (application.kind !== 'Found' || refreshToken === undefined) return undefined;
  const { singleUse, multiUse } = application.heldBack ?? {};
  const tokens = refreshToken.singleUse ? singleUse : multiUse;
  return tokens !== undefined && accessToken.issuedAt < tokens.since ? tokens : undefined;
}

/** When the refresh token may be presented without a person's asking for it; `undefined`: not until something changes. */
export function presentableAt(o: Observation, grant: Grant): Instant | undefined {
  const held = holding(o, grant);
  return held === undefined ? 0 : held.retryAt;
}

/** What a connection says of it. It names no time that moves with every probe. */
export function heldBackMessage(o: Observation, grant: Grant): string | undefined {
  const held = holding(o, grant);
  if (held === undefined || o.application.kind !== 'Found') return undefined;
  return `Square refused the refresh tokens of several connections of SquareApplication ${o.application.ref} in a row since ${formatInstant(held.since)}, so this one is held back. ${seeApplication(o.application.ref)} To try it all the same, annotate square-operator.dev/refresh-requested-at with the time now.`;
}
