import { keyFrom } from '../kube/resource.ts';
import type { View } from '../kube/view.ts';
import type { ApplicationSeen } from './deps.ts';
import type { Look } from './look.ts';

/** The application that the connection names, if it is there and watched. */
export function applicationOf(
  applications: Pick<View<ApplicationSeen>, 'get'>,
  { ref, spec }: Pick<Look, 'ref' | 'spec'>,
): ApplicationSeen | undefined {
  const named = spec?.applicationRef;
  return named && applications.get(keyFrom(named.namespace ?? ref.namespace, named.name));
}
