import { createHash } from 'node:crypto';
import { annotations, apiVersion, grantKey, incomingSecretName, secretTypes, squareConnections } from '../api/names.ts';
import { type Duration, hours, type Instant } from '../clock.ts';
import type { Grant } from '../domain/grant.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { openGrant, sealGrant } from './grant.ts';
import { projectSealed } from './grant-secret.ts';
import type { Binding, HeldSecret, KeyRing, Opened, WriteProblem } from './port.ts';
import { textOf, typeOf } from './secret-text.ts';
import { changeProblem, createProblem, mayHaveWritten, notOwned } from './write-problem.ts';

/** The Secret of one sign-in, as the watch keeps it: a claim at first, then the sealed grant. */
export interface IncomingSecret extends HeldSecret {
  /** By the API server's wall clock. */
  readonly createdAt: Instant;
  /** It is of no sign-in: a credential of another seller than the pinned one gave it. */
  readonly setAside?: true;
  /** The sealed grant; absent as long as nothing but the claim is there. */
  readonly jwe?: string;
  /** The key that the record says it was sealed by. */
  readonly keyID?: string;
}

/** What a sign-in gave is of use for so long, from its issue on. */
export const signInKept: Duration = hours(24);

/** Where the answer to a sign-in belongs. */
export interface IncomingPlace {
  readonly namespace: string;
  /** The connection. It owns the Secret, which goes with it. */
  readonly connection: string;
  readonly uid: string;
  /** Name of the Secret. */
  readonly secret: string;
  /** It is of no sign-in. */
  readonly setAside?: true;
}

/** Tells one sign-in from all others, without telling its state: 128 bits of a digest of 256 random ones. */
export const digestOfState = (state: string): string =>
  createHash('sha256').update(`square-operator/sign-in/${state}`).digest('hex').slice(0, 32);

/** What a record remembers of a sign-in that it took up; `secret`: the name of its Secret. */
export const takenOf = (secret: string): string => `${takenPrefix}${secret.slice(-32)}`;
const takenPrefix = 'sign-in/';

export const incomingPlace = (
  connection: Omit<IncomingPlace, 'secret' | 'connection'> & { name: string },
  state: string,
): IncomingPlace => placeOf(connection, digestOfState(state));

const placeOf = (
  { namespace, name, uid }: Omit<IncomingPlace, 'secret' | 'connection'> & { name: string },
  digest: string,
): IncomingPlace => ({ namespace, connection: name, uid, secret: incomingSecretName(name, digest) });

/** The place of what a credential gave whose seller is not the pinned one; `credential`: its digest. */
export const setAsidePlace = (
  connection: Omit<IncomingPlace, 'secret' | 'connection'> & { name: string },
  credential: string,
): IncomingPlace => {
  const digest = createHash('sha256').update(`square-operator/set-aside/${credential}`).digest('hex').slice(0, 32);
  return { ...placeOf(connection, digest), setAside: true };
};

/** Where a grant belongs that was sealed for such a place: it tells itself what it was given for. */
export function placeOfIncoming(
  { namespace, name }: Pick<Binding, 'namespace' | 'name'>,
  { connectionUID: uid, taken: [taken] }: Pick<Grant, 'connectionUID' | 'taken'>,
): IncomingPlace | undefined {
  if (taken === undefined) return undefined;
  const connection = { namespace, name, uid };
  if (taken.startsWith(takenPrefix)) return placeOf(connection, taken.slice(takenPrefix.length));
  return setAsidePlace(connection, taken);
}

export const projectIncoming = (object: KubeObject): IncomingSecret => ({
  ...projectSealed(object),
  ...(object.metadata.annotations?.[annotations.setAside] === 'true' && { setAside: true as const }),
});

/** `Used`: the sign-in was completed before, on whichever replica. */
export type Claimed =
  | { readonly kind: 'Claimed'; readonly held: HeldSecret }
  | { readonly kind: 'Used' }
  | WriteProblem;

/**
 * Claims a sign-in for one attempt, so that its code is exchanged once at most: of all replicas only one can create the
 * Secret. `claim` tells an answer that was lost from somebody else's. Throws nothing of the API server's.
 */
export async function claimSignIn(client: KubeClient, place: IncomingPlace, claim: string): Promise<Claimed> {
  const { namespace, secret } = place;
  try {
    return { kind: 'Claimed', held: heldOf(await client.create(secrets, manifestOf(place, claim))) };
  } catch (error) {
    const problem = createProblem(error, `${namespace}/${secret}`);
    if (problem.kind !== 'Conflict' && !mayHaveWritten(error)) return problem;
    const there = await client.get(secrets, namespace, secret).catch(() => undefined);
    if (there?.metadata.annotations?.[annotations.claim] === claim) return { kind: 'Claimed', held: heldOf(there) };
    return problem.kind === 'Conflict' || there !== undefined ? { kind: 'Used' } : problem;
  }
}

