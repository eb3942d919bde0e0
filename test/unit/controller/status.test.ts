import { describe, expect, it } from 'vitest';
import type { ConnectionStatus } from '../../../src/api/connection.ts';
import { connectionStatusFields } from '../../../src/api/status.ts';
import { projectConnection, statusDigest } from '../../../src/controller/projections.ts';
import { replacing } from '../../../src/controller/write-status.ts';

const failure = { operation: 'Refresh', time: 't', since: 's', reason: 'R', message: 'M.', count: 1 } as const;

describe('the digest of a status', () => {
  const status: ConnectionStatus = { revision: 3, lastFailure: failure, scopes: ['A', 'B'] };

  it('is the same for the same words in another order, and for members that are absent', () => {
    const other = {
      scopes: ['A', 'B'],
      lastFailure: { ...failure, retryAt: undefined },
      revision: 3,
      merchantID: undefined,
    };
    expect(statusDigest(other as ConnectionStatus)).toBe(statusDigest(status));
  });

  it('leaves out when the token was verified last', () => {
    expect(statusDigest({ ...status, lastVerifyTime: '2026-07-01T12:00:00Z' })).toBe(statusDigest(status));
  });

  it.each([
    ['another value', { ...status, revision: 4 }],
    ['another value deep inside', { ...status, lastFailure: { ...failure, count: 2 } }],
    ['another order of a list', { ...status, scopes: ['B', 'A'] }],
    ['a member more', { ...status, merchantName: '' }],
  ])('differs with %s', (_, other) => expect(statusDigest(other)).not.toBe(statusDigest(status)));
});

describe('the patch of a status', () => {
  it('takes away what is not said any more, at any depth', () => {
    const patch = replacing(connectionStatusFields, { revision: 3, lastFailure: failure }) as Record<string, unknown>;
    expect(patch).toMatchObject({ revision: 3, merchantID: null, otherFailures: null });
    expect(patch['lastFailure']).toEqual({
      ...failure,
      credentialDigest: null,
      request: null,
      retryAt: null,
      merchantID: null,
    });
    expect(replacing(connectionStatusFields, {})).toMatchObject({ lastFailure: null });
  });
});

describe('what is known of a connection', () => {
  it('outlives a spec that cannot be understood', () => {
    const view = projectConnection({
      metadata: { name: 'bakery', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 2 },
      spec: { scopes: 'ORDERS_READ' },
      status: { revision: 5, merchantID: 'M-BAKERY' },
    });
    expect(view.connection.spec.ok).toBe(false);
    expect(view.stored).toMatchObject({ revision: 5, merchantID: 'M-BAKERY' });
  });
});
