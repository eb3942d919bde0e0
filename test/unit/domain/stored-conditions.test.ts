import { expect, test } from 'vitest';
import { StoredConditions } from '../../../src/domain/stored-conditions.ts';

const condition = (type: string, status: 'True' | 'False', reason: string, lastTransitionTime: string) => ({
  type,
  status,
  reason,
  message: 'm',
  lastTransitionTime,
});
const [june, july] = ['2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z'];

test.each([
  ['all since the same time', june, june],
  ['each since a time of its own', june, july],
])('conditions are known as they were stored: %s', (_, first, second) => {
  const stored = new StoredConditions([
    condition('Ready', 'True', 'Valid', first),
    condition('Expired', 'False', 'NotExpired', second),
  ]);
  expect(stored.get('Ready')).toEqual({ status: 'True', reason: 'Valid', since: first });
  expect(stored.get('Expired')).toEqual({ status: 'False', reason: 'NotExpired', since: second });
  expect(stored.get('Revoked')).toBeUndefined();
  expect([...stored].map(([type, { status }]) => `${type} ${status}`)).toEqual(['Ready True', 'Expired False']);
});

test('connections that say the same keep their own times', () => {
  const [one, other] = [june, july].map((time) => new StoredConditions([condition('Ready', 'True', 'Valid', time)]));
  expect(one?.get('Ready')?.since).toBe(june);
  expect(other?.get('Ready')?.since).toBe(july);
});

test('a status without conditions has none', () => {
  expect([...new StoredConditions([])]).toEqual([]);
});