/** `Gone`: its namespace is, or its connection, and nobody could take it up any more. */
export type Filled = { readonly kind: 'Stored' } | { readonly kind: 'Gone' } | WriteProblem;

/**
 * Puts the sealed grant into the Secret of its sign-in; where that was deleted, into a new one. One that holds a grant
 * already is left as it is: it is the same. What nobody can open is replaced. Throws nothing of the API server's.
 */
export async function fillIncoming(
  client: KubeClient,
  ring: KeyRing,
  place: IncomingPlace,
  binding: Binding,
  grant: Grant,
): Promise<Filled> {
  const { namespace, secret } = place;
  const where = `${namespace}/${secret}`;
  const data = { [grantKey]: Buffer.from(sealIncoming(ring, binding, grant)).toString('base64') };
  try {
    const there = await client.get(secrets, namespace, secret);
    if (there === undefined) return await create(client, place, data);
    if (typeOf(there) !== secretTypes.incomingGrant) {
      return notOwned(where, `its type is not ${secretTypes.incomingGrant}`);
    }
    const { ownerReferences: owners = [] } = there.metadata;
    if (owners.length > 0 && !owners.some(({ uid }) => uid === place.uid)) {
      if (await isGone(client, place)) return { kind: 'Gone' };
      return notOwned(where, 'it is of an earlier connection of the name, and goes with it');
    }
    const held = textOf(there, grantKey);
    const opened = held === undefined ? undefined : openIncoming(ring, binding, held);
    if (opened?.ok) return { kind: 'Stored' };
    if (opened?.problem === 'KeyMissing' || opened?.problem === 'UnsupportedVersion') {
      return notOwned(where, `it holds what this process cannot judge: ${opened.message}`);
    }
    await client.mergePatch(secrets, namespace, secret, { metadata: heldOf(there), data });
    return { kind: 'Stored' };
  } catch (error) {
    return changeProblem(error, where);
  }
}

async function create(client: KubeClient, place: IncomingPlace, data: Record<string, string>): Promise<Filled> {
  if (await isGone(client, place)) return { kind: 'Gone' };
  try {
    await client.create(secrets, { ...manifestOf(place), data });
    return { kind: 'Stored' };
  } catch (error) {
    // Its namespace is.
    if (isReason(error, 'NotFound')) return { kind: 'Gone' };
    return createProblem(error, `${place.namespace}/${place.secret}`);
  }
}

/** Its connection is. */
async function isGone(client: KubeClient, { namespace, connection, uid }: IncomingPlace): Promise<boolean> {
  const owner = await client.get(squareConnections, namespace, connection);
  return owner?.metadata.uid !== uid;
}

/** The grant of a sign-in as its Secret keeps it. */
export const sealIncoming = (ring: KeyRing, binding: Binding, grant: Grant): string =>
  sealGrant(ring, binding, grant, 'incoming');

/** Opens what `sealIncoming` made for these live objects; anything else is refused with the reason. Never throws. */
export function openIncoming(ring: KeyRing, binding: Binding, jwe: string): Opened<Grant> {
  const opened = openGrant(ring, binding, jwe, 'incoming');
  if (!opened.ok) return opened;
  const { value, keyID } = opened;
  if (value.kind !== 'Vacant') return { ok: true, value, keyID };
  const message = `the sealed incoming of ${binding.namespace}/${binding.name} holds no grant`;
  return { ok: false, problem: 'Malformed', keyID, message };
}

/**
 * Takes the grant out of the Secret of a sign-in and leaves the claim, so that a reload of the callback is still known as
 * one. Rejects with a `KubeError`.
 */
export const emptyIncoming = (
  client: Pick<KubeClient, 'mergePatch'>,
  namespace: string,
  secret: string,
  { uid, resourceVersion }: HeldSecret,
): Promise<unknown> => {
  const patch = { metadata: { uid, resourceVersion }, data: { [grantKey]: null } };
  return client.mergePatch(secrets, namespace, secret, patch);
};

/** Removes the Secret of a sign-in. Rejects with a `KubeError`; resolves when it was gone already. */
export const removeIncoming = (
  client: Pick<KubeClient, 'delete'>,
  namespace: string,
  secret: string,
  { uid, resourceVersion }: HeldSecret,
): Promise<void> => client.delete(secrets, namespace, secret, { uid, resourceVersion });

function manifestOf({ namespace, connection, uid, secret, setAside }: IncomingPlace, claim?: string): KubeObject {
  const owner = { apiVersion, kind: squareConnections.kind, name: connection, uid };
  const notes = {
    ...(claim !== undefined && { [annotations.claim]: claim }),
    ...(setAside && { [annotations.setAside]: 'true' }),
  };
  const metadata = { name: secret, namespace, annotations: notes, ownerReferences: [owner] };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: secretTypes.incomingGrant };
}

const heldOf = ({ metadata: { uid = '', resourceVersion = '' } }: KubeObject): HeldSecret => ({ uid, resourceVersion });
