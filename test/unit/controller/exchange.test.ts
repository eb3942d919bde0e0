import { describe, expect, it } from 'vitest';
import { days } from '../../../src/clock.ts';
import type { Applications } from '../../../src/controller/applications.ts';
import { exchange } from '../../../src/controller/exchange.ts';
import type { Failure } from '../../../src/domain/failure.ts';
import { openToken, token } from '../../../src/domain/token.ts';
import type { Outcome, SquareClient, TokenGrant, TokenReply, TokenRequest } from '../../../src/square/port.ts';
import { aFailure, anApplication, anObservation, aSpec, noon } from '../../support/builders.ts';
import { replyOf } from '../../support/token-reply.ts';

const reply: TokenGrant = {
  accessToken: token('EAAAnew'),
  expiresAt: noon + days(30),
  merchantID: 'M-BAKERY',
  refreshToken: token('EQAAold'),
};

describe('a token request', () => {
  const asking = { grantType: 'refresh_token', refreshToken: { value: token('EQAAold'), singleUse: false } } as const;
  const pkce = { ...asking, refreshToken: { ...asking.refreshToken, singleUse: true, expiresAt: noon + days(90) } };
  const no: Outcome<TokenGrant> = {
    ok: false,
    failure: aFailure({ class: 'ClientRefused', reason: 'ClientRefused', status: 401 }),
  };
  const yes: Outcome<TokenGrant> = { ok: true, value: reply, at: noon };

  async function ask(
    answers: readonly Outcome<TokenGrant>[],
    secrets: readonly string[],
    application = anApplication(),
    what: typeof asking | typeof pkce = asking,
    scopes: readonly string[] = [],
  ) {
    const asked: TokenRequest[] = [];
    const heard: string[] = [];
    const keeps: TokenReply[] = [];
    const applications = {
      mayAsk: () => true,
      clientSecrets: () => secrets.map((secret) => token(secret)),
      accepted: () => heard.push('accepted') > 0,
      refused: () => {
        heard.push('refused');
        return { since: noon, retryAt: noon + 1 };
      },
    } as unknown as Applications;
    const square = {
      exchangeToken: async (request: TokenRequest, keep?: (reply: TokenReply) => Promise<void>) => {
        const answer = answers[asked.push(request) - 1] ?? no;
        if (!answer.ok) return answer;
        const replied = replyOf(request, answer);
        await keep?.(replied);
        return { ok: true, value: replied };
      },
    } as unknown as SquareClient;
    const result = await exchange(
      { applications, square, maySend: () => true, keep: async (kept) => void keeps.push(kept) },
      application,
      aSpec({ scopes: [...scopes] }),
      anObservation(),
      what,
    );
    return {
      result,
      heard,
      keeps,
      secrets: asked.map(({ clientSecret }) => clientSecret && openToken(clientSecret)),
      scopes: asked.map((request) => ('scopes' in request ? request.scopes : undefined)),
    };
  }

  it('is made with the current client secret', async () => {
    expect(await ask([yes], ['current', 'previous'])).toMatchObject({
      result: { kind: 'Granted', at: noon },
      heard: ['accepted'],
      secrets: ['current'],
    });
  });

  it('is made once more with the previous one when Square refuses the client', async () => {
    expect(await ask([no, yes], ['current', 'previous'])).toMatchObject({
      result: { kind: 'Granted' },
      heard: ['accepted'],
      secrets: ['current', 'previous'],
    });
  });

  it('is not made a third time: the client is refused', async () => {
    expect(await ask([no, no], ['current', 'previous'])).toMatchObject({
      result: { kind: 'Failed', refusal: { retryAt: noon + 1 } },
      heard: ['refused'],
      secrets: ['current', 'previous'],
    });
  });

  it('that fails otherwise is not repeated with another secret', async () => {
    const gone: Outcome<TokenGrant> = {
      ok: false,
      failure: aFailure({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused', status: 400 }),
    };
    expect(await ask([gone], ['current', 'previous'])).toMatchObject({ heard: ['accepted'], secrets: ['current'] });
    const lost: Outcome<TokenGrant> = { ok: false, failure: aFailure({ maybeActed: true }) };
    expect(await ask([lost], ['current', 'previous'])).toMatchObject({ heard: [], secrets: ['current'] });
  });

  const refused = (fields: Partial<Failure> = {}): Outcome<TokenGrant> => ({
    ok: false,
    failure: aFailure({ class: 'BadRequest', reason: 'RequestRefused', status: 400, ...fields }),
  });

  it.each([
    [
      'that names scopes is made once more without them when it is refused',
      ['ORDERS_RAED'],
      [refused(), yes],
      2,
      'Granted',
    ],
    [
      'that is refused without scopes, too, is not made a third time',
      ['ORDERS_RAED'],
      [refused(), refused(), yes],
      2,
      'Failed',
    ],
    ['that names none is not repeated', [], [refused(), yes], 1, 'Failed'],
    ['that may have been acted on is not repeated', ['ORDERS_RAED'], [refused({ maybeActed: true }), yes], 1, 'Failed'],
    [
      'whose token is refused is not repeated',
      ['ORDERS_RAED'],
      [refused({ class: 'RefreshTokenRefused' }), yes],
      1,
      'Failed',
    ],
  ] as const)('%s', async (_, scopes, answers, times, kind) => {
    for (const what of [asking, pkce]) {
      const { result, heard, scopes: sent } = await ask(answers, ['current'], anApplication(), what, scopes);
      expect(result).toMatchObject({ kind });
      expect(sent).toEqual([scopes, []].slice(0, times));
      // Square has looked at the client before it refuses the request.
      if (times === 2) expect(heard[0]).toBe('accepted');
    }
  });

  it('of the PKCE flow has no secret', async () => {
    const { secrets } = await ask([yes], [], anApplication({ clientSecret: { kind: 'None' } }));
    expect(secrets).toEqual([undefined]);
  });

  it('for a grant of the PKCE flow has none either, whatever the application has by now', async () => {
    expect(await ask([yes], ['current'], anApplication(), pkce)).toMatchObject({ secrets: [undefined] });
  });

  it('is not made when the client secret went away meanwhile', async () => {
    expect(await ask([yes], [])).toMatchObject({ result: { kind: 'Busy' }, secrets: [] });
  });
});
