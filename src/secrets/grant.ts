import { z } from 'zod';
import { environment } from '../api/connection.ts';
import type { Grant, Vacant } from '../domain/grant.ts';
import { openToken, token } from '../domain/token.ts';
import { bindingIn, placeOf, unopened } from './bound-header.ts';
import type { Binding, KeyRing, Opened, Purpose } from './port.ts';
import { openRecord, sealRecord } from './record.ts';

/**
 * The version of the JSON inside the record. A version that changes a member raises it. One that adds a member need not:
 * whoever does not know the member leaves the record alone all the same, since writing it anew would lose that.
 */
const grantVersion = 1;

/** What a grant can be sealed for. */
type GrantPurpose = Exclude<Purpose, 'journal'>;

const value = z.string().min(1);
const instant = z.number();

const doubt = z.strictObject({
  startedAt: instant,
  presents: z.union([z.literal('Held'), z.strictObject({ credential: z.string() })]),
  unanswered: z.int().min(0),
  doubted: z.literal(true).exactOptional(),
});
const attempt = doubt.extend({ id: z.string().min(1), holder: z.string() });

export const handledRequests = z.strictObject({
  refresh: z.string().exactOptional(),
  disconnect: z.string().exactOptional(),
  adopt: z.string().exactOptional(),
});

const common = {
  connectionUID: z.string(),
  environment,
  clientID: z.string(),
  taken: z.array(z.string()),
  handled: handledRequests,
  sealedAt: instant,
  attempt: attempt.exactOptional(),
  doubts: z.array(doubt).exactOptional(),
};

const storedGrant = z.strictObject({
  ...common,
  generation: z.int().min(1),
  kind: z.enum(['OAuth', 'PersonalAccessToken']),
  merchantID: z.string().exactOptional(),
  accessToken: z.strictObject({ value, issuedAt: instant, expiresAt: instant.exactOptional() }),
  signedInAt: instant.exactOptional(),
  refreshToken: z.strictObject({ value, singleUse: z.boolean(), expiresAt: instant.exactOptional() }).exactOptional(),
  requested: z.strictObject({ scopes: z.array(z.string()), shortLived: z.boolean() }),
});
const storedVacant = z.strictObject({
  ...common,
  generation: z.int().min(0),
  kind: z.literal('Vacant'),
  disconnected: z.strictObject({ at: instant, merchantID: z.string().exactOptional() }).exactOptional(),
});
const stored = z.discriminatedUnion('kind', [storedGrant, storedVacant]);
type Stored = z.infer<typeof stored>;

/** Compiled when the first one is read: thousands are at a start, and a command that opens none need not wait for it. */
let compiled: typeof stored | undefined;

/** A grant, or what is left of one, as one record. Throws when it belongs to another application than the binding says. */
export function sealGrant(
  ring: KeyRing,
  binding: Binding,
  grant: Grant | Vacant,
  purpose: GrantPurpose = 'grant',
): string {
  if (!agrees(grant, binding)) {
    throw new Error(`the grant for ${binding.namespace}/${binding.name} is of another environment or client ID`);
  }
  const json = JSON.stringify({ v: grantVersion, ...clear(grant) });
  return sealRecord(ring, purpose, binding, Buffer.from(json));
}

/** Opens what `sealGrant` made for these live objects and purpose; anything else is refused with the reason. Never throws. */
export function openGrant(
  ring: KeyRing,
  binding: Binding,
  jwe: string,
  purpose: GrantPurpose = 'grant',
): Opened<Grant | Vacant> {
  const record = openRecord(ring, purpose, binding, jwe);
  if (!record.ok) return record;
  const place = placeOf({ purpose, binding });
  const { v: version, ...content } = parseObject(record.value);
  const later = (how: string) =>
    unopened(
      'UnsupportedVersion',
      record.keyID,
      `${place} was written by a later version of the operator (${how}): run that version again`,
    );
  if (typeof version === 'number' && version > grantVersion) {
    return later(`grant ${version}; this one reads ${grantVersion}`);
  }
  const parsed = (compiled ??= z.compile(stored)).safeParse(content);
  const added = unknownMembers(parsed.error);
  if (version === grantVersion && added.length > 0) return later(`it adds ${added.join(', ')}`);
  if (version !== grantVersion || !parsed.success || !agrees(parsed.data, binding)) {
    const fields = parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
    const message = `${place} opens, but holds no grant of this connection (${fields.join(', ') || 'version or owner'}). Restore it from a backup, or give a new credential`;
    return unopened('Malformed', record.keyID, message);
  }
  return { ok: true, value: concealed(parsed.data), keyID: record.keyID };
}

/** Opens the grant of this place, whatever client it is of: its own header tells. Never throws. */
export const openGrantAt = (
  ring: KeyRing,
  { namespace, name }: Pick<Binding, 'namespace' | 'name'>,
  jwe: string,
): Opened<Grant | Vacant> => openGrant(ring, { ...bindingIn(jwe), namespace, name }, jwe);

function clear(grant: Grant | Vacant): object {
  if (grant.kind === 'Vacant') return grant;
  const { accessToken, refreshToken, ...rest } = grant;
  return {
    ...rest,
    accessToken: { ...accessToken, value: openToken(accessToken.value) },
    ...(refreshToken && { refreshToken: { ...refreshToken, value: openToken(refreshToken.value) } }),
  };
}

function concealed(record: Stored): Grant | Vacant {
  if (record.kind === 'Vacant') return record;
  const { accessToken, refreshToken, ...rest } = record;
  return {
    ...rest,
    accessToken: { ...accessToken, value: token(accessToken.value) },
    ...(refreshToken && { refreshToken: { ...refreshToken, value: token(refreshToken.value) } }),
  };
}

function agrees(grant: Pick<Grant, 'environment' | 'clientID'>, binding: Binding): boolean {
  return grant.environment === binding.environment && grant.clientID === binding.clientID;
}

/** The paths of members that this version does not know. */
const unknownMembers = (error: z.ZodError | undefined): string[] =>
  (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key].join('.')) : [],
  );

/** Empty when it is no object. */
function parseObject(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
