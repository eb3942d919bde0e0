import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillTemplate } from '../../../src/secrets/template.ts';

const values = { accessToken: 'EAAA&<"\'>', merchantID: 'ML1', expiresAt: '' };

test.each([
  ['plain text', 'nothing here', 'nothing here'],
  ['one name', 'Bearer {{accessToken}}', 'Bearer EAAA&<"\'>'],
  ['space inside the braces', '{{  merchantID }}', 'ML1'],
  ['a name twice', '{{merchantID}}{{merchantID}}', 'ML1ML1'],
  ['an empty value', '[{{expiresAt}}]', '[]'],
  ['single braces', '{"a":{"b":"{{merchantID}}"}}', '{"a":{"b":"ML1"}}'],
  ['nothing', '', ''],
])('fills in %s', (_, template, text) => {
  expect(fillTemplate(template, values)).toEqual({ ok: true, text });
});

test.each([
  ['an unknown name', '{{accesstoken}}', '{{accesstoken}}'],
  ['the refresh token', '{{refreshToken}}', '{{refreshToken}}'],
  ['an inherited name', '{{constructor}}', '{{constructor}}'],
  ['no name', '{{}}', '{{}}'],
  ['a section', '{{#merchantID}}x{{/merchantID}}', '{{#merchantID}}, {{/merchantID}}'],
  ['a partial', '{{> other}}', '{{> other}}'],
  ['other delimiters', '{{=<% %>=}}', '{{=<% %>=}}'],
  ['no end', 'a {{accessToken', 'without a name and }} after it'],
  ['triple braces', '{{{accessToken}}}', 'two braces are enough'],
])('refuses %s and lists the names', (_, template, said) => {
  const filled = fillTemplate(template, values);
  expect(filled.ok).toBe(false);
  expect(!filled.ok && filled.why).toContain(said);
});

test('a value is never filled in again', () => {
  expect(fillTemplate('{{a}}', { a: '{{b}}', b: 'x' })).toEqual({ ok: true, text: '{{b}}' });
});

test('what it says is wrong never holds a value', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('{', '}', 'a', ' ', 'accessToken') }), (template) => {
      const filled = fillTemplate(template, values);
      expect(!filled.ok && filled.why.includes(values.accessToken)).toBe(false);
    }),
  );
});
