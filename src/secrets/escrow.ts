import { annotations, escrowSecretName, grantKey, isIncomingEscrow, secretTypes } from '../api/names.ts';
import type { Grant } from '../domain/grant.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { bindingIn } from './bound-header.ts';
import { openGrant, sealGrant } from './grant.ts';
import { projectSealed } from './grant-secret.ts';
import { type IncomingPlace, openIncoming, placeOfIncoming, sealIncoming } from './incoming.ts';
import type { Binding, HeldSecret, KeyRing, Opened, Purpose } from './port.ts';

/** A place in the operator's own namespace for grants whose own place refuses them. */
export interface EscrowDeps {
  readonly client: KubeClient;
  readonly ring: KeyRing;
  /** The operator's own. */
  readonly namespace: string;
}

/** A Secret in escrow, as the watch keeps it. */
export interface EscrowSecret extends HeldSecret {
  readonly jwe?: string;
}

export const projectEscrow = (object: KubeObject): EscrowSecret => {
  const { uid, resourceVersion, jwe } = projectSealed(object);
  return { uid, resourceVersion, ...(jwe !== undefined && { jwe }) };
};

/** A Secret in escrow, as it was seen. */
export interface EscrowHeld extends HeldSecret {
  readonly name: string;
}

export interface Escrowed {
  readonly held: EscrowHeld;
  readonly binding: Binding;
  readonly grant: Opened<Grant>;
  /** The Secret that it belongs into; absent: it is to be the grant of the connection. */
  readonly incoming?: IncomingPlace;
}

/** What a record in escrow is sealed for: the same as in its own place, unless that is the connection's grant. */
export const purposeInEscrow = (secret: string): Purpose => (isIncomingEscrow(secret) ? 'incoming' : 'escrow');

/**
 * Puts the grant into `escrow-<uid>`, over an older one; `undefined`: a newer one lies there. Rejects when the API server
 * does not take it, and when what lies there is of a later version, which alone can judge it.
 */
export async function putIntoEscrow(deps: EscrowDeps, binding: Binding, grant: Grant): Promise<EscrowHeld | undefined> {
  const isNewer = (there: Grant) => there.generation > grant.generation;
  const jwe = sealGrant(deps.ring, binding, grant, 'escrow');
  return await put(deps, escrowSecretName(grant.connectionUID), binding, jwe, isNewer);
}

/** Puts what belongs into the Secret of a sign-in into one of its own. Rejects as `putIntoEscrow` does. */
export async function putIncomingIntoEscrow(
  deps: EscrowDeps,
  { secret }: IncomingPlace,
  binding: Binding,
  grant: Grant,
): Promise<EscrowHeld | undefined> {
  const jwe = sealIncoming(deps.ring, binding, grant);
  return await put(deps, escrowSecretName(grant.connectionUID, secret), binding, jwe, () => false);
}

async function put(
  { client, ring, namespace }: EscrowDeps,
  name: string,
  binding: Binding,
  jwe: string,
  isNewer: (there: Grant) => boolean,
): Promise<EscrowHeld | undefined> {
  const data = { [grantKey]: Buffer.from(jwe).toString('base64') };
  const there = await client.get(secrets, namespace, name);
  if (there === undefined) {
    const notes = { [annotations.connection]: `${binding.namespace}/${binding.name}` };
    const metadata = { name, namespace, annotations: notes };
    return heldOf(
      await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, type: secretTypes.escrow, data }),
    );
  }
  const held = openEscrow(ring, name, projectEscrow(there)).grant;
  if (held.ok && isNewer(held.value)) return undefined;
  if (!held.ok && held.problem === 'UnsupportedVersion') throw new Error(held.message);
  const { uid, resourceVersion } = there.metadata;
  return heldOf(await client.mergePatch(secrets, namespace, name, { metadata: { uid, resourceVersion }, data }));
}

const heldOf = ({ metadata: { name, uid = '', resourceVersion = '' } }: KubeObject): EscrowHeld => ({
  name,
  uid,
  resourceVersion,
});

/** Everything in escrow, asked of the API server itself. */
export async function listEscrow({ client, ring, namespace }: EscrowDeps): Promise<Escrowed[]> {
  const { items } = await client.list(secrets, { namespace, fieldSelector: `type=${secretTypes.escrow}` });
  return items.map((object) => openEscrow(ring, object.metadata.name, projectEscrow(object)));
}

/** Opens what lies in the Secret of that name. Never throws. */
export function openEscrow(ring: KeyRing, name: string, { jwe = '', uid, resourceVersion }: EscrowSecret): Escrowed {
  const binding = bindingIn(jwe);
  const held = { name, uid, resourceVersion };
  if (purposeInEscrow(name) === 'incoming') {
    const grant = openIncoming(ring, binding, jwe);
    const incoming = grant.ok ? placeOfIncoming(binding, grant.value) : undefined;
    return {
      held,
      binding,
      grant: grant.ok && incoming === undefined ? noGrant(held, grant.keyID) : grant,
      ...(incoming && { incoming }),
    };
  }
  const opened = openGrant(ring, binding, jwe, 'escrow');
  if (!opened.ok) return { held, binding, grant: opened };
  const { value, keyID } = opened;
  return { held, binding, grant: value.kind === 'Vacant' ? noGrant(held, keyID) : { ok: true, value, keyID } };
}

const noGrant = ({ name }: EscrowHeld, keyID: string): Opened<Grant> => ({
  ok: false,
  problem: 'Malformed',
  keyID,
  message: `Secret ${name} holds no grant`,
});

/** Whether something lies there still. What the API server does not tell counts as there. */
export async function isInEscrow({ client, namespace }: EscrowDeps, { name }: EscrowHeld): Promise<boolean> {
  return await client.get(secrets, namespace, name).then(
    (there) => there !== undefined,
    () => true,
  );
}

/** Takes away what was seen there; what somebody put in its place since stays. Rejects when the API server does not do it. */
export async function removeFromEscrow({ client, namespace }: EscrowDeps, held: EscrowHeld): Promise<void> {
  const { name, uid, resourceVersion } = held;
  try {
    await client.delete(secrets, namespace, name, { uid, resourceVersion });
  } catch (error) {
    if (!isReason(error, 'Conflict')) throw error;
  }
}
