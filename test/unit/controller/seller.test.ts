import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/clock.ts';
import { named } from '../../../src/controller/seller.ts';
import { token } from '../../../src/domain/token.ts';
import type { Merchant, Outcome, TokenStatus } from '../../../src/square/port.ts';
import { aFailure } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';

const down = { ok: false, failure: aFailure() } as const;
const forbidden = {
  ok: false,
  failure: aFailure({ class: 'InsufficientScopes', reason: 'InsufficientScopes' }),
} as const;
const status = (merchantID?: string): Outcome<TokenStatus> => ({
  ok: true,
  value: { scopes: [], ...(merchantID === undefined ? {} : { merchantID }) },
});

/** Square, whose answers come one after the other; the last one stays. */
function aSquare(statuses: readonly Outcome<TokenStatus>[], merchants: readonly Outcome<Merchant>[]) {
  const asked: string[] = [];
  const next = <T>(answers: readonly T[], what: string): Promise<T> => {
    const before = asked.filter((one) => one === what).length;
    asked.push(what);
    const answer = answers[Math.min(before, answers.length - 1)];
    return answer === undefined ? Promise.reject(new Error('not to be asked')) : Promise.resolve(answer);
  };
  const square = {
    retrieveTokenStatus: () => next(statuses, 'status'),
    retrieveMerchant: () => next(merchants, 'merchant'),
  };
  return { asked, square };
}

async function name(square: ReturnType<typeof aSquare>['square'], pin?: string, merchantID?: string) {
  const clock = createFakeClock();
  const given = { accessToken: token('EAAAx'), ...(merchantID === undefined ? {} : { merchantID }) };
  const naming = named({ clock, square }, given, pin);
  await clock.advance(seconds(60));
  return await naming;
}

describe('whose a token is', () => {
  it('is not asked where the reply says it', async () => {
    const { square, asked } = aSquare([], []);
    expect(await name(square, 'M-PIN', 'M-OTHER')).toMatchObject({ ok: true, value: { merchantID: 'M-OTHER' } });
    expect(asked).toEqual([]);
  });

  it.each([
    ['RetrieveTokenStatus', [status('M-A')], [], ['status']],
    ['RetrieveMerchant, where the status does not name it', [status()], [me('M-A')], ['status', 'merchant']],
    ['RetrieveMerchant, where the status is refused', [forbidden], [me('M-A')], ['status', 'merchant']],
  ] as const)('is told by %s', async (_, statuses, merchants, expected) => {
    const { square, asked } = aSquare(statuses, merchants);
    expect(await name(square, 'M-PIN')).toMatchObject({ ok: true, value: { merchantID: 'M-A' } });
    expect(asked).toEqual(expected);
  });

  it('is asked again for half a minute under a pin', async () => {
    const { square } = aSquare([down, down, down, status('M-A')], [down]);
    expect(await name(square, 'M-PIN')).toMatchObject({ ok: true, value: { merchantID: 'M-A' } });
  });

  it.each([
    ['nobody answers', [down], [down], 10],
    ['nobody may tell', [status()], [forbidden], 2],
  ] as const)('that nobody names is a failure under a pin: %s', async (_, statuses, merchants, calls) => {
    const { square, asked } = aSquare(statuses, merchants);
    const outcome = await name(square, 'M-PIN');
    expect(outcome).toMatchObject({
      ok: false,
      failure: { class: 'Unknown', reason: 'SellerNotNamed', operation: 'RetrieveTokenStatus' },
    });
    expect(asked).toHaveLength(calls);
    expect(JSON.stringify(outcome)).toContain('M-PIN');
  });

  it('is left open without a pin, after asking once', async () => {
    const { square, asked } = aSquare([down], [down]);
    const outcome = await name(square);
    expect(outcome.ok && Object.keys(outcome.value)).toEqual(['accessToken']);
    expect(asked).toEqual(['status', 'merchant']);
  });
});

function me(id: string): Outcome<Merchant> {
  return { ok: true, value: { id } };
}
