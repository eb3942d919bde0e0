import { describe, expect, it } from 'vitest';
import {
  classOfReason,
  type FailureClass,
  failureReasons,
  isTransient,
  tookClient,
} from '../../../src/domain/failure.ts';
import * as verdicts from '../../../src/square/verdicts.ts';
import { aFailure } from '../../support/builders.ts';

describe('a failure of which only the reason was kept', () => {
  const known = Object.values(verdicts).filter((value): value is verdicts.Verdict => 'class' in value);

  it.each(known.map((verdict) => [verdict.reason, verdict.class]))('%s is of the class %s', (reason, failureClass) => {
    expect(classOfReason(reason)).toBe(failureClass);
  });

  it('is of the class Unknown when nobody knows the word', () => {
    for (const word of ['SecretNotWritten', 'toString', '__proto__', '']) expect(classOfReason(word)).toBe('Unknown');
  });

  it('every reason has a verdict', () => {
    // One is not Square's word, but what follows from two of its answers, one of them lost.
    const reasons = new Set([...known.map(({ reason }) => reason), 'RotationOutcomeLost']);
    expect([...reasons].sort()).toEqual([...failureReasons].sort());
  });
});

it.each([
  ['Unreachable', undefined, false],
  ['Unavailable', 503, false],
  ['RateLimited', 429, false],
  ['Unknown', 403, false],
  ['ClientRefused', 401, false],
  ['RefreshTokenRefused', 400, true],
  ['BadRequest', 400, true],
] as const)('%s with status %s: the client was taken is %s', (failureClass, status, taken) => {
  expect(tookClient(aFailure({ class: failureClass, ...(status === undefined ? {} : { status }) }))).toBe(taken);
});

it('only what may pass by itself is transient', () => {
  const passing: readonly FailureClass[] = ['Unreachable', 'Unavailable', 'RateLimited', 'Unknown'];
  for (const reason of failureReasons) {
    const failureClass = classOfReason(reason);
    expect(isTransient({ class: failureClass })).toBe(passing.includes(failureClass));
  }
});
