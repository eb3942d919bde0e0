import type { ConnectionSpec } from '../api/connection.ts';
import { days, hours, type Instant } from '../clock.ts';
import { type Failure, tookClient } from '../domain/failure.ts';
import { type Grant, type RefreshToken, takenLimit } from '../domain/grant.ts';
import type { Application, ApplicationRefusal, Observation } from '../domain/observation.ts';
import { sameToken, type Token } from '../domain/token.ts';
import { scopesToAskFor, wantedToken } from '../domain/wanted.ts';
import type { SquareClient, TokenGrant, TokenRequest } from '../square/port.ts';
import type { Applications } from './applications.ts';

export type Exchanged =
  | { readonly kind: 'Granted'; readonly reply: TokenGrant; readonly at?: Instant }
  | { readonly kind: 'Failed'; readonly failure: Failure; readonly refusal?: ApplicationRefusal }
  /** Another connection is asking for this application, which Square refused before. */
  | { readonly kind: 'Busy' };

type Asking =
  | { readonly grantType: 'refresh_token'; readonly refreshToken: Token }
  | { readonly grantType: 'migration_token'; readonly migrationToken: Token };

/**
 * One token request in the name of the application. When Square refuses the client, the previous client secret is tried
 * once: a refused client spends no token.
 */
export async function exchange(
  deps: { readonly applications: Applications; readonly square: SquareClient; readonly mayAct: () => boolean },
  application: Application & { kind: 'Found' },
  spec: ConnectionSpec,
  o: Observation,
  asking: Asking,
): Promise<Exchanged> {
  const { ref, clientID } = application;
  if (!deps.applications.mayAsk(ref)) return { kind: 'Busy' };
  const secrets: (Token | undefined)[] =
    application.clientSecret.kind === 'None' ? [undefined] : deps.applications.clientSecrets(ref);
  let outcome: Awaited<ReturnType<SquareClient['obtainToken']>> | undefined;
  for (const clientSecret of secrets) {
    if (!deps.mayAct()) return { kind: 'Busy' };
    const common = { clientID, clientSecret, shortLived: spec.shortLived === true ? true : undefined };
    const request: TokenRequest =
      asking.grantType === 'refresh_token'
        ? { ...common, ...asking, scopes: scopesToAskFor(o, spec) }
        : { ...common, ...asking };
    outcome = await deps.square.obtainToken(request);
    if (outcome.ok || outcome.failure.class !== 'ClientRefused') break;
  }
  // The client secret went away between looking and asking.
  if (outcome === undefined) return { kind: 'Busy' };
  if (outcome.ok) {
    deps.applications.accepted(ref);
    return { kind: 'Granted', reply: outcome.value, ...(outcome.at === undefined ? {} : { at: outcome.at }) };
  }
  const { failure } = outcome;
  if (failure.class === 'ClientRefused') return { kind: 'Failed', failure, refusal: deps.applications.refused(ref) };
  if (tookClient(failure)) deps.applications.accepted(ref);
  return { kind: 'Failed', failure };
}

/** Lifetimes by Square's documentation, for a reply that names no end, or one in the past (Square, "OAuth best practices"). */
const documentedLifetime = (shortLived: boolean) => (shortLived ? hours(24) : days(30));

export interface GrantFrom {
  readonly connectionUID: string;
  readonly application: Application & { kind: 'Found' };
  readonly spec: ConnectionSpec;
  readonly reply: TokenGrant;
  /** Square's time of the reply. */
  readonly issuedAt: Instant;
  readonly sealedAt: Instant;
  /** The generation after which this one comes. */
  readonly after: number;
  /** What was held before, or nothing. */
  readonly before?: Grant;
  /** The refresh token that was presented; Square's reply may repeat it, replace it or leave it out. */
  readonly presented?: RefreshToken;
  /** Digest of the credential that this takes up. */
  readonly taken?: string;
}

/** The next generation of the grant, from a token reply. */
export function grantFrom(from: GrantFrom): Grant {
  const { reply, before, spec, application } = from;
  const requested = wantedToken(spec);
  const merchantID = reply.merchantID ?? before?.merchantID;
  const refreshToken = nextRefreshToken(reply, from.presented);
  const documented = from.issuedAt + documentedLifetime(reply.shortLived ?? requested.shortLived);
  // An end that is none: whether the token works is found out by asking.
  const expiresAt = reply.expiresAt !== undefined && reply.expiresAt > from.issuedAt ? reply.expiresAt : documented;
  const taken = [...(before?.taken ?? []), ...(from.taken === undefined ? [] : [from.taken])];
  return {
    generation: from.after + 1,
    connectionUID: from.connectionUID,
    environment: application.environment,
    clientID: application.clientID,
    kind: 'OAuth',
    ...(merchantID === undefined ? {} : { merchantID }),
    accessToken: { value: reply.accessToken, issuedAt: from.issuedAt, expiresAt },
    ...(refreshToken === undefined ? {} : { refreshToken }),
    requested,
    taken: [...new Set(taken)].slice(-takenLimit),
    handled: before?.handled ?? {},
    sealedAt: from.sealedAt,
  };
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
