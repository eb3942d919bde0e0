import { describe, expect, it } from 'vitest';
import { hours, minutes } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import { type Attempt, consequences, type Retry } from '../../../src/domain/consequences.ts';
import { decide } from '../../../src/domain/decide.ts';
import { classOfReason, type FailureClass, failureReasons } from '../../../src/domain/failure.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { nextAttempt } from '../../../src/domain/pace.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import type { Fact, Step } from '../../../src/domain/step.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import { aFailure, aHistory, aNewObservation, anApplication, anObservation, at, noon } from '../../support/builders.ts';

const steps: Readonly<Record<Attempt, Step>> = {
  TakeUp: { kind: 'TakeUp', credential: 'refreshToken', because: 'CredentialNew' },
  Refresh: { kind: 'Refresh', because: 'Due' },
  Verify: { kind: 'Verify', because: 'Slot' },
};

/** What can come of each attempt: Square says nothing of codes to whom presents a refresh token. */
const possible: Readonly<Record<Attempt, (failureClass: FailureClass) => boolean>> = {
  TakeUp: (of) => of !== 'NothingToRevoke',
  Refresh: (of) =>
    !['NothingToRevoke', 'CodeRefused', 'MigrationTokenRefused'].includes(of) && !of.startsWith('Access'),
  Verify: (of) => !['NothingToRevoke', 'RefreshTokenRefused', 'CodeRefused', 'MigrationTokenRefused'].includes(of),
};

const classes = [...new Set(failureReasons.map(classOfReason))];
const attempts = ['TakeUp', 'Refresh', 'Verify'] as const satisfies readonly Attempt[];
const cases = attempts.flatMap((attempt) =>
  classes.filter(possible[attempt]).map((failureClass) => [attempt, failureClass] as const),
);

/** The connection after `attempt` has failed so; a verification twice, as one failure alone proves nothing. */
function after(attempt: Attempt, failureClass: FailureClass): Observation {
  const refused = failureClass === 'ClientRefused';
  const fact: Fact = {
    kind: 'Failed',
    failure: aFailure({
      class: failureClass,
      reason: failureReasons.find((one) => classOfReason(one) === failureClass) ?? 'Forbidden',
    }),
    ...(attempt === 'TakeUp' ? { credential: 'new' } : {}),
    ...(refused ? { refusal: { since: noon, retryAt: noon + minutes(1) } } : {}),
  };
  const before = attempt === 'TakeUp' ? aNewObservation() : anObservation({ history: aHistory({ verifyFrom: noon }) });
  const once = absorb({ ...before, application: anApplication() }, steps[attempt], fact, at(noon));
  return attempt === 'Verify' ? absorb(once, steps[attempt], fact, at(noon)) : once;
}

describe('a failure shows as the table says', () => {
  it.each(cases)('%s %s', (attempt, failureClass) => {
    const { conditions = [] } = summarize(after(attempt, failureClass), readStatus({}), at(noon));
    const told = conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`);
    expect(told).toEqual(expect.arrayContaining([...consequences[failureClass][attempt].shows]));
  });
});

/** Within what time it is tried again; nothing is named that is not tried again by itself. */
const within: Readonly<Record<Retry, readonly [from: number, to: number] | undefined>> = {
  Soon: [4_000, minutes(1)],
  Rarely: [minutes(48), minutes(72)],
  WhileInDoubt: [minutes(48), minutes(72)],
  WhenChanged: undefined,
  ByApplication: [0, 0],
  InSlot: [0, hours(1)],
  RefreshedOnce: [0, 0],
  OtherCall: [0, hours(1)],
};

describe('a failure is tried again as the table says', () => {
  it.each(cases.filter(([attempt]) => attempt !== 'Verify'))('%s %s', (attempt, failureClass) => {
    const next = nextAttempt(after(attempt, failureClass), attempt === 'TakeUp' ? 'TakeUp' : 'Refresh', at(noon));
    const expected = within[consequences[failureClass][attempt].retry];
    if (consequences[failureClass][attempt].retry === 'ByApplication') expect(next).toBe(0);
    else if (expected === undefined) expect(next).toBeUndefined();
    else {
      expect((next ?? 0) - noon).toBeGreaterThanOrEqual(expected[0]);
      expect((next ?? 0) - noon).toBeLessThanOrEqual(expected[1]);
    }
  });

  it.each(cases.filter(([attempt]) => attempt === 'Verify'))('%s %s', (attempt, failureClass) => {
    const step = decide(after(attempt, failureClass), at(noon));
    const { retry } = consequences[failureClass][attempt];
    if (retry === 'RefreshedOnce') expect(step.kind).toBe('Refresh');
    else {
      expect(step).toMatchObject({ kind: 'Wait', because: 'NothingDue' });
      expect((step as { until: number }).until - noon).toBeLessThanOrEqual(hours(1));
    }
  });

  it('and a dead refresh token alone is never a revocation', () => {
    const { conditions = [] } = summarize(after('Refresh', 'RefreshTokenRefused'), readStatus({}), at(noon));
    expect(conditions.find(({ type }) => type === 'Revoked')?.status).toBe('False');
    expect(conditions.find(({ type }) => type === 'Renewable')?.message).toContain('sign in again before 2026-07-29');
  });
});
