import { describe, expect, it } from 'vitest';
import { createSquareTime, days, type Instant, minutes } from '../../../src/clock.ts';
import { withSecondWitness } from '../../../src/controller/second-witness.ts';
import { token } from '../../../src/domain/token.ts';
import type { Locations, Outcome, SquareClient } from '../../../src/square/port.ts';
import { aFailure, canary, noon } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';

const good: Outcome<Locations> = { ok: true, value: { count: 1, active: 1 } };
const failed = (failureClass: 'AccessTokenRevoked' | 'Unavailable'): Outcome<Locations> => ({
  ok: false,
  failure: aFailure({ class: failureClass, operation: 'ListLocations' }),
});

/** Asks once. `dates`: what the answers name, the last one again and again. */
async function ask(dates: readonly Instant[], outcome = good) {
  const time = createSquareTime(createFakeClock(noon));
  time.observe(noon);
  let calls = 0;
  const client = {
    listLocations: async () => {
      time.observe(dates[Math.min(calls++, dates.length - 1)] ?? noon);
      return outcome;
    },
  } as unknown as SquareClient;
  const given = await withSecondWitness(client, time).listLocations(token(canary));
  return { calls, given, now: time.now(), disputed: time.disputed() };
}

describe('an answer', () => {
  it('that names the time that is known is asked for once', async () => {
    expect(await ask([noon + minutes(1)])).toMatchObject({ calls: 1, disputed: false });
  });

  it('that names a time far off is asked for once more, and both are believed when they agree', async () => {
    expect(await ask([noon + days(8)])).toEqual({ calls: 2, given: good, now: noon + days(8), disputed: false });
  });

  it('that stands alone is not believed', async () => {
    expect(await ask([noon + days(8), noon])).toMatchObject({ calls: 2, now: noon, disputed: false });
    expect(await ask([noon + days(8), noon - days(8)])).toMatchObject({ calls: 2, now: noon, disputed: true });
  });

  it('is given out as it was, good or bad', async () => {
    const revoked = failed('AccessTokenRevoked');
    expect(await ask([noon + days(8)], revoked)).toMatchObject({ calls: 2, given: revoked });
  });

  it('of an outage is not asked for again', async () => {
    expect(await ask([noon + days(8)], failed('Unavailable'))).toMatchObject({ calls: 1, disputed: true });
  });
});
