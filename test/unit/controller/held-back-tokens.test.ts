import { describe, expect, it } from 'vitest';
import type { ApplicationStatus } from '../../../src/api/application.ts';
import { createSquareTime, days, formatInstant, hours, type Instant, minutes } from '../../../src/clock.ts';
import { heldBackFault, heldBackStatus } from '../../../src/controller/held-back-status.ts';
import { createHeldBackTokens, type HeldToken } from '../../../src/controller/held-back-tokens.ts';
import { createIndex } from '../../../src/controller/index-by.ts';
import { readStatus, type StoredStatus } from '../../../src/domain/recall.ts';
import { noon } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';

const ref = 'platform/pkce';

interface Seller {
  readonly kind?: HeldToken['kind'];
  readonly revision?: number;
  readonly issuedAt?: Instant;
  readonly refusedAt?: Instant;
  readonly reason?: string;
}

/** The status of a connection. */
function aStatus(seller: Seller): StoredStatus {
  const { kind = 'singleUse', revision = 4, issuedAt = noon - days(9), refusedAt } = seller;
  const { reason = 'RefreshTokenRefused' } = seller;
  const time = refusedAt === undefined ? '' : formatInstant(refusedAt);
  return readStatus({
    revision,
    accessTokenIssuedAt: formatInstant(issuedAt),
    ...(kind === 'singleUse' ? { refreshTokenExpiresAt: formatInstant(issuedAt + days(90)) } : {}),
    ...(refusedAt === undefined
      ? {}
      : { lastFailure: { operation: 'Refresh', time, since: time, reason, message: 'Refused.', count: 1 } }),
  });
}

function stage(sellers: readonly Seller[] = [], status: ApplicationStatus = {}) {
  const clock = createFakeClock(noon);
  const connectionsOf = createIndex();
  const connections = new Map<string, { stored: StoredStatus }>();
  for (const [i, seller] of sellers.entries()) {
    connections.set(`shop/c${i}`, { stored: aStatus(seller) });
    connectionsOf.set(`shop/c${i}`, [ref]);
  }
  const square = { time: createSquareTime(clock) };
  const changes: string[] = [];
  type Deps = Parameters<typeof createHeldBackTokens>[0];
  const deps = {
    watches: { connections, applications: new Map([[ref, { spec: { environment: 'Production' }, status }]]) },
    squares: { Production: square, Sandbox: square },
    connectionsOf,
    onChange: (of: string) => changes.push(of),
  };
  return { tokens: createHeldBackTokens(deps as unknown as Deps), clock, changes };
}

const refused = (count: number, more: Seller = {}): Seller[] =>
  Array.from({ length: count }, (_, i) => ({ refusedAt: noon - minutes(count - i), ...more }));
const old: HeldToken = { kind: 'singleUse', givenAt: noon - days(9) };
const multi: HeldToken = { kind: 'multiUse', givenAt: noon - days(9) };

describe('refresh tokens that work once', () => {
  it('are presented until the fifth refusal in a row, which is told at once', () => {
    const { tokens, changes } = stage();
    for (let i = 0; i < 5; i++) {
      expect(tokens.mayPresent(ref, old)).toBe('Yes');
      tokens.refused(ref, `shop/c${i}`, old);
    }
    expect(tokens.mayPresent(ref, old)).toBe('No');
    expect(tokens.of(ref)).toEqual({ singleUse: { since: noon } });
    expect(changes).toEqual([ref]);
  });

  it.each([
    ['four refusals', refused(4), 'Yes'],
    ['five refusals', refused(5), 'No'],
    ['five answers that were lost first', refused(5, { reason: 'SquareTimedOut' }), 'Yes'],
    ['five refusals of tokens that can be used again', refused(5, { kind: 'multiUse' }), 'Yes'],
    ['five refusals, and a renewal after them', [...refused(5), { issuedAt: noon - minutes(1) }], 'Yes'],
    ['five refusals, and a renewal before them', [...refused(5), { issuedAt: noon - hours(1) }], 'No'],
    ['five refusals, and a first sign-in after them', [...refused(5), { issuedAt: noon, revision: 1 }], 'No'],
    [
      'five refusals, and a renewal of another kind after them',
      [...refused(5), { kind: 'multiUse', issuedAt: noon } as const],
      'No',
    ],
  ] as const)('are known by the statuses of connections alone: %s', (_, sellers, may) => {
    expect(stage(sellers).tokens.mayPresent(ref, old)).toBe(may);
  });

  it('are held back by the word of the application, whatever its connections say by now', () => {
    const heldBack = [{ tokens: 'SingleUse', since: formatInstant(noon - days(3)), refused: 5 } as const];
    const { tokens } = stage([{ issuedAt: noon - hours(1), revision: 9 }], { heldBack });
    expect(tokens.mayPresent(ref, old)).toBe('No');
    expect(tokens.mayPresent(ref, { ...old, givenAt: noon - days(1) }), 'it was given later').toBe('Yes');
  });

  it('are free again when one of them is renewed, and not when a newer one is', () => {
    const { tokens, changes } = stage(refused(5));
    tokens.renewed(ref, { ...old, givenAt: noon });
    tokens.renewed(ref, multi);
    expect(tokens.mayPresent(ref, old)).toBe('No');
    tokens.renewed(ref, old);
    expect(tokens.mayPresent(ref, old)).toBe('Yes');
    expect(changes).toEqual([ref]);
  });
});

describe('refresh tokens that can be used again', () => {
  it('are tried one at a time, which a later process knows from the status', async () => {
    const { tokens, clock } = stage(refused(5, { kind: 'multiUse' }));
    expect(tokens.mayPresent(ref, multi)).toBe('No');
    await clock.advance(hours(1.2));
    expect(tokens.mayPresent(ref, multi)).toBe('Probe');
    expect(tokens.mayPresent(ref, multi), 'another one at the same time').toBe('No');
    tokens.refused(ref, 'shop/c9', multi);
    const status = heldBackStatus(tokens.rows(ref));
    const later = stage(refused(5, { kind: 'multiUse' }), status);
    expect(heldBackStatus(later.tokens.rows(ref)).heldBack?.[0]).toMatchObject({
      tokens: 'MultiUse',
      probes: 1,
      retryAt: status.heldBack?.[0]?.retryAt,
    });
    expect(later.tokens.mayPresent(ref, multi)).toBe('No');
    expect(tokens.mayPresent(ref, old), 'the other kind').toBe('Yes');
  });
});

describe('what the application says', () => {
  it('names who, since when, and what to do', () => {
    const { tokens } = stage(refused(5));
    expect(heldBackFault(tokens.rows(ref))).toMatch(
      /^Square refused the single-use refresh tokens of shop\/c0, shop\/c1, shop\/c2, shop\/c3, shop\/c4 in a row since 2026-.*backup.*sign in again/,
    );
    expect(heldBackFault(stage().tokens.rows(ref))).toBeUndefined();
  });
});
