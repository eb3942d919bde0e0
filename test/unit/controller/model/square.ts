import { days, hours, type Instant, minutes, type SquareTime } from '../../../../src/clock.ts';
import type { Failure, FailureClass, FailureReason, Operation } from '../../../../src/domain/failure.ts';
import { openToken, type Token, token } from '../../../../src/domain/token.ts';
import type { Outcome, RevokeRequest, SquareClient, TokenGrant, TokenRequest } from '../../../../src/square/port.ts';
import { replyOf } from '../../../support/token-reply.ts';

/**
 * What goes wrong with a call: it is not sent, nobody knows whether it arrived (it did not), its answer is lost, or an error
 * takes its place, Square says no, or it says no for no good reason.
 */
export const faults = [
  'Unreachable',
  'Silence',
  'AnswerLost',
  'Unavailable',
  'GatewayTimedOut',
  'RateLimited',
  'NotUnderstood',
  'NoDate',
  'WrongDate',
  'Unauthorized',
] as const;
export type Fault = (typeof faults)[number];

/** What a call is for. */
export type Kind = 'token' | 'bearer' | 'revoke';

interface Issued {
  readonly merchant: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  state: 'Live' | 'Revoked' | 'Forgotten';
}

/** What the operator was told by an answer that reached it. */
export type Told =
  | { readonly kind: 'Issued'; readonly token: string; readonly merchant: string }
  /** Asked, not told: somebody's authorization is to end. */
  | { readonly kind: 'Revoking'; readonly merchant: string }
  | { readonly kind: 'Proven'; readonly token: string }
  | { readonly kind: 'Dead'; readonly token: string; readonly class: FailureClass };

/** A refresh token as Square knows it. */
export interface ModelRefreshToken {
  readonly merchant: string;
  /** As those of PKCE are: it works once, ends, and is presented without a client secret. */
  readonly singleUse: boolean;
  live: boolean;
  /** When it was presented, whatever came of it. */
  readonly presentedAt: Instant[];
  /** How often it was presented after it had been used up. */
  presentedAgain: number;
  /** What Square gave for it last. */
  successor?: string;
}

/** Square: refresh tokens that work again and again, or once; access tokens of 30 days; and faults. */
export interface ModelSquare {
  /** Square's clock. */
  now(): Instant;
  advance(by: number): void;
  newRefreshToken(merchant: string, singleUse?: boolean): string;
  /** What a code gives to whoever exchanges it: an authorization of its own. */
  signIn(merchant: string, singleUse: boolean): TokenGrant;
  issued: ReadonlyMap<string, Issued>;
  /** Everything that was ever given, in its order. */
  refreshTokens: Map<string, ModelRefreshToken>;
  readonly clientSecrets: Set<string>;
  faults: { readonly on: Kind; readonly fault: Fault; left: number }[];
  /** Sellers whose new access tokens are not accepted anywhere. */
  readonly stillborn: Set<string>;
  /** Token requests that failed, by what they presented and when. */
  readonly refused: Map<string, number>;
  kill(merchant: string, how: 'Revoked' | 'Forgotten', refreshTokenToo: boolean): void;
  readonly calls: Record<Kind, number>;
  client(time: SquareTime, edge: SquareEdge, told: (what: Told) => void): SquareClient;
}

/** `act` gives what the operator hears. */
export type SquareEdge = (operation: Operation, act: () => () => void) => Promise<void>;

/** Square, "OAuth best practices". */
const singleUseLifetime = days(90);

const fail = (
  operation: Operation,
  failureClass: FailureClass,
  reason: FailureReason,
  more: Partial<Failure> = {},
) => ({
  ok: false as const,
  failure: { class: failureClass, reason, operation, message: `${operation}: ${reason}.`, maybeActed: false, ...more },
});

const changes = (operation: Operation) => operation === 'ObtainToken' || operation === 'RevokeToken';

