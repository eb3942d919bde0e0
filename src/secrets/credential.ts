import { compactDecrypt } from 'jose';
import { type Token, token } from '../domain/token.ts';
import { checkBinding, checkHeader, type Expected, placeOf, tampered, unopened } from './bound-header.ts';
import { parseCompact } from './compact.ts';
import type { Binding, KeyRing, Opened, SealingKey } from './port.ts';
import { alg, longestSealedCredential, purpose } from './seal-credential.ts';

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
