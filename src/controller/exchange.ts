import type { ConnectionSpec } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import { type Failure, tookClient } from '../domain/failure.ts';
import type { RefreshToken } from '../domain/grant.ts';
import type { Application, ApplicationRefusal, Observation } from '../domain/observation.ts';
import type { Token } from '../domain/token.ts';
import { scopesToAskFor } from '../domain/wanted.ts';
import { askAsClient } from '../square/client-secrets.ts';
import type { Outcome, SquareClient, TokenGrant, TokenReply, TokenRequest } from '../square/port.ts';
import { parseTokenReply } from '../square/token-reply.ts';
import type { Applications } from './applications.ts';

export type Exchanged =
  | { readonly kind: 'Granted'; readonly reply: TokenGrant; readonly at?: Instant }
  | { readonly kind: 'Failed'; readonly failure: Failure; readonly refusal?: ApplicationRefusal }
  /** Another connection is asking for this application, which Square refused before. */
  | { readonly kind: 'Busy' };

export type Asking =
  | { readonly grantType: 'refresh_token'; readonly refreshToken: RefreshToken }
  | { readonly grantType: 'migration_token'; readonly migrationToken: Token };

/** Only refresh tokens of PKCE end, and with them no client secret is sent (Square, ObtainToken reference). */
const isPKCE = (asking: Asking): boolean =>
  asking.grantType === 'refresh_token' && asking.refreshToken.expiresAt !== undefined;

export interface ExchangeDeps {
  readonly applications: Applications;
  readonly square: SquareClient;
  /** Asked right before each request. */
  readonly maySend: () => boolean;
  /** Has the answer before anybody looks into it. */
  readonly keep: (reply: TokenReply) => Promise<void>;
}

/**
 * One token request in the name of the application, once more with the previous client secret when Square refuses the
 * client, and once more without scopes when it refuses the request.
 */
export async function exchange(
  deps: ExchangeDeps,
  application: Application & { kind: 'Found' },
  spec: ConnectionSpec,
  o: Observation,
  asking: Asking,
): Promise<Exchanged> {
  const { ref, clientID } = application;
  if (!deps.applications.mayAsk(ref)) return { kind: 'Busy' };
  const secrets: (Token | undefined)[] =
    application.clientSecret.kind === 'None' || isPKCE(asking) ? [undefined] : deps.applications.clientSecrets(ref);
  const common = { clientID, shortLived: spec.shortLived === true ? true : undefined };
  const ask = (scopes: readonly string[]) =>
    askAsClient(secrets, deps.maySend, async (clientSecret) => {
      const request: TokenRequest =
        asking.grantType === 'refresh_token'
          ? { ...common, clientSecret, grantType: asking.grantType, refreshToken: asking.refreshToken.value, scopes }
          : { ...common, clientSecret, ...asking };
      const reply = await deps.square.exchangeToken(request, deps.keep);
      return reply.ok ? parseTokenReply(reply.value) : reply;
    });
  const scopes = asking.grantType === 'refresh_token' ? scopesToAskFor(o, spec) : [];
  const first = await ask(scopes);
  const isOnceMore = scopes.length > 0 && isRefusedRequest(first);
  if (isOnceMore) deps.applications.accepted(ref);
  const outcome = isOnceMore ? ((await ask([])) ?? first) : first;
  // The client secret went away between looking and asking, somebody else acts now, or it is too late to.
  if (outcome === undefined) return { kind: 'Busy' };
  if (outcome.ok) {
    deps.applications.accepted(ref);
    return { kind: 'Granted', reply: outcome.value, ...(outcome.at === undefined ? {} : { at: outcome.at }) };
  }
  const { failure } = outcome;
  if (failure.class === 'ClientRefused')
    return { kind: 'Failed', failure, refusal: deps.applications.refused(ref, failure) };
  if (tookClient(failure)) deps.applications.accepted(ref);
  return { kind: 'Failed', failure };
}

/**
 * A permission that was never granted, or misspelt, may be why: a limit is not worth the authorization, which ends when its
 * token is not renewed, and `ScopesSatisfied` names what is missing. Nothing was done, so the same token is presented.
 */
const isRefusedRequest = (outcome: Outcome<TokenGrant> | undefined): boolean =>
  outcome?.ok === false && outcome.failure.class === 'BadRequest' && !outcome.failure.maybeActed;
