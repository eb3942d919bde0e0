import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { createBudget } from '../../../src/controller/budget.ts';
import { withinBudget } from '../../../src/controller/budgeted-client.ts';
import { token } from '../../../src/domain/token.ts';
import type { SquareClient, TokenRequest } from '../../../src/square/port.ts';
import { aFailure, canary } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';

const request: TokenRequest = { clientID: 'sq0idp-EXAMPLE', grantType: 'refresh_token', refreshToken: token('EQAA') };

/** A budget of one call a second, of which the first is set aside. */
function stage(fails?: { readonly retryAfter: number }) {
  const clock = createFakeClock();
  const limit = { requestsPerSecond: 1, burst: 1 };
  const budget = createBudget({ clock, limit: () => limit, wake: () => {} });
  const reserve = budget.admit('shop/bakery', 1, 0);
  if (reserve === undefined) throw new Error('nothing was set aside');
  const sent: string[] = [];
  const tooMany: unknown[] = [];
  const state = { mayAct: true };
  const call = (name: string) => async () => {
    sent.push(`${name} at ${clock.monotonic() / 1_000} s`);
    return fails === undefined
      ? { ok: true, value: {} }
      : { ok: false, failure: aFailure({ class: 'RateLimited', reason: 'RateLimited', status: 429, ...fails }) };
  };
  const inner = { listLocations: call('locations'), obtainToken: call('token'), exchangeToken: call('exchange') };
  const client = withinBudget(inner as unknown as SquareClient, {
    clock,
    budget,
    reserve,
    patience: seconds(2),
    mayAct: () => state.mayAct,
    onTooMany: (sentAt, retryAfter) => tooMany.push([sentAt, retryAfter]),
  });
  return { client, clock, sent, tooMany, state };
}

describe('a call', () => {
  it('is sent when there is budget for it, and not at all when that would take too long', async () => {
    const { client, clock, sent } = stage();
    const all = Promise.all(Array.from({ length: 4 }, () => client.listLocations(token(canary))));
    await clock.advance(seconds(9));
    const outcomes = await all;
    expect(sent).toEqual(['locations at 0 s', 'locations at 1 s', 'locations at 2 s']);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    expect(outcomes.at(-1)).toMatchObject({
      failure: { class: 'RateLimited', operation: 'ListLocations', maybeActed: false },
    });
  });

  it('for a token is sent at once, whatever there is', async () => {
    const { client, sent } = stage();
    await client.obtainToken(request);
    await client.obtainToken(request);
    await client.exchangeToken(request);
    expect(sent).toEqual(['token at 0 s', 'token at 0 s', 'exchange at 0 s']);
  });

  it('that waited is not sent by one who may not act any more', async () => {
    const { client, clock, sent, state } = stage();
    await client.listLocations(token(canary));
    const waiting = client.listLocations(token(canary));
    state.mayAct = false;
    await clock.advance(seconds(5));
    expect(await waiting).toMatchObject({ ok: false });
    expect(sent).toHaveLength(1);
  });

  it('that Square calls one too many is told of, with when it was sent and how long to wait', async () => {
    const { client, tooMany } = stage({ retryAfter: minutes(3) });
    await client.listLocations(token(canary));
    expect(tooMany).toEqual([[0, minutes(3)]]);
  });
});
