import type { StatusFields } from '../api/status.ts';
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
  fields: StatusFields,
): Promise<boolean> {
  const patch = { metadata: { uid }, status: replacing(fields, status) };
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

/** A merge patch merges objects (RFC 7396): what is not in `status` any more has to be taken away by name, at any depth. */
export function replacing(fields: StatusFields, status: object): object {
  const values = new Map<string, unknown>(Object.entries(status));
  return Object.fromEntries(
    Object.entries(fields).map(([name, members]) => {
      const value = values.get(name) ?? null;
      return [name, members !== undefined && value !== null ? replacing(members, value) : value];
    }),
  );
}
