import { sealedSecretName, squareConnections } from '../api/names.ts';
import type { Observation, TokenSecretState } from '../domain/observation.ts';
import type { Fact } from '../domain/step.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Key, keyFrom, secrets } from '../kube/resource.ts';
import { projectGrantSecret } from '../secrets/grant-secret.ts';
import type { TokenSecret, WriteProblem } from '../secrets/port.ts';
import { publishTokenSecret, removeTokenSecret, stateTokenSecret } from '../secrets/token-secret.ts';
import { nowOf, type ObserveDeps, type Sight } from './observe.ts';
import { lookAgainIn, renderFor } from './observe-token-secrets.ts';
import { recordAt } from './succession.ts';
import type { Watches } from './watches.ts';
import { sentence, WriteRefused } from './write-refused.ts';

/** Writes the token Secret as it should be: one request in the routine case. */
export async function publish(deps: ObserveDeps, sight: Sight, o: Observation): Promise<Fact> {
  const { connection, grant } = o;
  if (grant.kind !== 'Held' || !connection.spec.ok) return { kind: 'Stale' };
  const rendered = renderFor(deps, connection, connection.spec.value, grant, sight.environment);
  if (!rendered.ok) return { kind: 'Stale' };
  const key = keyFrom(connection.namespace, rendered.secret.name);
  const held = o.tokenSecret.kind === 'Ours' ? deps.watches.tokens.get(key) : undefined;
  if (await isOvertaken(deps, sight, o, held)) return { kind: 'Stale' };
  return await writing(deps, key, async () => {
    const outcome = await publishTokenSecret({ client: deps.client }, rendered.secret, held);
    if (outcome.kind !== 'Published') return await unwritten(deps, sight, key, outcome);
    deps.watches.tokens.absorb(outcome.object);
    // The watch does not tell of own writes, and whose the Secret is has to be known when the connection goes.
    deps.tokensOf.set(key, [keyFrom(connection.namespace, connection.name)]);
    return { kind: 'Published' };
  });
}

/**
 * Whether the grant that this pass goes by is no longer the one that is stored. Asked of the API server itself, and only where
 * a later generation is published already: the watch of sealed Secrets may be behind that of token Secrets. A record that was
 * put back from a backup is older than what is published, and is what there is.
 */
async function isOvertaken(
  deps: ObserveDeps,
  { environment }: Sight,
  { connection: { namespace, name }, grant }: Observation,
  held: TokenSecret | undefined,
): Promise<boolean> {
  if (grant.kind !== 'Held' || (held?.revision ?? 0) <= grant.grant.generation) return false;
  const { generation, clientID } = grant.grant;
  const object = await deps.client.get(secrets, namespace, sealedSecretName(name));
  if (object === undefined) return true;
  const record = recordAt(deps.ring, { namespace, name, environment, clientID }, projectGrantSecret(object));
  if (typeof record !== 'string' && record.generation === generation) return false;
  deps.watches.grants.absorb(object);
  return true;
}

/**
 * Has the API server check a write of the token Secret, before a token that works once is spent for what goes into it.
 * `undefined`: nothing is in the way. A name that is somebody else's is told of anyway, and no reason to let a grant die.
 */
export async function canPublish(deps: ObserveDeps, sight: Sight, o: Observation): Promise<Fact | undefined> {
  const { connection, grant, tokenSecret } = o;
  if (grant.kind !== 'Held' || !connection.spec.ok) return { kind: 'Stale' };
  if (tokenSecret.kind !== 'Ours' && tokenSecret.kind !== 'Absent') return undefined;
  const rendered = renderFor(deps, connection, connection.spec.value, grant, sight.environment);
  if (!rendered.ok) return undefined;
  const key = keyFrom(connection.namespace, rendered.secret.name);
  const held = tokenSecret.kind === 'Ours' ? deps.watches.tokens.get(key) : undefined;
  const outcome = await publishTokenSecret({ client: deps.client }, rendered.secret, held, true);
  switch (outcome.kind) {
    case 'Published':
    case 'NotOwned':
      return undefined;
    case 'Conflict':
    case 'Failed':
      return await unwritten(deps, sight, key, outcome);
  }
}

