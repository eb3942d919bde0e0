import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type BrowserUse, openFromBrowser, sealForBrowser } from '../../../src/secrets/browser-seal.ts';
import { openRecord, sealRecord } from '../../../src/secrets/record.ts';
import { aBinding, aKey, aRing, canary, day, withHeader } from './fixtures.ts';

const ring = aRing();
const schema = z.object({ secret: z.string() });
const value = { secret: canary };
const sealed = sealForBrowser(ring, 'session', value, day + 1_000);
const open = (text: string | undefined, use: BrowserUse = 'session', now = day, by = ring) =>
  openFromBrowser(by, use, schema, text, now);

describe('what a browser keeps', () => {
  test('opens for its use, on any replica with the ring', () => {
    expect(open(sealed)).toEqual({ ok: true, value, expiresAt: day + 1_000 });
  });

  test('opens after the key that sealed it was retired', () => {
    const old = aKey();
    const text = sealForBrowser(aRing(old), 'link', value, day + 1_000);
    const rotated = aRing({ ...old, key: { ...old.key, state: 'Retired' } }, aKey());
    expect(open(text, 'link', day, rotated)).toMatchObject({ ok: true, value });
  });

  test('shows nothing, and fits into a cookie and an address as it is', () => {
    expect(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString()).not.toContain(canary);
    expect(sealed).toMatch(/^[\w.-]+$/);
  });

  test('ends at its instant', () => {
    expect(open(sealed, 'session', day + 999)).toMatchObject({ ok: true });
    expect(open(sealed, 'session', day + 1_000)).toEqual({ ok: false, why: 'Expired' });
  });

  test.each<BrowserUse>(['link', 'sign-in', 'csrf'])('made for a session is none of use %s', (use) => {
    expect(open(sealed, use)).toEqual({ ok: false, why: 'Invalid' });
    expect(
      open(
        withHeader(sealed, (header) => ({ ...header, use })),
        use,
      ),
    ).toEqual({ ok: false, why: 'Invalid' });
  });

  test('is nothing to a ring without its key', () => {
    expect(open(sealed, 'session', day, aRing())).toEqual({ ok: false, why: 'Invalid' });
  });

  test('of another form is not taken', () => {
    expect(openFromBrowser(ring, 'session', z.object({ other: z.string() }), sealed, day)).toMatchObject({
      why: 'Invalid',
    });
  });

  test('is no record, and a record is none of it', () => {
    expect(openRecord(ring, 'grant', aBinding(), sealed)).toMatchObject({ ok: false });
    expect(open(sealRecord(ring, 'grant', aBinding(), Buffer.from(JSON.stringify(value))))).toMatchObject({
      why: 'Invalid',
    });
  });

  test('does not open with one character changed', () => {
    const place = fc.nat({ max: sealed.length - 1 });
    fc.assert(
      fc.property(place, fc.constantFrom('A', 'z', '0', '9', '-', '_', '.'), (at, character) => {
        const text = sealed.slice(0, at) + character + sealed.slice(at + 1);
        expect(open(text).ok).toBe(text === sealed);
      }),
    );
  });

  test('of any text or none is refused without an error', () => {
    expect(open(undefined)).toEqual({ ok: false, why: 'Invalid' });
    expect(open('x'.repeat(100_000))).toEqual({ ok: false, why: 'Invalid' });
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(open(text)).toEqual({ ok: false, why: 'Invalid' });
      }),
    );
  });
});
