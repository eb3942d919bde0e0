import { describe, expect, it } from 'vitest';
import {
  aftermathOf,
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

describe('what Square made of a token request that failed', () => {
  it.each([
    ['was not sent', { maybeActed: false }, 'Undone'],
    ['was refused in Square’s own words', { maybeActed: false, status: 400 }, 'Undone'],
    ['got no answer', { maybeActed: true }, 'Unknown'],
    ['got an answer that is not understood', { maybeActed: true, status: 200 }, 'Unknown'],
    ['met the page of a proxy that refuses', { maybeActed: true, status: 403 }, 'Doubted'],
    ['came too late', { maybeActed: true, status: 408 }, 'Unknown'],
    ['met a failure inside Square', { maybeActed: true, status: 500, code: 'INTERNAL_SERVER_ERROR' }, 'Unknown'],
    ['met a gateway without a server', { maybeActed: true, status: 502 }, 'Unknown'],
    ['was not taken on by Square', { maybeActed: true, status: 503, code: 'SERVICE_UNAVAILABLE' }, 'Doubted'],
    ['was not taken on, says a proxy', { maybeActed: true, status: 503 }, 'Unknown'],
    ['met a gateway that waited in vain', { maybeActed: true, status: 504, code: 'GATEWAY_TIMEOUT' }, 'Unknown'],
  ] as const)('%s', (_, fields, aftermath) => {
    expect(aftermathOf(aFailure(fields))).toBe(aftermath);
  });
});
