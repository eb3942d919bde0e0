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

/** Takes a compact JWE apart. Each part must be base64url in its one canonical spelling, so no two texts are equal. */
export function parseCompact(text: string): CompactJWE | undefined {
  const parts = text.split('.');
  if (parts.length !== 5) return undefined;
  const [protectedText = ''] = parts;
  const [head, encryptedKey, iv, ciphertext, tag] = parts.map(canonical);
  if (head === undefined || encryptedKey === undefined || iv === undefined) return undefined;
  if (ciphertext === undefined || tag?.length !== 16 || iv.length !== 12) return undefined;
  const header = parseHeader(head);
  return header && { header, protectedText, encryptedKey, iv, ciphertext, tag };
}

function canonical(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
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
