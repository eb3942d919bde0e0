import { describe, expect, it } from 'vitest';
import { days, formatInstant, minutes, seconds } from '../../../src/clock.ts';
import { lookAgainIn } from '../../../src/controller/observe-token-secrets.ts';
import { noon } from '../../support/builders.ts';

const taken = (since: number) =>
  ({ status: 'False', reason: 'SecretNotOwned', since: formatInstant(noon - since) }) as const;

describe('a name that somebody else’s Secret has', () => {
  it.each([
    ['just now', taken(0), seconds(30)],
    ['for ten minutes', taken(minutes(10)), minutes(5)],
    ['for days', taken(days(3)), minutes(15)],
    ['in the future, by a clock that was wrong', taken(-days(1)), seconds(30)],
  ] as const)('%s is left alone for a while', (_, published, expected) => {
    expect(lookAgainIn(published, noon)).toBe(expected);
  });

  it('is not known to be taken yet', () => {
    expect(lookAgainIn(undefined, noon)).toBe(seconds(30));
    expect(lookAgainIn({ ...taken(days(1)), reason: 'NotPublished' }, noon)).toBe(seconds(30));
  });
});
