import { type Clock, type Duration, type SquareTime, seconds } from '../clock.ts';
import { openToken, secretBytes, type Token } from '../domain/token.ts';
import { squareOrigin } from './base-url.ts';
import { createCaller, type Observer, type Received } from './caller.ts';
import type { Outcome, SquareClient, TokenReply, TokenRequest } from './port.ts';
import { readLocations, readMerchant, readRevoked, readTokenGrant, readTokenStatus } from './replies.ts';
import { parseTokenReply } from './token-reply.ts';
import { revokeRequestBody, tokenRequestBody } from './token-request.ts';
import { type Call, createTransport } from './transport.ts';

export type * from './port.ts';
export { parseTokenReply } from './token-reply.ts';

/** The version of Square's API that replies are read by (Square, Versioning). */
export const pinnedSquareVersion = '2026-09-16';

export interface SquareClientOptions {
  /** `https://connect.squareup.com` or `https://connect.squareupsandbox.com`. */
  readonly baseURL: string;
  readonly squareVersion?: string;
  /** Fed with the `Date` of recognised answers, and of no others. */
  readonly time: SquareTime;
  readonly clock: Clock;
  readonly observe?: Observer;
  /** Default 5 s. */
  readonly connectTimeout?: Duration;
  /** From the call to the last byte of the answer, waiting for a connection included. Default 30 s. */
  readonly callTimeout?: Duration;
  /** The most connections at once. Default 64. */
  readonly connections?: number;
  readonly userAgent?: string;
}

const smallAnswer = 64 * 1_024;
const locationsAnswer = 4 * 1_024 * 1_024;

/** A client for one environment of Square. Throws `BaseURLRefused` when the base URL is unfit. */
export function createSquareClient(options: SquareClientOptions): SquareClient {
  const { clock, time, observe } = options;
  const transport = createTransport({
    origin: squareOrigin(options.baseURL),
    clock,
    connectTimeout: options.connectTimeout ?? seconds(5),
    callTimeout: options.callTimeout ?? seconds(30),
    connections: options.connections ?? 64,
  });
  const caller = createCaller({ transport, clock, time, observe });
  const call = requests(options);

  async function exchangeToken(
    request: TokenRequest,
    keep?: (reply: TokenReply) => Promise<void>,
  ): Promise<Outcome<TokenReply>> {
    const { grantType } = request;
    const subject = { operation: 'ObtainToken', grant: grantType } as const;
    const reply = ({ answer, at }: Received): TokenReply => ({
      grantType,
      body: secretBytes(Uint8Array.from(answer.body)),
      ...(at === undefined ? {} : { at }),
    });
    const outcome = await caller.askRaw(subject, call.token(request), readTokenGrant, (received) =>
      keep === undefined ? Promise.resolve() : keep(reply(received)),
    );
    return outcome.ok ? { ok: true, value: reply(outcome.value) } : outcome;
  }

  return {
    exchangeToken,
    async obtainToken(request) {
      const reply = await exchangeToken(request);
      return reply.ok ? parseTokenReply(reply.value) : reply;
    },
    async revokeToken(request) {
      const outcome = await caller.ask({ operation: 'RevokeToken' }, call.revoke(request), readRevoked);
      return outcome.ok ? { ...outcome, value: undefined } : outcome;
    },
    retrieveTokenStatus: (accessToken) =>
      caller.ask({ operation: 'RetrieveTokenStatus' }, call.status(accessToken), readTokenStatus),
    listLocations: (accessToken) =>
      caller.ask({ operation: 'ListLocations' }, call.locations(accessToken), readLocations),
    retrieveMerchant: (accessToken) =>
      caller.ask({ operation: 'RetrieveMerchant' }, call.merchant(accessToken), readMerchant),
    close: () => transport.close(),
  };
}

/** The five requests as they go out. `identity`, since nothing here unpacks an answer. */
function requests(options: Pick<SquareClientOptions, 'squareVersion' | 'userAgent'>) {
  const version = options.squareVersion ?? pinnedSquareVersion;
  const agent = options.userAgent ?? 'square-operator';
  const accept = ['accept', 'application/json', 'accept-encoding', 'identity'];
  const common = [...accept, 'square-version', version, 'user-agent', agent];
  const json = [...common, 'content-type', 'application/json'];
  const bearer = (accessToken: Token) => [...common, 'authorization', `Bearer ${openToken(accessToken)}`];
  const client = (secret: Token) => [...json, 'authorization', `Client ${openToken(secret)}`];
  const get = (path: string, limit: number) => (accessToken: Token) =>
    ({ method: 'GET', path, headers: bearer(accessToken), limit }) satisfies Call;
  return {
    token: (request: TokenRequest): Call => ({
      method: 'POST',
      path: '/oauth2/token',
      headers: json,
      body: tokenRequestBody(request),
      limit: smallAnswer,
      fresh: true,
    }),
    revoke: (request: Parameters<SquareClient['revokeToken']>[0]): Call => ({
      method: 'POST',
      path: '/oauth2/revoke',
      headers: client(request.clientSecret),
      body: revokeRequestBody(request),
      limit: smallAnswer,
    }),
    status: (accessToken: Token): Call => ({
      method: 'POST',
      path: '/oauth2/token/status',
      headers: bearer(accessToken),
      limit: smallAnswer,
    }),
    locations: get('/v2/locations', locationsAnswer),
    merchant: get('/v2/merchants/me', smallAnswer),
  };
}
