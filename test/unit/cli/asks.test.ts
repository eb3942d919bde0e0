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
    const refusedClient = aCondition('Renewable', 'Unknown', 'ApplicationNotReady', 'Square refuses the client.');
    expect(answer({ conditions: [refusedClient] })).toMatchObject({
      reason: 'ApplicationNotReady',
      says: 'ApplicationNotReady: Square refuses the client.',
    });
  });

  test('is not asked for in vain', () => {
    expect(refreshing.known(seen(valid()))).toBeUndefined();
    expect(refreshing.known(seen(refused()))).toBeUndefined();
    const waiting = ready('False', 'AwaitingAuthorization', '');
    expect(refreshing.known(seen({ observedGeneration: 1, ...waiting }))).toEqual({
      is: 'No',
      reason: 'AwaitingAuthorization',
      says: 'there is no authorization to refresh. AwaitingAuthorization: There is no grant yet, and no credential that gives one. Have the seller sign in, or set spec.credential.',
    });
    expect(refreshing.known(seen(valid(), { spec: { suspend: true } }))?.says).toContain(
      'kubectl square resume bakery -n shop',
    );
    const personal = valid({ conditions: [aCondition('Renewable', 'True', 'NotNeeded')] });
    expect(refreshing.known(seen(personal))?.says).toContain('never renewed');
    expect(refreshing.known(seen(waiting, { metadata: { generation: 2 } }))).toBeUndefined();
  });
});

describe('a disconnect', () => {
  test.each([
    ['is under way', valid(), undefined],
    ['is done', { lastHandledDisconnectRequest: at, ...ready('False', 'Disconnected') }, 'Yes'],
    ['is declined', { lastHandledDisconnectRequest: at, ...valid(failed('Revoke')) }, 'No'],
  ])('%s', (_, status, is) => expect(disconnecting.answer(seen(status), asked, noon)?.is).toBe(is));

  test('needs an authorization', () => {
    expect(disconnecting.known(seen(valid()))).toBeUndefined();
    const never = { observedGeneration: 1, ...ready('False', 'AwaitingAuthorization') };
    expect(disconnecting.known(seen(never))).toMatchObject({ is: 'No', reason: 'AwaitingAuthorization' });
    const ended = { observedGeneration: 1, sealedSecretName: 'x', ...ready('False', 'Disconnected') };
    expect(disconnecting.known(seen(ended))?.is).toBe('Yes');
  });
});

describe('an adoption', () => {
  const known = (reason: string, status: object = {}) =>
    adopting.known(seen({ observedGeneration: 1, ...ready('False', reason), ...status }));

  test('is done already where a grant is held, and needs one that can be adopted', () => {
    expect(known('RetainedGrantFound')).toBeUndefined();
    expect(known('GrantOutdated', { accessTokenIssuedAt: at })).toBeUndefined();
    expect(adopting.known(seen(valid()))).toEqual({
      is: 'Yes',
      says: 'the grant of Bäckerei Müller is held already (Valid)',
    });
    expect(known('AwaitingAuthorization')).toMatchObject({ is: 'No', reason: 'AwaitingAuthorization' });
    expect(known('GrantUnreadable', { accessTokenIssuedAt: at })).toMatchObject({
      is: 'No',
      reason: 'GrantUnreadable',
    });
  });

  test.each([
    ['taken up', { lastHandledAdoptRequest: at, ...valid() }, 'Yes'],
    ['taken up for another reason before the request was seen', valid(), 'Yes'],
    ['too late', { lastHandledAdoptRequest: at, ...ready('False', 'RetainedGrantFound') }, 'No'],
    ['gone meanwhile', { lastHandledAdoptRequest: at, ...ready('False', 'AwaitingAuthorization') }, 'No'],
    ['not seen yet', ready('False', 'RetainedGrantFound'), undefined],
  ])('%s', (_, status, is) => expect(adopting.answer(seen(status), asked, noon)?.is).toBe(is));
});

describe('suspending and resuming', () => {
  test('are answered once the operator has looked at the changed object', () => {
    const suspended = { observedGeneration: 2, ...ready('False', 'Suspended') };
    expect(suspending.answer(seen({ ...suspended, observedGeneration: 1 }), asked, noon)).toBeUndefined();
    expect(suspending.answer(seen(suspended), asked, noon)?.is).toBe('Yes');
    const invalid = { observedGeneration: 2, ...ready('False', 'InvalidSpec') };
    expect(suspending.answer(seen(invalid), asked, noon)).toMatchObject({ is: 'No', reason: 'InvalidSpec' });
    expect(resuming.answer(seen(suspended), asked, noon)).toBeUndefined();
    expect(resuming.answer(seen(valid({ observedGeneration: 2 })), asked, noon)?.is).toBe('Yes');
    expect(suspending.patch(at)).toEqual({ spec: { suspend: true } });
    expect(resuming.patch(at)).toEqual({ spec: { suspend: null } });
  });
});
