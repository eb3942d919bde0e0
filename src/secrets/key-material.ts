import { createECDH, createHash, createPrivateKey, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { formatInstant, type Instant, parseInstant } from '../clock.ts';
import type { PublicSealingKey, SealingKey } from './port.ts';

const keyVersion = 1;

/**
 * One sealing key as it is stored: the JSON under `key.json` of a Secret, or a file of `--sealing-key-dir`.
 * `root`, `digest` and `p256` are 32 bytes each, base64url without padding. Digests of
 * credentials are made with `digest` of the ring's oldest key; a new key takes it over, so that they outlive the removal
 * of the oldest one too.
 */
const stored = z.object({
  version: z.literal(keyVersion),
  id: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  state: z.enum(['Active', 'Retired']),
  createdAt: z.string().refine((text) => parseInstant(text) !== undefined),
  root: z.string().regex(/^[\w-]{43}$/),
  digest: z.string().regex(/^[\w-]{43}$/),
  /** The private scalar of the EC P-256 pair. */
  p256: z.string().regex(/^[\w-]{43}$/),
});

/** A key with what the ring alone needs to know of it. */
export interface KeyMaterial {
  readonly key: SealingKey;
  readonly digestKey: KeyObject;
}

/** The name of the value in a key's Secret. */
export const keyField = 'key.json';

/** A sealing key that cannot be used. `message` names where it lies, and holds nothing of it. */
export class SealingKeyError extends Error {
  readonly code:
    | 'KeyMalformed'
    | 'KeyUnreadable'
    | 'KeyNotOwned'
    | 'KeyRingEmpty'
    /** There was a ring, as its published public key says, and no key of it is left. */
    | 'KeyRingLost'
    | 'KeyRingAmbiguous';

  constructor(code: SealingKeyError['code'], message: string) {
    super(message);
    this.name = 'SealingKeyError';
    this.code = code;
  }
}

/** A new active key as text to be stored. `digest` of the ring it joins is carried over. */
export function generateKey(now: Instant, digest?: KeyObject): string {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const id = createHash('sha256').update(pair.getPublicKey()).digest('hex').slice(0, 16);
  const scalar = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()]).subarray(-32);
  return JSON.stringify({
    version: keyVersion,
    id,
    state: 'Active',
    createdAt: formatInstant(now),
    root: randomBytes(32).toString('base64url'),
    digest: (digest?.export() ?? randomBytes(32)).toString('base64url'),
    p256: scalar.toString('base64url'),
  } satisfies z.infer<typeof stored>);
}

/** Reads a stored key. Throws `SealingKeyError` that names `where` and the fields at fault, never a value. */
export function parseKey(text: string, where: string): KeyMaterial {
  const content = parseJSON(text, where);
  const version = (content as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > keyVersion) {
    const message = `${where} is a sealing key of a later version of the operator (format ${version}; this one reads ${keyVersion}): run that version again`;
    throw new SealingKeyError('KeyMalformed', message);
  }
  const parsed = stored.safeParse(content);
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole'))];
    throw malformed(where, `wrong or missing: ${fields.join(', ')}`);
  }
  const { id, state, createdAt, root, digest, p256 } = parsed.data;
  return {
    key: {
      id,
      state,
      createdAt: parseInstant(createdAt) ?? 0,
      root: createSecretKey(Buffer.from(root, 'base64url')),
      ...readPair(p256, id, where),
    },
    digestKey: createSecretKey(Buffer.from(digest, 'base64url')),
  };
}

function readPair(p256: string, kid: string, where: string): Pick<SealingKey, 'privateKey' | 'publicKey'> {
  const pair = createECDH('prime256v1');
  try {
    pair.setPrivateKey(Buffer.from(p256, 'base64url'));
  } catch {
    throw malformed(where, 'wrong or missing: p256');
  }
  const point = pair.getPublicKey();
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33, 65).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  return {
    privateKey: createPrivateKey({ key: { ...jwk, d: p256 }, format: 'jwk' }),
    publicKey: { ...jwk, kid, alg: 'ECDH-ES+A256KW', use: 'enc' } satisfies PublicSealingKey,
  };
}

function parseJSON(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(where, 'it is not JSON');
  }
}

function malformed(where: string, what: string): SealingKeyError {
  return new SealingKeyError(
    'KeyMalformed',
    `${where} is no sealing key of this operator: ${what}. Restore it from a backup, or move it away if nothing was ever sealed by it`,
  );
}
