import { annotations, grantKey, secretTypes } from '../api/names.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import { type KubeObject, secrets, splitKey } from '../kube/resource.ts';
import { purposeInEscrow } from '../secrets/escrow.ts';
import type { KeyRing } from '../secrets/port.ts';
import { resealRecord } from '../secrets/reseal.ts';
import { sealedBy } from '../secrets/sealed-by.ts';
import { textOf } from '../secrets/secret-text.ts';

export interface ResealEscrowDeps {
  readonly client: KubeClient;
  readonly ring: KeyRing;
  readonly operatorNamespace: string;
}

/**
 * Seals anew what lies in escrow under this key, each as a compare-and-set. The API server is asked, since no
 * watch can show that nothing lies there. Resolves to how many lie under the key still. Rejects with `KubeError`.
 */
export async function resealEscrow(deps: ResealEscrowDeps, keyID: string): Promise<number> {
  const { client, operatorNamespace: namespace } = deps;
  const { items } = await client.list(secrets, { namespace, fieldSelector: `type=${secretTypes.escrow}` });
  let left = 0;
  for (const secret of items) {
    const jwe = textOf(secret, grantKey);
    if (jwe !== undefined && sealedBy(jwe) === keyID && !(await moved(deps, secret, jwe))) left++;
  }
  return left;
}

async function moved({ client, ring, operatorNamespace }: ResealEscrowDeps, secret: KubeObject, jwe: string) {
  const { name, uid, resourceVersion, annotations: notes = {} } = secret.metadata;
  const { namespace = '', name: connection } = splitKey(notes[annotations.connection] ?? '');
  const made = resealRecord(ring, purposeInEscrow(name), { namespace, name: connection }, jwe);
  if (!made.ok) return false;
  const data = { [grantKey]: Buffer.from(made.value).toString('base64') };
  try {
    await client.mergePatch(secrets, operatorNamespace, name, { metadata: { uid, resourceVersion }, data });
    return true;
  } catch (error) {
    // Somebody was faster, or it is stored in its own place by now: the next look tells.
    if (isReason(error, 'Conflict') || isReason(error, 'NotFound')) return false;
    throw error;
  }
}
