import { describe, expect, it } from 'vitest';
import { days, hours, minutes, seconds } from '../../../src/clock.ts';
import { openToken } from '../../../src/domain/token.ts';
import type { Fault } from './model/square.ts';
import { createWorld, type World } from './model/world.ts';

/** Nothing is wrong at Square but that it gives no tokens: RetrieveTokenStatus and ListLocations answer. */
function outage({ square }: World, fault: Fault): { end(): void } {
  const lasting = { on: 'token' as const, fault, left: Number.POSITIVE_INFINITY };
  square.faults.push(lasting);
  return { end: () => void (lasting.left = 0) };
}

const works = { again: 'bakery', once: 'cafe' } as const;

/** The condition Renewable of the connection whose tokens work once. */
function renewable({ api }: World): { status: string; reason: string; message: string } | undefined {
  const { conditions = [] } = (api.find('squareconnections', works.once)?.['status'] ?? {}) as {
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
  return conditions.find(({ type }) => type === 'Renewable');
}

function refreshTokenOf(world: World): string {
  const held = world.heldGrant(works.once)?.refreshToken;
  return held === undefined ? '' : openToken(held.value);
}

const presentations = ({ square }: World, token: string): readonly number[] =>
  square.refreshTokens.get(token)?.presentedAt ?? [];

/** Until the token that works once was presented in the outage. */
async function inDoubt(fault: Fault) {
  const world = createWorld();
  await world.settle();
  await world.advance(days(5));
  const token = refreshTokenOf(world);
  const trouble = outage(world, fault);
  for (let hour = 0; hour < 48 && presentations(world, token).length === 0; hour++) await world.advance(hours(1));
  change(world, { refreshInterval: '24h' });
  return { world, token, trouble };
}

/** The token of the other seller, which works again and again, is wanted anew. */
function change({ api, running }: World, spec: object): void {
  api.edit('squareconnections', works.again, (object) => ({
    ...object,
    spec: { ...(object['spec'] as object), ...spec },
  }));
  running.deliver();
}

describe('Square gives no tokens for a while, and answers everything else', () => {
  it.each([
    ['three hours', hours(3), undefined],
    ['ten hours, with restarts', hours(10), minutes(50)],
    ['twenty hours', hours(20), undefined],
  ] as const)(
    'for %s: a token that works once is presented once, and again when another was given',
    async (_, lasts, every) => {
      const { world, token, trouble } = await inDoubt('Silence');
      expect(renewable(world)).toMatchObject({ status: 'Unknown', reason: 'RotationInDoubt' });
      expect(renewable(world)?.message).toContain('when Square has given a token of SquareApplication shop/pos again');
      for (let passed = 0; passed < lasts; passed += every ?? lasts) {
        await world.advance(every ?? lasts);
        if (every !== undefined) world.restart();
        await world.settle();
      }
      expect(presentations(world, token)).toHaveLength(1);
      trouble.end();
      const over = world.now();
      // The other seller's token is asked with at least once an hour, and this one within half an hour of that.
      await world.advance(hours(2));
      expect(presentations(world, token)).toHaveLength(2);
      expect((presentations(world, token)[1] ?? 0) - over).toBeLessThan(minutes(110));
      expect(refreshTokenOf(world)).not.toBe(token);
      expect(renewable(world)).toMatchObject({ status: 'True', reason: 'RefreshTokenSealed' });
      expect(world.violations).toEqual([]);
    },
  );

  it('and no other seller is there: it is presented again a day later', async () => {
    const { world, token, trouble } = await inDoubt('Silence');
    world.api.remove('squareconnections', works.again);
    world.running.deliver();
    await world.advance(hours(6));
    trouble.end();
    await world.advance(hours(20));
    const [first = 0, second = 0] = presentations(world, token);
    // Times are told in whole seconds.
    expect(second - first).toBeGreaterThan(hours(24) - seconds(1));
    expect(second - first).toBeLessThan(hours(24) + minutes(10));
    expect(renewable(world)).toMatchObject({ status: 'True' });
    expect(world.violations).toEqual([]);
  });

  it('and comes back for a moment only: the token waits until it gives tokens again', async () => {
    const { world, token, trouble } = await inDoubt('Silence');
    trouble.end();
    for (let minute = 0; minute < 90 && !isGiven(world); minute++) await world.advance(minutes(1));
    const relapse = outage(world, 'Silence');
    expect(presentations(world, token)).toHaveLength(1);
    change(world, { shortLived: true });
    await world.advance(hours(3));
    expect(presentations(world, token)).toHaveLength(1);
    relapse.end();
    await world.advance(hours(2));
    expect(presentations(world, token)).toHaveLength(2);
    expect(renewable(world)).toMatchObject({ status: 'True' });
    expect(world.violations).toEqual([]);
  });
});

const isGiven = ({ square, now }: World): boolean =>
  [...square.issued.values()].some(({ issuedAt }) => issuedAt > now() - minutes(1));
