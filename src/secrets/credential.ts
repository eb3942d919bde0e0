import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import { openToken, type Token, token } from '../domain/token.ts';
import { boundHeader, checkBinding, checkHeader, type Expected, placeOf, tampered, unopened } from './bound-header.ts';
import { parseCompact } from './compact.ts';
import type { Binding, KeyRing, Opened, PublicSealingKey, SealingKey } from './port.ts';

/** The longest sealed credential that is read. */
export const longestSealedCredential = 8_192;

const alg = 'ECDH-ES+A256KW';
const purpose = 'credential';

/**
 * Seals a credential offline for one connection: JWE compact with `ECDH-ES+A256KW` and `A256GCM` (RFC 7516; RFC 7518,
 * section 4.6). Whoever has the public key can make one; only the ring opens it, and only in the place it is bound to.
 */
export async function sealCredential(publicKey: PublicSealingKey, binding: Binding, value: Token): Promise<string> {
  return await new CompactEncrypt(new TextEncoder().encode(openToken(value)))
    .setProtectedHeader({ alg, enc: 'A256GCM', ...boundHeader(publicKey.kid, purpose, binding) })
    .encrypt(await importJWK(publicKey, alg));
}

/**
 * Opens what `sealCredential` made for this place; anything else is refused with the reason. Space around the text is
 * let pass, since YAML adds it. Never rejects.
 */
export async function openCredential(ring: KeyRing, binding: Binding, jwe: string): Promise<Opened<Token>> {
  const expected: Expected = { purpose, binding, alg, also: ['epk'] };
  if (jwe.length > longestSealedCredential) {
    const message = `${placeOf(expected)} has ${jwe.length} characters; at most ${longestSealedCredential} are read`;
    return unopened('Malformed', undefined, message);
  }
  const text = jwe.trim();
  const checked = checkHeader(ring, parseCompact(text), expected);
  if (!checked.ok) return checked;
  const value = await decrypt(checked.key, text);
  if (value === undefined) return tampered(checked.jwe.header, expected);
  return checkBinding(checked.jwe.header, expected) ?? { ok: true, value, keyID: checked.key.id };
}

async function decrypt(key: SealingKey, jwe: string): Promise<Token | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key.privateKey, {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return token(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
  } catch {
    return undefined;
  }
}
