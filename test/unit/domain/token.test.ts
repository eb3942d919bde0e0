import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cleanCredential, openBytes, openToken, sameToken, secretBytes, token } from '../../../src/domain/token.ts';

const value = 'EAAACANARY0123456789';

describe('a token', () => {
  it('prints as [redacted] in every way', () => {
    const held = token(value);
    const bytes = secretBytes(new TextEncoder().encode(value));
    const printed = [
      String(held),
      // oxlint-disable-next-line typescript/restrict-template-expressions
      `${held}`,
      held + '',
      JSON.stringify({ held, bytes }),
      inspect({ held, bytes }, { showHidden: true, depth: 9 }),
      Object.prototype.toString.call(held),
      JSON.stringify(Object.entries(held)),
      JSON.stringify(Object.assign({}, held)),
    ].join('\n');
    expect(printed).not.toContain('CANARY');
    expect(printed).not.toContain('69, 65, 65, 65');
    expect(printed).toContain('[redacted]');
  });

  it('is opened by one function', () => {
    expect(openToken(token(value))).toBe(value);
    expect([...openBytes(secretBytes(Uint8Array.of(1, 2)))]).toEqual([1, 2]);
    expect(sameToken(token(value), token(value))).toBe(true);
    expect(sameToken(token(value), token('x'))).toBe(false);
  });
});

describe('a credential as people store it', () => {
  it.each([`${value}\n`, ` ${value}\r\n`, `\uFEFF${value}`, `\t${value}\t`])(
    'is freed of what surrounds it: %j',
    (text) => {
      const clean = cleanCredential(text);
      expect(clean.ok && openToken(clean.value)).toBe(value);
    },
  );

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    [`${value} ${value}`, 'white space inside'],
    [`${value}\n${value}`, 'white space inside'],
    [`EAAA\u0000${value}`, 'control'],
    ['EAAAé', 'non-ASCII'],
    ['x'.repeat(1_025), 'at most 1024'],
  ])('is refused as %j: %s', (text, why) => {
    const clean = cleanCredential(text);
    expect(clean).toMatchObject({ ok: false, why: expect.stringContaining(why) as string });
    expect(JSON.stringify(clean)).not.toContain('EAAA');
  });

  it('of 1024 characters is taken', () => {
    expect(cleanCredential('x'.repeat(1_024)).ok).toBe(true);
  });
});
