import { describe, expect, it } from 'vitest';
import { over, recordAt } from '../../../src/controller/succession.ts';
import type { Grant, Vacant } from '../../../src/domain/grant.ts';
import { sealGrant } from '../../../src/secrets/grant.ts';
import { aGrant, noon, uid } from '../../support/builders.ts';
import { aBinding, aRing } from '../secrets/fixtures.ts';

const attempt = { id: 'a1', holder: 'p1', startedAt: noon, presents: 'Held', unanswered: 0 } as const;
const next = aGrant({ generation: 6 });
const there = (fields: Partial<Grant> = {}) => aGrant({ generation: 5, ...fields });
const vacant = (fields: Partial<Vacant> = {}): Vacant => {
  const { connectionUID, environment, clientID, taken, handled, sealedAt } = next;
  return { kind: 'Vacant', generation: 5, connectionUID, environment, clientID, taken, handled, sealedAt, ...fields };
};

describe('a grant that Square gave, and what is in its place', () => {
  it.each([
    ['nothing', undefined],
    ['what cannot be opened', 'Unreadable'],
    ['the generation before', there()],
    ['that with the attempt that it answers', there({ attempt })],
    ['a place that was kept', vacant({ attempt })],
    ['a personal access token', there({ kind: 'PersonalAccessToken', clientID: '' })],
  ] as const)('%s gives way', (_, record) => {
    expect(over(record, next, attempt.id)).toBe(next);
  });

  it.each([
    ['one as new', there({ generation: 6 })],
    ['a newer one', there({ generation: 9 })],
    ['one of another connection', there({ connectionUID: 'another' })],
    ['one of another application', there({ clientID: 'sq0idp-ANOTHER' })],
    ['one of the other environment', there({ environment: 'Sandbox' })],
    ['what a disconnect left', vacant({ generation: 6 })],
    ['one with another attempt, as new', there({ generation: 6, attempt: { ...attempt, id: 'a2' } })],
  ] as const)('%s stays', (_, record) => {
    expect(over(record, next, attempt.id)).toBeUndefined();
  });

  it('takes over from an adoption that came in between, and belongs to whom that belongs', () => {
    const adopted = there({ generation: 6, connectionUID: 'recreated', attempt });
    expect(over(adopted, next, attempt.id)).toEqual({ ...next, generation: 7, connectionUID: 'recreated' });
    expect(next.connectionUID).toBe(uid);
  });

  it('is compared with a record of whatever client, if it opens in this very place', () => {
    const ring = aRing();
    const binding = aBinding({ clientID: 'sq0idp-ANOTHER' });
    const other = aGrant({ clientID: 'sq0idp-ANOTHER', environment: binding.environment });
    const secret = (jwe?: string) =>
      ({ uid: 's', resourceVersion: '1', createdAt: noon, ...(jwe && { jwe }) }) as never;
    const jwe = sealGrant(ring, binding, other);
    expect(recordAt(ring, aBinding(), secret(jwe))).toMatchObject({ clientID: 'sq0idp-ANOTHER' });
    expect(recordAt(ring, aBinding({ name: 'cafe' }), secret(jwe))).toBe('Unreadable');
    expect(recordAt(ring, aBinding(), secret())).toBe('Unreadable');
    expect(recordAt(ring, aBinding(), secret('no record'))).toBe('Unreadable');
  });

  describe('comes late for a credential, after what was held was renewed', () => {
    const doubt = (credential: string) => ({ presents: { credential }, startedAt: noon, unanswered: 1 });
    const answer = aGrant({ generation: 6, taken: ['first', 'late'], handled: { refresh: 'before', adopt: 'asked' } });
    const renewed = (fields: Partial<Grant> = {}) =>
      there({
        generation: 9,
        taken: ['first'],
        doubts: [doubt('late'), doubt('other')],
        handled: { refresh: 'since' },
        ...fields,
      });

    it('and takes its place while the record waits for it', () => {
      const handled = { refresh: 'since', adopt: 'asked' };
      const expected = { ...answer, generation: 10, handled, doubts: [doubt('other')] };
      expect(over(renewed(), answer, attempt.id)).toEqual(expected);
      expect(over(renewed({ attempt }), answer, 'a0')).toEqual(expected);
    });

    it.each([
      ['nobody waits for it', renewed({ doubts: [doubt('other')] })],
      ['another credential was taken since', renewed({ taken: ['first', 'newer'] })],
      ['another one is being tried', renewed({ attempt: { ...attempt, presents: { credential: 'newer' } } })],
      ['it is of another seller', renewed({ merchantID: 'ANOTHER' })],
      ['another connection has the place', renewed({ connectionUID: 'another' })],
    ] as const)('and goes where %s', (_, record) => {
      expect(over(record, answer, 'a0')).toBeUndefined();
    });
  });
});
