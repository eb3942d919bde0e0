import { isReason, type KubeClient } from '../kube/client.ts';
import type { Resource } from '../kube/resource.ts';
import type { View } from '../kube/view.ts';

/**
 * Replaces the status of the very object that was seen, and takes in the answer. `fields` are all that a status can
 * have: in a merge patch those that this one lacks are taken away. Returns false when the object is gone, or another one
 * bears its name by now.
 */
export async function writeStatus(
  client: KubeClient,
  view: Pick<View<unknown>, 'writing' | 'absorb'>,
  resource: Resource,
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
  status: object,
  fields: readonly string[],
): Promise<boolean> {
  const absent = Object.fromEntries(fields.map((field) => [field, null]));
  const patch = { metadata: { uid }, status: { ...absent, ...status } };
  const written = view.writing(`${namespace}/${name}`);
  try {
    view.absorb(await client.mergePatch(resource, namespace, name, patch, { subresource: 'status' }));
    return true;
  } catch (error) {
    if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return false;
    throw error;
  } finally {
    written();
  }
}
