import { expect, it } from 'vitest';
import { matchesSelector } from '../../../src/controller/label-selector.ts';

const labels = { team: 'shops', tier: 'gold' };

it.each([
  ['an empty one', {}, true],
  ['an equal label', { matchLabels: { team: 'shops' } }, true],
  ['one of two labels that differs', { matchLabels: { team: 'shops', tier: 'silver' } }, false],
  ['a label that is not there', { matchLabels: { zone: 'a' } }, false],
  ['In', { matchExpressions: [{ key: 'tier', operator: 'In', values: ['gold', 'silver'] }] }, true],
  ['In, of a label that is not there', { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
  ['NotIn', { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['gold'] }] }, false],
  [
    'NotIn, of a label that is not there',
    { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] },
    true,
  ],
  ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
  ['Exists, of a label that is not there', { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
  ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
  [
    'all requirements together',
    { matchLabels: { team: 'shops' }, matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['gold'] }] },
    false,
  ],
] as const)('a selector with %s', (_, selector, matches) => {
  expect(matchesSelector(structuredClone(selector) as Parameters<typeof matchesSelector>[0], labels)).toBe(matches);
});
