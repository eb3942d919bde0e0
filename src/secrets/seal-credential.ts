import { CompactEncrypt, importJWK } from 'jose';
import { z } from 'zod';
import { openToken, type Token } from '../domain/token.ts';
import { boundHeader } from './bound-header.ts';
import type { Binding, PublicSealingKey } from './port.ts';

/** The longest sealed credential that is read. */
export const longestSealedCredential = 8_192;

/** The name of the JWK in the ConfigMap. */
export const publicKeyField = 'public-key.json';

export const alg = 'ECDH-ES+A256KW';
export const purpose = 'credential';

const coordinate = z.string().regex(/^[\w-]{43}$/);

const publicKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
  kid: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  alg: z.literal(alg),
  use: z.literal('enc'),
});

/**
 * Reads the public half of a sealing key as it stands in the ConfigMap or in a file. `undefined` for anything else; a text
 * that holds a private key is something else, too.
 */
export function readPublicKey(text: string): PublicSealingKey | undefined {
  try {
    const jwk: unknown = JSON.parse(text);
    if (typeof jwk !== 'object' || jwk === null || 'd' in jwk) return undefined;
    return publicKey.safeParse(jwk).data;
  } catch {
    return undefined;
  }
}

/**
 * Seals a credential offline for one connection: JWE compact with `ECDH-ES+A256KW` and `A256GCM` (RFC 7516; RFC 7518,
 * section 4.6). Whoever has the public key can make one; only the ring opens it, and only in the place it is bound to.
 */
export async function sealCredential(publicKey: PublicSealingKey, binding: Binding, value: Token): Promise<string> {
  return await new CompactEncrypt(new TextEncoder().encode(openToken(value)))
    .setProtectedHeader({ alg, enc: 'A256GCM', ...boundHeader(publicKey.kid, purpose, binding) })
    .encrypt(await importJWK(publicKey, alg));
}
