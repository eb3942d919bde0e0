import type { ConnectionSpec, Environment } from '../api/connection.ts';
import type { Clock, SquareTime } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import type { Token } from '../domain/token.ts';
import { wantedToken } from '../domain/wanted.ts';
import { askAsClient } from './client-secrets.ts';
import { grantFrom } from './grant-from.ts';
import type { Outcome, SquareClient, TokenReply, TokenRequest } from './port.ts';
import { sellerOf } from './seller.ts';
import { parseTokenReply } from './token-reply.ts';

/** What Square's callback brought, and what the authorization request was made with. */
export type SignIn = {
  readonly connectionUID: string;
  readonly environment: Environment;
  readonly clientID: string;
  readonly spec: ConnectionSpec;
  readonly code: Token;
  /** What the grant is remembered by once it was taken up. */
  readonly taken: string;
  /** To be given exactly when it was part of the authorization request (Square, ObtainToken reference). */
  readonly redirectURI?: string;
} & (
  | {
      /** In the order to try them. */
      readonly clientSecrets: readonly [Token, ...Token[]];
    }
  /** PKCE sends no client secret. */
  | { readonly codeVerifier: Token }
);

export interface ExchangeCodeDeps {
  readonly square: Pick<SquareClient, 'exchangeToken' | 'retrieveTokenStatus' | 'retrieveMerchant'>;
  readonly time: SquareTime;
  readonly clock: Clock;
  /** Has the answer before anybody looks into it, and is waited for; it must not reject. */
  readonly keep: (reply: TokenReply) => Promise<void>;
}

/**
 * Exchanges an authorization code, which lives 5 minutes and works once (Square, "OAuth Overview"), and asks whose the
 * token is when the reply does not say. The grant is the first of its generations; whoever takes it up counts on from
 * what is held. A failure that is no `ClientRefused` has used the code up, or may have: the seller signs in again.
 */
export async function exchangeCode(deps: ExchangeCodeDeps, signIn: SignIn): Promise<Outcome<Grant>> {
  const { square, time, clock, keep } = deps;
  const { clientID, spec, code, redirectURI, connectionUID, taken } = signIn;
  const codeVerifier = 'codeVerifier' in signIn ? signIn.codeVerifier : undefined;
  const secrets = 'clientSecrets' in signIn ? signIn.clientSecrets : [undefined];
  const ask = async (clientSecret: Token | undefined) => {
    const identity = { clientID, clientSecret, shortLived: spec.shortLived };
    const request: TokenRequest = { ...identity, grantType: 'authorization_code', code, redirectURI, codeVerifier };
    const reply = await square.exchangeToken(request, keep);
    return reply.ok ? parseTokenReply(reply.value) : reply;
  };
  const exchanged = await askAsClient(secrets, () => true, ask);
  if (exchanged === undefined) throw new Error('there is no client to ask as');
  if (!exchanged.ok) return exchanged;
  const reply = exchanged.value;
  const seller = reply.merchantID === undefined ? await sellerOf(square, reply.accessToken) : undefined;
  const grant = grantFrom({
    connectionUID,
    application: signIn,
    requested: wantedToken(spec),
    reply: seller?.ok === true ? { ...reply, merchantID: seller.value } : reply,
    issuedAt: exchanged.at ?? time.now(),
    knownTime: time.now(),
    sealedAt: clock.wall(),
    after: 0,
    taken,
  });
  return { ok: true, value: grant, ...(exchanged.at === undefined ? {} : { at: exchanged.at }) };
}
