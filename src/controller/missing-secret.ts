import { secretTypes } from '../api/names.ts';
import type { KubeClient } from '../kube/client.ts';
import { secrets } from '../kube/resource.ts';

export interface MissingSecret {
  readonly reason: 'NotFound' | 'WrongType';
  /** What is wrong, and the command that helps. */
  readonly message: string;
}

/** Why the watch, which sees Secrets of one type only, does not show a Secret: the API server says which it is. */
export async function missingSecret(
  client: KubeClient,
  namespace: string,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<MissingSecret> {
  const found = await client.get(secrets, namespace, name);
  const command = `kubectl create secret generic ${name} -n ${namespace} --type=${secretTypes.credential} --from-file=${key}=FILE`;
  return found === undefined || found['type'] === secretTypes.credential
    ? { reason: 'NotFound', message: `Secret ${name} does not exist. Create it (${command}).` }
    : {
        reason: 'WrongType',
        message: `Secret ${name} is not of type ${secretTypes.credential}, which is the consent to its being read. Delete it and create it anew (${command}).`,
      };
}
