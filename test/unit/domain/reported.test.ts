import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { History, Observation } from '../../../src/domain/observation.ts';
import type { RevocationReport } from '../../../src/domain/revocation-report.ts';
import type { Fact } from '../../../src/domain/step.ts';
import { aConnection, aGrant, aHistory, anObservation, aStreak, at, held, noon } from '../../support/builders.ts';

const issuedAt = aGrant().accessToken.issuedAt;
const aReport = (revokedAt: number, eventID = 'event-1'): RevocationReport => ({
  eventID,
  revokedAt,
  revoker: 'MERCHANT',
});
const reported = (reports: readonly RevocationReport[], history: Partial<History> = {}): Observation =>
  anObservation({ connection: aConnection({ reports }), history: aHistory(history) });
const stepOf = (o: Observation, now = noon) => {
  const step = decide(o, at(now));
  return `${step.kind}(${step.because})`;
};
const verify = { kind: 'Verify', because: 'RevocationReported' } as const;
const refusal = (reason: 'AccessTokenRevoked' | 'SquareTimedOut'): Fact => ({
  kind: 'Failed',
  failure: { class: reason === 'AccessTokenRevoked' ? reason : 'Unreachable', reason, message: reason } as never,
});

describe('a revocation that Square reports', () => {
  it.each([
    ['of now has the token put to the test', reported([aReport(noon)]), 'Verify(RevocationReported)'],
    ['from before the token says nothing', reported([aReport(issuedAt - seconds(6))]), 'Wait(NothingDue)'],
    [
      'from before the token says nothing, whatever came before it',
      reported([aReport(issuedAt - minutes(9), 'event-0'), aReport(issuedAt - seconds(6))]),
      'Wait(NothingDue)',
    ],
    ['is answered once', reported([aReport(noon)], { answeredReport: 'event-1' }), 'Wait(NothingDue)'],
    [
      'is answered again after another one',
      reported([aReport(noon - 1, 'event-0'), aReport(noon)], { answeredReport: 'event-0' }),
      'Verify(RevocationReported)',
    ],
    [
      'is asked about although an answered one is dated far ahead',
      reported([aReport(Date.UTC(9999, 0), 'ahead'), aReport(noon)], { answeredReport: 'ahead' }),
      'Verify(RevocationReported)',
    ],
    [
      'is asked about although one from before the token came after it',
      reported([aReport(noon), aReport(issuedAt - minutes(9), 'late')]),
      'Verify(RevocationReported)',
    ],
    [
      'dated far ahead is asked about',
      reported([aReport(Date.UTC(9999, 0))], { verifiedAt: noon }),
      'Verify(RevocationReported)',
    ],
    [
      'dated far ahead is answered once',
      reported([aReport(Date.UTC(9999, 0))], { verifiedAt: noon, answeredReport: 'event-1' }),
      'Wait(NothingDue)',
    ],
    [
      'is not believed against an acceptance long after it, which another process may have had',
      reported([aReport(noon - minutes(9))], { verifiedAt: noon }),
      'Wait(NothingDue)',
    ],
    [
      'is asked about although Square accepted the token in that minute',
      reported([aReport(noon - seconds(30))], { verifiedAt: noon }),
      'Verify(RevocationReported)',
    ],
    ['is no news of a token that is known to be dead', reported([aReport(noon)], { proof: { kind: 'Expired' } }), ''],
    [
      'waits its turn after a failure',
      reported([aReport(noon)], { failures: { Verify: aStreak() } }),
      'Wait(NothingDue)',
    ],
    ['is nothing without a grant', { ...reported([aReport(noon)]), grant: { kind: 'Absent' } as const }, ''],
    [
      'asks nothing while suspended',
      anObservation({
        connection: aConnection({ reports: [aReport(noon)], spec: { ok: true, value: { suspend: true } } }),
      }),
      '',
    ],
  ])('%s', (_, o, step) => {
    if (step === '') expect(stepOf(o)).not.toMatch(/RevocationReported/);
    else expect(stepOf(o)).toBe(step);
  });

  it('is answered by an acceptance, and by a refusal', () => {
    const o = reported([aReport(noon)]);
    const accepted = absorb(o, verify, { kind: 'Verified' }, at(noon));
    expect(stepOf(accepted)).toBe('Wait(NothingDue)');
    const refused = absorb(o, verify, refusal('AccessTokenRevoked'), at(noon));
    expect([refused.history.proof.kind, refused.history.answeredReport]).toEqual(['Revoked', 'event-1']);
    expect(stepOf(refused)).toBe('Refresh(AccessTokenRevoked)');
  });

  it('is asked about again within seconds when Square cannot be reached, and revokes nothing by itself', () => {
    const o = reported([aReport(noon)]);
    const silent = absorb(o, verify, refusal('SquareTimedOut'), at(noon));
    expect([silent.history.proof.kind, silent.history.answeredReport]).toEqual(['Accepted', undefined]);
    expect(stepOf(silent, noon + seconds(1))).toBe('Wait(NothingDue)');
    expect(stepOf(silent, noon + minutes(1))).toBe('Verify(RevocationReported)');
  });

  it('waits for nobody’s slot', () => {
    const o = anObservation({ connection: aConnection({ reports: [aReport(noon)] }), grant: held() });
    expect(decide(o, at(noon))).toEqual(verify);
  });
});
