import { type Duration, days, hours, type Instant } from '../clock.ts';
import { type Grant, type RefreshToken, takenLimit } from '../domain/grant.ts';
import type { Application } from '../domain/observation.ts';
import { sameToken } from '../domain/token.ts';
import type { TokenGrant } from './port.ts';

/** Lifetimes by Square's documentation, for a reply that names no end, or one in the past (Square, "OAuth best practices"). */
const documentedLifetime = (shortLived: boolean) => (shortLived ? hours(24) : days(30));

export interface GrantFrom {
  readonly connectionUID: string;
  readonly application: Pick<Application & { kind: 'Found' }, 'environment' | 'clientID'>;
  /** What the access token was asked for with. */
  readonly requested: Grant['requested'];
  readonly reply: TokenGrant;
  /** Square's time of the reply, by its own `Date` where it has one. */
  readonly issuedAt: Instant;
  /** Square's time as it was known when the reply came. */
  readonly knownTime?: Instant;
  readonly sealedAt: Instant;
  /** The generation after which this one comes. */
  readonly after: number;
  /** What was held before, or nothing. */
  readonly before?: Pick<Grant, 'taken' | 'handled'> & Partial<Pick<Grant, 'merchantID' | 'signedInAt'>>;
  /** The refresh token that was presented; Square's reply may repeat it, replace it or leave it out. */
  readonly presented?: RefreshToken;
  /** Digest of the credential that this takes up. */
  readonly taken?: string;
}

/** The next generation of the grant, from a token reply. */
export function grantFrom(from: GrantFrom): Grant {
  const { reply, before, requested, application } = from;
  const merchantID = reply.merchantID ?? before?.merchantID;
  const refreshToken = nextRefreshToken(reply, from.presented);
  const lifetime = documentedLifetime(reply.shortLived ?? requested.shortLived);
  const issuedAt = issueTime(from, lifetime);
  // An end that is none: whether the token works is found out by asking.
  const expiresAt = reply.expiresAt !== undefined && reply.expiresAt > issuedAt ? reply.expiresAt : issuedAt + lifetime;
  const signedInAt = before?.merchantID === merchantID ? before?.signedInAt : undefined;
  const taken = [...(before?.taken ?? []), ...(from.taken === undefined ? [] : [from.taken])];
  return {
    generation: from.after + 1,
    connectionUID: from.connectionUID,
    environment: application.environment,
    clientID: application.clientID,
    kind: 'OAuth',
    ...(merchantID === undefined ? {} : { merchantID }),
    accessToken: { value: reply.accessToken, issuedAt, expiresAt },
    ...(signedInAt === undefined ? {} : { signedInAt }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    requested,
    taken: [...new Set(taken)].slice(-takenLimit),
    handled: before?.handled ?? {},
    sealedAt: from.sealedAt,
  };
}

/**
 * When the token was issued. A proxy may have spoilt the `Date` of the reply, and a clock that no answer has confirmed may
 * be wrong, but the end of the token is Square's own word in the body: of the two times the one that fits it counts.
 */
function issueTime({ issuedAt, knownTime, reply: { expiresAt } }: GrantFrom, lifetime: Duration): Instant {
  if (knownTime === undefined) return issuedAt;
  if (expiresAt === undefined) return knownTime;
  const off = (time: Instant) => Math.abs(expiresAt - lifetime - time);
  return off(knownTime) < off(issuedAt) ? knownTime : issuedAt;
}

/** The same token comes back in the code flow; a new one, with an end, in the PKCE flow; or none: keep the one we have. */
function nextRefreshToken(reply: TokenGrant, presented: RefreshToken | undefined): RefreshToken | undefined {
  if (reply.refreshToken === undefined) return presented;
  const changed = presented !== undefined && !sameToken(reply.refreshToken, presented.value);
  const expiresAt = reply.refreshTokenExpiresAt;
  return {
    value: reply.refreshToken,
    singleUse: changed || expiresAt !== undefined,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
