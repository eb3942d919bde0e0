import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConnectionSpec } from '../../../src/api/connection.ts';
import { type Duration, days, hours, minutes } from '../../../src/clock.ts';
import {
  backoffDelay,
  fractionOf,
  nextVerifySlot,
  proofBackoff,
  publishBackoff,
  refreshBackoff,
  refreshDueAt,
  refusedBackoff,
  takeUpBackoff,
} from '../../../src/domain/schedule.ts';
import { aGrant, aPersonalGrant, aSpec, noon } from '../../support/builders.ts';

const uid = fc.uuid();
const issuedAt = aGrant().accessToken.issuedAt;
const ageAtRefresh = (spec: Partial<ConnectionSpec>, of: string, lifetime: Duration = days(30)) =>
  refreshDueAt(aSpec(spec), aGrant({ accessToken: { ...aGrant().accessToken, expiresAt: issuedAt + lifetime } }), of) -
  issuedAt;

describe('a refresh', () => {
  it.each([
    ['without an interval', {}, days(30), days(7)],
    ['with an interval', { refreshInterval: '72h' }, days(30), hours(72)],
    ['of a token that lives 24 hours', { shortLived: true }, hours(24), hours(12)],
    ['of a token that lives shorter than the interval', { refreshInterval: '168h' }, hours(24), hours(24) * 0.8],
  ] as const)('is due at 80 to 95 %% %s', (_, spec, lifetime, interval) => {
    fc.assert(
      fc.property(uid, (of) => {
        const age = ageAtRefresh(spec, of, lifetime);
        expect(age).toBeGreaterThanOrEqual(interval * 0.8);
        expect(age).toBeLessThan(interval * 0.95);
      }),
    );
  });

  it('of a token without an end has an interval too', () => {
    expect(refreshDueAt(aSpec(), aPersonalGrant(), 'x')).toBeGreaterThan(issuedAt + days(5));
  });

  it('is spread evenly over its slot, and never leaves it', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const share = (ageAtRefresh({}, `connection-${i}`) / days(7) - 0.8) / 0.15;
      tenths[Math.floor(share * 10)] = (tenths[Math.floor(share * 10)] ?? 0) + 1;
    }
    for (const count of tenths) {
      expect(count).toBeGreaterThan(850);
      expect(count).toBeLessThan(1_150);
    }
  });
});

/** How many of a thousand connections fall into each of `parts` of a span. */
function spread(parts: number, shareOf: (uid: string) => number): number[] {
  const counts = Array.from({ length: parts }, () => 0);
  for (const of of fc.sample(fc.uuid(), { numRuns: 1_000, seed: 20_261_122 })) {
    const part = Math.floor(shareOf(of) * parts);
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}

/** 1000 in 20 parts: 50 each, and by chance alone no part has fewer than 20 or more than 80. */
const evenly = (counts: readonly number[]) => {
  expect(counts).toHaveLength(20);
  expect(Math.min(...counts)).toBeGreaterThan(20);
  expect(Math.max(...counts)).toBeLessThan(80);
};

describe('a thousand connections that were sealed at once', () => {
  it.each([
    ['without an interval', {}, days(30), days(7)],
    ['with an interval', { refreshInterval: '1h' }, days(30), hours(1)],
    ['with short lives', { shortLived: true }, hours(24), hours(12)],
  ] as const)('are refreshed all over the time from 80 to 95 %% of the interval: %s', (_, spec, lifetime, interval) => {
    evenly(spread(20, (of) => (ageAtRefresh(spec, of, lifetime) / interval - 0.8) / 0.15));
  });

  it.each([
    ['1h', hours(1)],
    ['24h', hours(24)],
    ['1m', minutes(1)],
  ] as const)('are verified all over the interval: %s', (verifyInterval, interval) => {
    evenly(spread(20, (of) => (nextVerifySlot(aSpec({ verifyInterval }), of, noon) - noon - 1) / interval));
  });

  it('and refused at once are asked about all over the time', () => {
    evenly(spread(20, (of) => (backoffDelay(refusedBackoff, 3, of) / hours(4) - 0.8) / 0.4));
  });

  it('have slots for refreshing and verifying that do not depend on each other', () => {
    const both = fc.sample(fc.uuid(), { numRuns: 1_000, seed: 7 }).map((of) => {
      const refresh = (ageAtRefresh({}, of) / days(7) - 0.8) / 0.15;
      const verify = (nextVerifySlot(aSpec(), of, noon) - noon) / hours(1);
      return (refresh - 0.5) * (verify - 0.5);
    });
    const correlation = (12 * both.reduce((sum, product) => sum + product, 0)) / both.length;
    expect(Math.abs(correlation)).toBeLessThan(0.1);
  });
});

describe('a verification slot', () => {
  const interval = fc.constantFrom('1m', '10m', '1h', '90m', '24h');
  const width = { '1m': minutes(1), '10m': minutes(10), '1h': hours(1), '90m': minutes(90), '24h': hours(24) };
  const moment = fc.integer({ min: noon - days(400), max: noon + days(400) });

  it('is ahead, at most one interval away, and the same for whoever asks meanwhile', () => {
    fc.assert(
      fc.property(uid, interval, moment, fc.nat(), (of, verifyInterval, after, later) => {
        const spec = aSpec({ verifyInterval });
        const slot = nextVerifySlot(spec, of, after);
        expect(slot).toBeGreaterThan(after);
        expect(slot - after).toBeLessThanOrEqual(width[verifyInterval]);
        expect(nextVerifySlot(spec, of, after + (later % (slot - after)))).toBe(slot);
      }),
    );
  });

  it('comes once an interval: whoever verified in it waits for the next', () => {
    fc.assert(
      fc.property(uid, interval, moment, (of, verifyInterval, after) => {
        const spec = aSpec({ verifyInterval });
        const slot = nextVerifySlot(spec, of, after);
        expect(nextVerifySlot(spec, of, slot)).toBe(slot + width[verifyInterval]);
      }),
    );
  });

  it('is another one for another connection', () => {
    const slots = new Set(Array.from({ length: 1_000 }, (_, i) => nextVerifySlot(aSpec(), `connection-${i}`, noon)));
    expect(slots.size).toBeGreaterThan(995);
  });
});

describe('a backoff', () => {
  const backoffs = { takeUpBackoff, refreshBackoff, proofBackoff, refusedBackoff, publishBackoff };

  it.each(Object.entries(backoffs))('%s starts with its first delay, grows, and ends at its most', (_, backoff) => {
    for (const spread of ['a', 'b', 'c']) {
      let before = 0;
      for (let count = 1; count < 200; count++) {
        const delay = backoffDelay(backoff, count, spread);
        const middle = Math.min(backoff.most, backoff.first * 2 ** (count - 1));
        expect(delay).toBeGreaterThanOrEqual(middle * 0.8);
        expect(delay).toBeLessThanOrEqual(middle * 1.2);
        // Doubled and spread by a fifth: a later delay is longer, until it is at its most.
        if (middle < backoff.most) expect(delay).toBeGreaterThan(before);
        before = delay;
      }
    }
  });
});

it('a fraction is in [0, 1) and the same for the same text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(fractionOf(text)).toBe(fractionOf(text));
      expect(fractionOf(text)).toBeGreaterThanOrEqual(0);
      expect(fractionOf(text)).toBeLessThan(1);
    }),
  );
});
