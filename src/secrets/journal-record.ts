import { z } from 'zod';
import type { Instant } from '../clock.ts';
import type { Grant, RefreshToken } from '../domain/grant.ts';
import { openBytes, openToken, type SecretBytes, secretBytes, token } from '../domain/token.ts';
import { bindingIn } from './bound-header.ts';
import { handledRequests } from './grant.ts';
import type { Binding, KeyRing, Opened } from './port.ts';
import { openRecord, sealRecord } from './record.ts';

/** What makes a grant of Square's answer: the answer as it came, and what is only known to whoever asked. */
export interface Issued {
  readonly binding: Binding;
  readonly connectionUID: string;
  readonly grantType: 'refresh_token' | 'migration_token' | 'authorization_code';
  /** The body of a 200 answer, before anybody looked into it. */
  readonly body: SecretBytes;
  /** Square's time. */
  readonly issuedAt: Instant;
  /** The generation after which this one comes. */
  readonly after: number;
  /** ID of the attempt that it answers: while that stands in a record, the answer belongs there. */
  readonly attempt?: string;
  readonly requested: Grant['requested'];
  /** The refresh token that was presented; the answer may repeat it, replace it or leave it out. */
  readonly presented?: RefreshToken;
  /** Digest of the credential that this takes up. */
  readonly taken?: string;
  /** The value of the refresh request that this answers. */
  readonly request?: string;
  /** What the record remembered before: it may be gone by the time that the answer is stored. */
  readonly before?: Before;
  /** Of a sign-in: the name of its Secret, where the answer belongs. */
  readonly incoming?: string;
}

type Before = Pick<Grant, 'taken' | 'handled'> & Partial<Pick<Grant, 'merchantID'>>;

/** Members that a later version adds without raising it are let pass: the answer matters more than what is told beside it. */
const journalVersion = 1;

const stored = z.object({
  v: z.literal(journalVersion),
  connectionUID: z.string(),
  grantType: z.enum(['refresh_token', 'migration_token', 'authorization_code']),
  body: z.base64(),
  issuedAt: z.number(),
  after: z.int().min(0),
  attempt: z.string().exactOptional(),
  requested: z.object({ scopes: z.array(z.string()), shortLived: z.boolean() }),
  presented: z
    .object({ value: z.string(), singleUse: z.boolean(), expiresAt: z.number().exactOptional() })
    .exactOptional(),
  taken: z.string().exactOptional(),
  request: z.string().exactOptional(),
  before: z
    .object({ taken: z.array(z.string()), handled: handledRequests.strip(), merchantID: z.string().exactOptional() })
    .exactOptional(),
  incoming: z.string().exactOptional(),
});

/** The answer as one record of purpose `journal`. */
export function sealIssued(ring: KeyRing, { binding, body, presented, ...rest }: Issued): string {
  const json = JSON.stringify({
    v: journalVersion,
    ...rest,
    body: Buffer.from(openBytes(body)).toString('base64'),
    ...(presented && { presented: { ...presented, value: openToken(presented.value) } }),
  });
  return sealRecord(ring, 'journal', binding, Buffer.from(json));
}

/**
 * Opens what `sealIssued` made. Which connection it is of it says itself: it lay in a place of this operator alone, and
 * whether it may become that connection's grant is decided by the connection's own record. Never throws.
 */
export function openIssued(ring: KeyRing, jwe: string): Opened<Issued> {
  const binding = bindingIn(jwe);
  const opened = openRecord(ring, 'journal', binding, jwe);
  if (!opened.ok) return opened;
  const content = parseJSON(opened.value);
  const read = stored.safeParse(content);
  if (!read.success) {
    const message = `the journal entry of ${binding.namespace}/${binding.name} opens, but holds no answer that this version reads: run the version that wrote it`;
    const version = (content as { v?: unknown } | undefined)?.v;
    const problem = typeof version === 'number' && version > journalVersion ? 'UnsupportedVersion' : 'Malformed';
    return { ok: false, problem, keyID: opened.keyID, message };
  }
  const { v: _, body, presented, ...rest } = read.data;
  const value: Issued = {
    ...rest,
    binding,
    body: secretBytes(Buffer.from(body, 'base64')),
    ...(presented && { presented: { ...presented, value: token(presented.value) } }),
  };
  return { ok: true, value, keyID: opened.keyID };
}

function parseJSON(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
