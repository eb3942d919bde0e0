import { boundHeader, checkBinding, checkHeader, type Expected, tampered } from './bound-header.ts';
import { parseCompact } from './compact.ts';
import { decryptDirect, encryptDirect } from './direct.ts';
import type { Binding, KeyRing, Opened, Purpose } from './port.ts';

/** The operator's own records, sealed by the active key of the ring. */
export function sealRecord(ring: KeyRing, purpose: Purpose, binding: Binding, plaintext: Uint8Array): string {
  const key = ring.active;
  return encryptDirect(key, purpose, boundHeader(key.id, purpose, binding), plaintext);
}

/**
 * Opens what `sealRecord` made for this purpose and these live objects; anything else is refused with the reason.
 * Never throws.
 */
export function openRecord(ring: KeyRing, purpose: Purpose, binding: Binding, jwe: string): Opened<Buffer> {
  const expected: Expected = { purpose, binding, alg: 'dir', also: ['salt'] };
  const checked = checkHeader(ring, parseCompact(jwe), expected);
  if (!checked.ok) return checked;
  const value = decryptDirect(checked.key, purpose, checked.jwe);
  if (value === undefined) return tampered(checked.jwe.header, expected);
  return checkBinding(checked.jwe.header, expected) ?? { ok: true, value, keyID: checked.key.id };
}