/** Says on the token Secret that its token no longer works, and why. */
export async function withdraw(
  deps: ObserveDeps,
  sight: Sight,
  o: Observation,
  { name, state }: { readonly name: string; readonly state: TokenSecretState },
): Promise<Fact> {
  const { namespace, name: connection } = o.connection;
  const key = keyFrom(namespace, name);
  const held = deps.watches.tokens.get(key);
  if (held === undefined || (await isOvertaken(deps, sight, o, held))) return { kind: 'Stale' };
  return await writing(deps, key, async () => {
    const place = { namespace, name, connection };
    const outcome = await stateTokenSecret({ client: deps.client }, place, held, state);
    if (outcome.kind !== 'Published') return await unwritten(deps, sight, key, outcome);
    deps.watches.tokens.absorb(outcome.object);
    return { kind: 'Withdrawn', name, state };
  });
}

/** Deletes the token Secret of an earlier name. */
export async function remove(deps: ObserveDeps, sight: Sight, name: string): Promise<Fact> {
  const { namespace, name: connection } = sight.observation.connection;
  const key = keyFrom(namespace, name);
  const held = deps.watches.tokens.get(key);
  if (held === undefined) return { kind: 'Removed', name };
  return await writing(deps, key, async () => {
    const outcome = await removeTokenSecret({ client: deps.client }, { namespace, name, connection }, held);
    if (outcome.kind !== 'Removed') return await unwritten(deps, sight, key, outcome);
    deps.watches.tokens.forget(key, held.uid);
    deps.tokensOf.delete(key);
    return { kind: 'Removed', name };
  });
}

/**
 * The connection is gone and its token stays, so that workloads that start still find one; it says so. That the
 * connection is gone is asked of the API server itself.
 */
export async function orphan(
  deps: { readonly client: KubeClient; readonly watches: Watches },
  connection: { readonly namespace: string; readonly name: string },
  tokenKeys: readonly Key[],
): Promise<number> {
  const { client, watches } = deps;
  const marked = tokenKeys.filter((key) => watches.tokens.get(key)?.state === 'orphaned').length;
  if (marked === tokenKeys.length) return 0;
  if ((await client.get(squareConnections, connection.namespace, connection.name)) !== undefined) return 0;
  let count = 0;
  for (const key of tokenKeys) {
    const held = watches.tokens.get(key);
    if (held === undefined || held.state === 'orphaned') continue;
    const place = {
      namespace: connection.namespace,
      name: key.slice(key.indexOf('/') + 1),
      connection: connection.name,
    };
    await writing(deps, key, async () => {
      const outcome = await stateTokenSecret({ client }, place, held, 'orphaned');
      if (outcome.kind === 'Failed') throw new WriteRefused(outcome.message, outcome.status);
      if (outcome.kind !== 'Published') return;
      watches.tokens.absorb(outcome.object);
      count++;
    });
  }
  return count;
}

async function writing<T>({ watches }: { watches: Watches }, key: Key, write: () => Promise<T>): Promise<T> {
  const written = watches.tokens.writing(key);
  try {
    return await write();
  } finally {
    written();
  }
}

async function unwritten(deps: ObserveDeps, sight: Sight, key: Key, problem: WriteProblem): Promise<Fact> {
  switch (problem.kind) {
    case 'NotOwned': {
      const { square, wall } = nowOf(deps, sight.environment);
      const published = sight.view.stored.conditions.get('Published');
      return { kind: 'NotOwned', retryAt: square + lookAgainIn(published, wall) };
    }
    case 'Conflict':
      await lookAgain(deps, key);
      return { kind: 'Stale' };
    case 'Failed':
      return { kind: 'Unwritten', message: sentence(problem.message) };
  }
}

/** The watch is behind: take in what is there now, so that the next look does not meet the same conflict. */
async function lookAgain({ client, watches }: ObserveDeps, key: Key): Promise<void> {
  const slash = key.indexOf('/');
  const object = await client.get(secrets, key.slice(0, slash), key.slice(slash + 1));
  const held = watches.tokens.get(key);
  if (object !== undefined && held !== undefined) watches.tokens.absorb(object);
  else if (object === undefined && held !== undefined) watches.tokens.forget(key, held.uid);
}
