import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openBytes, openToken, secretBytes, token } from '../../../src/domain/token.ts';
import { openGrant } from '../../../src/secrets/grant.ts';
import { type Issued, openIssued, sealIssued } from '../../../src/secrets/journal-record.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import { aBinding, aRing, canary, day, withHeader } from './fixtures.ts';

const ring = aRing();
const body = `{"access_token":"${canary}"}`;
const anIssued = (fields: Partial<Issued> = {}): Issued => ({
  binding: aBinding(),
  connectionUID: 'uid-1',
  grantType: 'refresh_token',
  body: secretBytes(Buffer.from(body)),
  issuedAt: day,
  after: 3,
  requested: { scopes: ['PAYMENTS_READ'], shortLived: true },
  presented: { value: token(`EQAA${canary}`), singleUse: true, expiresAt: day + 1 },
  taken: 'digest',
  request: '2026-07-01T12:00:00Z',
  before: { taken: ['earlier'], handled: { adopt: '2026-06-01T12:00:00Z' }, merchantID: 'MLEXAMPLE0001' },
  ...fields,
});

describe('an answer in the journal', () => {
  test('comes back as it was', () => {
    const issued = anIssued();
    const opened = openIssued(ring, sealIssued(ring, issued));
    if (!opened.ok) throw new Error(opened.message);
    const { body: bytes, presented, ...rest } = opened.value;
    const { body: _, presented: before, ...expected } = issued;
    expect(rest).toEqual(expected);
    expect(Buffer.from(openBytes(bytes)).toString()).toBe(body);
    expect(presented && openToken(presented.value)).toBe(before && openToken(before.value));
    expect(presented).toMatchObject({ singleUse: true, expiresAt: day + 1 });
  });

  test('of a code has no token that was presented, and no digest', () => {
    const { presented: _, taken: __, request: ___, ...rest } = anIssued({ grantType: 'authorization_code' });
    const opened = openIssued(ring, sealIssued(ring, rest));
    expect(opened.ok && Object.keys(opened.value)).not.toContain('presented');
  });

  test('is no grant, and a grant is no answer', () => {
    const sealed = sealIssued(ring, anIssued());
    expect(openGrant(ring, aBinding(), sealed)).toMatchObject({ ok: false, problem: 'WrongPurpose' });
    const grant = sealRecord(ring, 'grant', aBinding(), Buffer.from('{}'));
    expect(openIssued(ring, grant)).toMatchObject({ ok: false, problem: 'WrongPurpose' });
  });

  test('that another place is written into its header does not open', () => {
    const forged = withHeader(sealIssued(ring, anIssued()), (header) => ({ ...header, name: 'cafe' }));
    expect(openIssued(ring, forged)).toMatchObject({ ok: false, problem: 'Tampered' });
  });

  test.each(['', 'no JWE', 'a.b.c.d.e'])('%j is refused', (text) => {
    expect(openIssued(ring, text)).toMatchObject({ ok: false });
  });

  test('of a later version is left to it', () => {
    const later = sealRecord(ring, 'journal', aBinding(), Buffer.from('{"v":2}'));
    const opened = openIssued(ring, later);
    expect(opened).toMatchObject({ ok: false, problem: 'UnsupportedVersion' });
    expect(!opened.ok && opened.message).toMatch(/run the version that wrote it/);
  });

  test('shows no token', () => {
    const sealed = sealIssued(ring, anIssued());
    const shown =
      sealed + inspect(openIssued(ring, sealed), { depth: null, showHidden: true }) + JSON.stringify(anIssued());
    expect(shown).not.toContain(canary.slice(0, 12));
  });
});
