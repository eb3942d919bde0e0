import { describe, expect, it } from 'vitest';
import { forgetMended } from '../../../src/domain/mended.ts';
import type { FailureStreak, Observation } from '../../../src/domain/observation.ts';
import { published } from '../../../src/domain/verdict.ts';
import { aConnection, aHistory, anObservation, at, held, noon } from '../../support/builders.ts';

const failure: FailureStreak = {
  since: noon,
  time: noon,
  count: 1,
  class: 'Unknown',
  reason: 'SecretNotWritten',
  message: 'No answer came.',
};

const failed = (operation: 'Publish' | 'Finalize', more: Partial<Observation>): Observation =>
  anObservation({ grant: held(), history: aHistory({ failures: { [operation]: failure } }), ...more });

const current = { kind: 'Ours', name: 'bakery', current: true } as const;

describe('a failed write', () => {
  it('is forgotten once the token Secret is as it should be', () => {
    const o = failed('Publish', { tokenSecret: current });
    expect(published(o)).toMatchObject({ status: 'False', reason: 'SecretNotWritten' });
    const mended = forgetMended(o, at(noon));
    expect(mended.history.failures).toEqual({});
    expect(published(mended)).toMatchObject({ status: 'True', reason: 'Published' });
  });

  it.each([
    ['absent', { kind: 'Absent', name: 'bakery' }],
    ['of an older token', { ...current, current: false }],
    ['marked as dead', { ...current, state: 'revoked' }],
  ] as const)('stays while the token Secret is %s', (_, tokenSecret) => {
    const o = failed('Publish', { tokenSecret });
    expect(forgetMended(o, at(noon)).history.failures).toEqual({ Publish: failure });
  });

  it('stays while an earlier token Secret is to be removed', () => {
    const o = failed('Publish', { tokenSecret: current, formerTokenSecrets: [{ name: 'old' }] });
    expect(forgetMended(o, at(noon)).history.failures).toEqual({ Publish: failure });
  });

  it('of a finalizer is forgotten once the finalizers are as the policy says', () => {
    const done = failed('Finalize', { tokenSecret: current });
    expect(forgetMended(done, at(noon)).history.failures).toEqual({});
    const open = { ...done, connection: aConnection({ finalized: true }) };
    expect(forgetMended(open, at(noon)).history.failures).toEqual({ Finalize: failure });
  });

  it('of a connection that goes is not judged here', () => {
    const o = failed('Finalize', { connection: aConnection({ deleting: true }) });
    expect(forgetMended(o, at(noon))).toBe(o);
  });

  it('says nothing of failures at Square', () => {
    const o = anObservation({ history: aHistory({ failures: { Refresh: failure } }) });
    expect(forgetMended(o, at(noon))).toBe(o);
  });
});
