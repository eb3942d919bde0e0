import { annotations, escrowSecretName, grantKey, secretTypes } from '../api/names.ts';
import type { Grant } from '../domain/grant.ts';
import type { KubeClient } from '../kube/client.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { openGrant, sealGrant } from './grant.ts';
import { bindingIn } from './journal-record.ts';
import type { Binding, KeyRing, Opened } from './port.ts';
import { textOf } from './secret-text.ts';

/** A place in the operator's own namespace for grants whose own place refuses them. */
export interface EscrowDeps {
  readonly client: KubeClient;
  readonly ring: KeyRing;
  /** The operator's own. */
  readonly namespace: string;
}

export interface Escrowed {
  readonly secret: string;
  readonly connectionUID: string;
  readonly binding: Binding;
  readonly grant: Opened<Grant>;
}

/** Puts the grant into `escrow-<uid>`, over an older one. Rejects when the API server does not take it. */
export async function putIntoEscrow(deps: EscrowDeps, binding: Binding, grant: Grant): Promise<void> {
  const { client, ring, namespace } = deps;
  const name = escrowSecretName(grant.connectionUID);
  const data = { [grantKey]: Buffer.from(sealGrant(ring, binding, grant, 'escrow')).toString('base64') };
  const there = await client.get(secrets, namespace, name);
  if (there === undefined) {
    const notes = { [annotations.connection]: `${binding.namespace}/${binding.name}` };
    const metadata = { name, namespace, annotations: notes };
    await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, type: secretTypes.escrow, data });
    return;
  }
  const held = openEscrow(ring, there).grant;
  if (held.ok && held.value.generation > grant.generation) return;
  const { uid, resourceVersion } = there.metadata;
  await client.mergePatch(secrets, namespace, name, { metadata: { uid, resourceVersion }, data });
}

/** Everything in escrow, asked of the API server itself. */
export async function listEscrow({ client, ring, namespace }: EscrowDeps): Promise<Escrowed[]> {
  const { items } = await client.list(secrets, { namespace, fieldSelector: `type=${secretTypes.escrow}` });
  return items.map((object) => openEscrow(ring, object));
}

function openEscrow(ring: KeyRing, object: KubeObject): Escrowed {
  const jwe = textOf(object, grantKey) ?? '';
  const binding = bindingIn(jwe);
  const opened = openGrant(ring, binding, jwe, 'escrow');
  const secret = object.metadata.name;
  const connectionUID = secret.slice(escrowSecretName('').length);
  if (!opened.ok) return { secret, connectionUID, binding, grant: opened };
  const { value, keyID } = opened;
  const grant: Opened<Grant> =
    value.kind === 'Vacant'
      ? { ok: false, problem: 'Malformed', keyID, message: `Secret ${secret} holds no grant` }
      : { ok: true, value, keyID };
  return { secret, connectionUID, binding, grant };
}

/** Takes away what is stored in its own place by now. Rejects when the API server does not. */
export const removeFromEscrow = ({ client, namespace }: EscrowDeps, connectionUID: string): Promise<void> =>
  client.delete(secrets, namespace, escrowSecretName(connectionUID));
