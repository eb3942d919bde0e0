import type { Duration } from '../clock.ts';
import { type Key, splitKey } from '../kube/resource.ts';
import { releaseSealedSecret } from './finalizers.ts';
import { orphan } from './publish.ts';
import type { ReconcilerDeps } from './reconciler.ts';
import { resealRetained } from './reseal.ts';

/** The connection is gone: under `Retain` its grant stays sealed, and its token stays published and says so. */
export async function farewell(deps: ReconcilerDeps, key: Key): Promise<Duration | undefined> {
  deps.remembered.delete(key);
  const { namespace, name } = splitKey(key);
  if (namespace === undefined || !deps.mayAct()) return undefined;
  if (await releaseSealedSecret(deps, { namespace, name }))
    deps.log.info({ connection: key }, 'the sealed Secret of a connection that is gone was let go');
  const count = await orphan(deps, { namespace, name }, [...deps.tokensOf.get(key)]);
  if (count > 0)
    deps.log.info({ connection: key, tokenSecrets: count }, 'token Secrets of a deleted connection marked orphaned');
  return await resealRetained(deps, { namespace, name });
}