export function createModelSquare(start: Instant): ModelSquare {
  let at = start;
  let serial = 0;
  const issued = new Map<string, Issued>();
  const refreshTokens: ModelSquare['refreshTokens'] = new Map();
  const clientSecrets = new Set(['good-secret']);
  const square: ModelSquare = {
    now: () => at,
    advance: (by) => void (at += by),
    newRefreshToken(merchant, singleUse = false) {
      const value = `EQAArefresh-${++serial}`;
      refreshTokens.set(value, { merchant, singleUse, live: true, presentedAt: [], presentedAgain: 0 });
      return value;
    },
    signIn(merchant, singleUse) {
      const refreshToken = token(square.newRefreshToken(merchant, singleUse));
      const ends = singleUse ? { refreshTokenExpiresAt: at + singleUseLifetime } : {};
      return { ...mint(merchant, days(30)), refreshToken, ...ends };
    },
    issued,
    refreshTokens,
    clientSecrets,
    faults: [],
    stillborn: new Set(),
    refused: new Map(),
    kill(merchant, how, refreshTokenToo) {
      for (const one of issued.values()) if (one.merchant === merchant) one.state = how;
      for (const one of refreshTokens.values()) if (refreshTokenToo && one.merchant === merchant) one.live = false;
    },
    calls: { token: 0, bearer: 0, revoke: 0 },
    client: (time, edge, told) => clientOf(time, edge, told),
  };

  function takeFault(on: Kind): Fault | undefined {
    const fault = square.faults.find((one) => one.on === on && one.left > 0);
    if (fault !== undefined) fault.left--;
    return fault?.fault;
  }

  function mint(merchant: string, lifetime: number) {
    const access = `EAAAaccess-${++serial}`;
    const issuedAt = Math.floor(at / 1_000) * 1_000;
    const expiresAt = issuedAt + lifetime;
    const state = square.stillborn.has(merchant) ? 'Forgotten' : 'Live';
    issued.set(access, { merchant, issuedAt, expiresAt, state });
    return { accessToken: token(access), expiresAt, merchantID: merchant };
  }

  function exchange(request: TokenRequest): Outcome<TokenGrant> {
    const value = request.grantType === 'refresh_token' ? openToken(request.refreshToken) : '';
    const held = refreshTokens.get(value);
    const { clientSecret } = request;
    const trusted = clientSecret === undefined ? held?.singleUse === true : clientSecrets.has(openToken(clientSecret));
    if (!trusted) return fail('ObtainToken', 'ClientRefused', 'ClientRefused', { status: 401 });
    if (held === undefined || !held.live) {
      if (held?.successor !== undefined) held.presentedAgain++;
      return fail('ObtainToken', 'RefreshTokenRefused', 'RefreshTokenRefused', { status: 400 });
    }
    const grant = mint(held.merchant, request.shortLived === true ? hours(24) : days(30));
    if (!held.singleUse) return { ok: true, value: { ...grant, refreshToken: token(value) }, at };
    held.live = false;
    held.successor = square.newRefreshToken(held.merchant, true);
    const ends = {
      refreshToken: token(held.successor),
      refreshTokenExpiresAt: Math.floor(at / 1_000) * 1_000 + singleUseLifetime,
    };
    return { ok: true, value: { ...grant, ...ends }, at };
  }

  function look(operation: Operation, value: Token): Outcome<Issued> {
    const held = issued.get(openToken(value));
    if (held === undefined || held.state === 'Forgotten')
      return fail(operation, 'AccessTokenUnauthorized', 'AccessTokenUnauthorized', { status: 401 });
    if (held.state === 'Revoked') return fail(operation, 'AccessTokenRevoked', 'AccessTokenRevoked', { status: 401 });
    if (at >= held.expiresAt) return fail(operation, 'AccessTokenExpired', 'AccessTokenExpired', { status: 401 });
    return { ok: true, value: held, at };
  }

  function revoke(request: RevokeRequest, told: (what: Told) => void): Outcome<void> {
    if (!clientSecrets.has(openToken(request.clientSecret))) {
      return fail('RevokeToken', 'ClientRefused', 'ClientRefused', { status: 401 });
    }
    const named = 'accessToken' in request ? issued.get(openToken(request.accessToken)) : undefined;
    const merchant = 'merchantID' in request ? request.merchantID : named?.merchant;
    const live = [...issued.values(), ...refreshTokens.values()].some(
      (one) => one.merchant === merchant && ('live' in one ? one.live : one.state === 'Live'),
    );
    const known = 'accessToken' in request ? named?.state === 'Live' : live;
    if (merchant === undefined || !known) {
      return fail('RevokeToken', 'NothingToRevoke', 'NothingToRevoke', { status: 404 });
    }
    told({ kind: 'Revoking', merchant });
    if ('accessToken' in request && request.onlyAccessToken === true && named !== undefined) named.state = 'Revoked';
    else square.kill(merchant, 'Revoked', true);
    return { ok: true, value: undefined, at };
  }

  function faulty<T>(operation: Operation, fault: Fault, act: () => Outcome<T>): Outcome<T> {
    switch (fault) {
      case 'Unreachable':
        return fail(operation, 'Unreachable', 'SquareConnectionLost');
      case 'Silence':
        return fail(operation, 'Unreachable', 'SquareTimedOut', { maybeActed: true });
      case 'AnswerLost':
        act();
        return fail(operation, 'Unreachable', 'SquareTimedOut', { maybeActed: true });
      case 'Unavailable':
        return fail(operation, 'Unavailable', 'SquareUnavailable', {
          status: 503,
          code: 'SERVICE_UNAVAILABLE',
          maybeActed: changes(operation),
        });
      case 'GatewayTimedOut':
        act();
        return fail(operation, 'Unavailable', 'SquareUnavailable', { status: 504, maybeActed: changes(operation) });
      case 'RateLimited':
        return fail(operation, 'RateLimited', 'RateLimited', { status: 429, retryAfter: minutes(7) });
      case 'NotUnderstood':
        return fail(operation, 'Unknown', 'SquareAnswerNotUnderstood', {
          status: 403,
          maybeActed: changes(operation),
        });
      case 'Unauthorized':
        return operation === 'ObtainToken' || operation === 'RevokeToken'
          ? fail(operation, 'Unknown', 'SquareAnswerNotUnderstood', { status: 401, maybeActed: true })
          : fail(operation, 'AccessTokenUnauthorized', 'AccessTokenUnauthorized', { status: 401 });
      case 'NoDate':
        return act();
      case 'WrongDate': {
        const answer = act();
        return answer.ok ? { ...answer, at: dateOf(fault) } : answer;
      }
    }
  }

  function noteRefusal(request: TokenRequest): void {
    const value = request.grantType === 'refresh_token' ? openToken(request.refreshToken) : '';
    const key = `${value} at ${new Date(at).toISOString()}`;
    square.refused.set(key, (square.refused.get(key) ?? 0) + 1);
  }

  const dated: ReadonlySet<string> = new Set(['Unauthorized', 'WrongDate']);

  /** What a proxy makes of the time is another nonsense every time. */
  function dateOf(fault: Fault | undefined): Instant {
    const off = fault === 'WrongDate' ? days((++serial % 2 === 0 ? 40 : -40) + (serial % 7)) : 0;
    return Math.floor((at + off) / 1_000) * 1_000;
  }

  function clientOf(time: SquareTime, edge: SquareEdge, told: (what: Told) => void): SquareClient {
    const unused = () => Promise.reject(new Error('the controller does not use this'));
    /** The call happens at Square, and its answer is heard only by an operator that still lives. */
    async function call<T>(
      operation: Operation,
      act: () => Outcome<T>,
      hear: (outcome: Outcome<T>) => void,
      presented?: ModelRefreshToken,
    ) {
      const on = operation === 'ObtainToken' ? 'token' : operation === 'RevokeToken' ? 'revoke' : 'bearer';
      let outcome: Outcome<T> | undefined;
      await edge(operation, () => {
        square.calls[on]++;
        presented?.presentedAt.push(at);
        const fault = takeFault(on);
        const answer = fault === undefined ? act() : faulty(operation, fault, act);
        return () => {
          outcome = answer;
          if (fault === undefined || dated.has(fault)) time.observe(dateOf(fault));
          hear(answer);
        };
      });
      if (outcome === undefined) throw new Error('an answer was neither given nor withheld');
      return outcome;
    }
    const bearer = <T>(operation: Operation, value: Token, make: (held: Issued) => T) =>
      call(
        operation,
        (): Outcome<T> => {
          const seen = look(operation, value);
          return seen.ok ? { ok: true, value: make(seen.value), at } : seen;
        },
        (outcome) => {
          if (outcome.ok && operation === 'ListLocations') told({ kind: 'Proven', token: openToken(value) });
          if (outcome.ok || operation !== 'ListLocations') return;
          const { class: failureClass } = outcome.failure;
          if (failureClass.startsWith('AccessToken')) {
            told({ kind: 'Dead', token: openToken(value), class: failureClass });
          }
        },
      );
    return {
      async exchangeToken(request, keep) {
        const answer = await call(
          'ObtainToken',
          () => exchange(request),
          (outcome) => {
            if (!outcome.ok) {
              noteRefusal(request);
              return;
            }
            const { accessToken, merchantID = '' } = outcome.value;
            told({ kind: 'Issued', token: openToken(accessToken), merchant: merchantID });
          },
          request.grantType === 'refresh_token' ? refreshTokens.get(openToken(request.refreshToken)) : undefined,
        );
        if (!answer.ok) return answer;
        const reply = replyOf(request, answer);
        await keep?.(reply);
        return { ok: true, value: reply };
      },
      listLocations: (value) =>
        bearer('ListLocations', value, ({ merchant }) => ({ count: 1, active: 1, merchantID: merchant })),
      retrieveTokenStatus: (value) =>
        bearer('RetrieveTokenStatus', value, ({ merchant }) => ({
          scopes: ['MERCHANT_PROFILE_READ'],
          merchantID: merchant,
        })),
      retrieveMerchant: (value) =>
        bearer('RetrieveMerchant', value, ({ merchant }) => ({ id: merchant, businessName: 'Bakery' })),
      obtainToken: unused,
      revokeToken: (request) =>
        call(
          'RevokeToken',
          () => revoke(request, told),
          () => {},
        ),
      close: async () => {},
    };
  }

  return square;
}
