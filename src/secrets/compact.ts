/** A JWE in compact form (RFC 7516, section 7.1), taken apart but not opened: nothing of it is to be believed yet. */
export interface CompactJWE {
  readonly header: Readonly<Record<string, unknown>>;
  /** The protected header as it stands: the additional authenticated data. */
  readonly protectedText: string;
  readonly encryptedKey: Buffer;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Five parts of base64url: header, encrypted key, 96 bits of IV, ciphertext, 128 bits of tag. */
const shape = /^[\w-]+\.[\w-]*\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/;

/** Takes a compact JWE apart. Each part must be base64url in its one canonical spelling, so no two texts are equal. */
export function parseCompact(text: string): CompactJWE | undefined {
  if (!shape.test(text)) return undefined;
  const parts = text.split('.');
  if (!parts.every(isCanonical)) return undefined;
  const [protectedText = '', encryptedKey = '', iv = '', ciphertext = '', tag = ''] = parts;
  const header = parseHeader(bytesOf(protectedText));
  return (
    header && {
      header,
      protectedText,
      encryptedKey: bytesOf(encryptedKey),
      iv: bytesOf(iv),
      ciphertext: bytesOf(ciphertext),
      tag: bytesOf(tag),
    }
  );
}

const bytesOf = (part: string): Buffer => Buffer.from(part, 'base64url');

/** Whether the bits that the last character has too many are zero (RFC 4648, section 3.5). */
function isCanonical(part: string): boolean {
  const last = part.at(-1) ?? '';
  switch (part.length % 4) {
    case 0:
      return true;
    case 2:
      return 'AQgw'.includes(last);
    case 3:
      return 'AEIMQUYcgkosw048'.includes(last);
    default:
      return false;
  }
}

function parseHeader(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const header: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof header === 'object' && header !== null && !Array.isArray(header)
      ? (header as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
