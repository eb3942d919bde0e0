import { describe, expect, test } from 'vitest';
import { type Asked, adopting, disconnecting, refreshing, resuming, suspending } from '../../../src/cli/asks.ts';
import { see } from '../../../src/cli/seen.ts';
import { aCondition, anObject, noon, refused, valid } from './fixtures.ts';

const at = '2026-07-01T12:00:00.000Z';
const asked: Asked = { at, generation: 2, revision: 3 };
const ready = (status: string, reason: string, message = 'So it is.') => ({
  conditions: [aCondition('Ready', status, reason, message)],
});
const seen = (status: object, more: Parameters<typeof anObject>[0] = {}) => see(anObject({ status, ...more }));
const failed = (operation: string) => ({
  lastFailure: { operation, time: at, since: at, reason: 'ConnectionRefused', message: 'No way to Square.', count: 1 },
});

describe('a refresh', () => {
  test.each([
    ['there is no answer yet', valid(), undefined],
    [
      'an earlier request was answered',
      valid({ lastHandledRefreshRequest: '2026-07-01T11:00:00Z', revision: 4 }),
      undefined,
    ],
    ['there is a new token', valid({ lastHandledRefreshRequest: at, revision: 4 }), 'Yes'],
    ['Square refused', { ...refused(), lastHandledRefreshRequest: at }, 'No'],
    ['the operator did nothing', valid({ lastHandledRefreshRequest: at }), 'No'],
  ])('%s', (_, status, is) => expect(refreshing.answer(seen(status), asked, noon)?.is).toBe(is));

  test('says why not, by what failed, or that the request was too old', () => {
    const answer = (status: object) =>
      refreshing.answer(seen(valid({ ...status, lastHandledRefreshRequest: at })), asked, noon);
    expect(answer(failed('Refresh'))).toMatchObject({
      reason: 'ConnectionRefused',
      says: 'ConnectionRefused: No way to Square.',
    });
    expect(answer(failed('Verify'))).toMatchObject({ reason: 'RequestStale' });
  });

  test('is not asked for in vain', () => {
    expect(refreshing.cannot(seen(valid()))).toBeUndefined();
    expect(refreshing.cannot(seen(refused()))).toBeUndefined();
    expect(refreshing.cannot(seen({ observedGeneration: 1, ...ready('False', 'AwaitingAuthorization') }))).toContain(
      'Have the seller sign in',
    );
    expect(refreshing.cannot(seen(valid(), { spec: { suspend: true } }))).toContain('kubectl square resume bakery');
    const personal = valid({ conditions: [aCondition('Renewable', 'True', 'NotNeeded')] });
    expect(refreshing.cannot(seen(personal))).toContain('never renewed');
    expect(
      refreshing.cannot(seen(ready('False', 'AwaitingAuthorization'), { metadata: { generation: 2 } })),
    ).toBeUndefined();
  });
});

describe('a disconnect', () => {
  test.each([
    ['is under way', valid(), undefined],
    ['is done', { lastHandledDisconnectRequest: at, ...ready('False', 'Disconnected') }, 'Yes'],
    ['is declined', { lastHandledDisconnectRequest: at, ...valid(failed('Revoke')) }, 'No'],
  ])('%s', (_, status, is) => expect(disconnecting.answer(seen(status), asked, noon)?.is).toBe(is));

  test('needs an authorization', () => {
    expect(disconnecting.cannot(seen(valid()))).toBeUndefined();
    expect(
      disconnecting.cannot(seen({ observedGeneration: 1, sealedSecretName: 'x', ...ready('False', 'Disconnected') })),
    ).toContain('no authorization to end');
  });
});

describe('an adoption', () => {
  test('needs a grant that can be adopted', () => {
    expect(adopting.cannot(seen({ observedGeneration: 1, ...ready('False', 'RetainedGrantFound') }))).toBeUndefined();
    expect(adopting.cannot(seen(valid()))).toContain('no retained grant');
  });

  test.each([
    [{ lastHandledAdoptRequest: at, ...valid() }, 'Yes'],
    [{ lastHandledAdoptRequest: at, ...ready('False', 'RetainedGrantFound') }, 'No'],
    [ready('False', 'RetainedGrantFound'), undefined],
  ])('is answered by the status', (status, is) => expect(adopting.answer(seen(status), asked, noon)?.is).toBe(is));
});

describe('suspending and resuming', () => {
  test('are answered once the operator has looked at the changed object', () => {
    const suspended = { observedGeneration: 2, ...ready('False', 'Suspended') };
    expect(suspending.answer(seen({ ...suspended, observedGeneration: 1 }), asked, noon)).toBeUndefined();
    expect(suspending.answer(seen(suspended), asked, noon)?.is).toBe('Yes');
    expect(resuming.answer(seen(suspended), asked, noon)).toBeUndefined();
    expect(resuming.answer(seen(valid({ observedGeneration: 2 })), asked, noon)?.is).toBe('Yes');
    expect(suspending.patch(at)).toEqual({ spec: { suspend: true } });
    expect(resuming.patch(at)).toEqual({ spec: { suspend: null } });
  });
});
