import { describe, expect, test } from 'vitest';
import type { CredentialKind } from '../../../src/api/connection.ts';
import { type CredentialsDeps, readCredential } from '../../../src/controller/credentials.ts';
import type { Application } from '../../../src/domain/observation.ts';
import { token } from '../../../src/domain/token.ts';
import { sealCredential } from '../../../src/secrets/seal-credential.ts';
import { aConnection, anApplication } from '../../support/builders.ts';
import { aBinding, aRing, canary } from '../secrets/fixtures.ts';

const ring = aRing();

/** What there is to say of a sealed credential. */
async function says(sealed: string, type: CredentialKind, application: Application): Promise<string> {
  const { spec, ...connection } = aConnection({}, { credential: { [type]: { sealed } } });
  if (!spec.ok) throw new Error('a spec that cannot be understood');
  const deps = { ring } as unknown as CredentialsDeps;
  const read = await readCredential(deps, { ...connection, spec }, spec.value, application, false);
  return read.kind === 'Problem' && read.reason === 'SealedCredentialUnreadable' ? read.message : read.kind;
}

describe('a sealed credential that cannot be opened', () => {
  const nowhere = { kind: 'NotNeeded', environment: 'Sandbox' } as const;
  test.each([
    ['refreshToken', anApplication(), '--application shop/pos'],
    ['migrationToken', anApplication(), '--application shop/pos'],
    ['personalAccessToken', anApplication(), '--personal --environment Production'],
    ['personalAccessToken', nowhere, '--personal --environment Sandbox'],
  ] as const)('comes with the command that seals it anew: %s, %j', async (type, application, place) => {
    expect(await says('rubbish', type, application)).toBe(
      `The sealed credential of shop/bakery is no JWE in compact form. Put there what this prints: kubectl square seal bakery -n shop ${place} < FILE.`,
    );
    expect(await says('x'.repeat(9_000), type, application)).toContain(' kubectl square seal bakery -n shop ');
  });

  test('of another place says what helps without it', async () => {
    const elsewhere = await sealCredential(ring.active.publicKey, aBinding({ name: 'other' }), token(canary));
    const message = await says(elsewhere, 'refreshToken', anApplication());
    expect(message).toMatch(/or seal the value for this one\.$/);
  });
});
