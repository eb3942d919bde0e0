import { annotations } from '../api/names.ts';
import { isReason, type KubeClient } from '../kube/client.ts';
import { type KubeObject, secrets } from '../kube/resource.ts';
import { ownedMetadata } from './owned-metadata.ts';
import type { RenderedTokenSecret, TokenSecret, TokenState, WriteProblem } from './port.ts';
import { createDigestKey, encodedData, expectedDigest, projectTokenSecret } from './project-token-secret.ts';
import { changeProblem, createProblem, mayHaveWritten, notOwned } from './write-problem.ts';

interface Deps {
  readonly client: KubeClient;
}

/** `object` is the Secret as it is now, to be taken in by the informer. */
export type PublishOutcome = { readonly kind: 'Published'; readonly object: KubeObject } | WriteProblem;

/**
 * Makes the token Secret what is rendered. With `held` one merge patch that acts only on that very version; without it
 * one POST, and when the name is taken a GET: ours is patched unless it is of a later generation (`Conflict`), anybody else's
 * is left byte for byte as it is (`NotOwned`). An answer that was lost is looked up. No owner reference: a deletion leaves workloads their token.
 */
export async function publishTokenSecret(
  deps: Deps,
  secret: RenderedTokenSecret,
  held?: TokenSecret,
  /** Have the API server check everything and write nothing. */
  dryRun = false,
): Promise<PublishOutcome> {
  if (held !== undefined) return await change(deps, secret, held, dryRun);
  try {
    return { kind: 'Published', object: await deps.client.create(secrets, manifestOf(secret), { dryRun }) };
  } catch (error) {
    const problem = createProblem(error, placeOf(secret));
    if (!isReason(error, 'AlreadyExists'))
      return mayHaveWritten(error) ? await lookAgain(deps, secret, problem) : problem;
    const found = await find(deps, secret);
    const existing = found && projectTokenSecret(found, createDigestKey());
    return existing === undefined || isNewer(existing, secret) ? problem : await change(deps, secret, existing, dryRun);
  }
}

/** What is published there is of a later generation than this: somebody else may know better. */
function isNewer({ revision = 0 }: TokenSecret, { annotations: notes }: RenderedTokenSecret): boolean {
  return revision > Number(notes[annotations.revision] ?? 0);
}

/** Which token Secret, and whose. */
export interface TokenSecretPlace {
  readonly namespace: string;
  readonly name: string;
  /** Name of the connection. */
  readonly connection: string;
}

/** Annotates a published Secret with why its token no longer works, or takes the annotation away; changes nothing else. */
export async function stateTokenSecret(
  deps: Deps,
  place: TokenSecretPlace,
  held: TokenSecret,
  state: TokenState | undefined,
): Promise<PublishOutcome> {
  const stranger = strangerIn(held, place);
  if (stranger !== undefined) return stranger;
  const metadata = { ...versionOf(held), annotations: { [annotations.state]: state ?? null } };
  try {
    const object = await deps.client.mergePatch(secrets, place.namespace, place.name, { metadata });
    return { kind: 'Published', object };
  } catch (error) {
    return changeProblem(error, placeOf(place));
  }
}

export type RemoveOutcome = { readonly kind: 'Removed' } | WriteProblem;

/** Deletes the Secret if it is still the very one held, and ours; one that is gone already counts as removed. */
export async function removeTokenSecret(
  deps: Deps,
  place: TokenSecretPlace,
  held: TokenSecret,
): Promise<RemoveOutcome> {
  const stranger = strangerIn(held, place);
  if (stranger !== undefined) return stranger;
  try {
    await deps.client.delete(secrets, place.namespace, place.name, versionOf(held));
    return { kind: 'Removed' };
  } catch (error) {
    return changeProblem(error, placeOf(place));
  }
}

async function change(
  deps: Deps,
  secret: RenderedTokenSecret,
  held: TokenSecret,
  dryRun: boolean,
): Promise<PublishOutcome> {
  const connection = secret.annotations[annotations.connection] ?? '';
  const stranger = strangerIn(held, { ...secret, connection });
  if (stranger !== undefined) return stranger;
  try {
    const patch = patchOf(secret, held);
    const object = await deps.client.mergePatch(secrets, secret.namespace, secret.name, patch, { dryRun });
    return { kind: 'Published', object };
  } catch (error) {
    const problem = changeProblem(error, placeOf(secret));
    return mayHaveWritten(error) ? await lookAgain(deps, secret, problem) : problem;
  }
}

async function lookAgain(deps: Deps, secret: RenderedTokenSecret, problem: WriteProblem): Promise<PublishOutcome> {
  const object = await find(deps, secret);
  const key = createDigestKey();
  const written = object && projectTokenSecret(object, key).digest === expectedDigest(secret, key);
  return written ? { kind: 'Published', object } : problem;
}

const find = ({ client }: Deps, { namespace, name }: RenderedTokenSecret): Promise<KubeObject | undefined> =>
  client.get(secrets, namespace, name).catch(() => undefined);

function manifestOf(secret: RenderedTokenSecret): KubeObject {
  const { namespace, name, type, labels, annotations: notes } = secret;
  const metadata = { namespace, name, labels, annotations: notes };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type, data: encodedData(secret) };
}

function patchOf(secret: RenderedTokenSecret, held: TokenSecret): object {
  const { shape } = held;
  const ours = [annotations.state, ownedMetadata];
  return {
    metadata: {
      ...versionOf(held),
      labels: { ...nothing(shape.labels), ...secret.labels },
      annotations: { ...nothing([...shape.annotations, ...ours]), ...secret.annotations },
    },
    type: secret.type,
    data: { ...nothing(shape.keys), ...encodedData(secret) },
  };
}

/** In a merge patch `null` takes a member away (RFC 7396). */
const nothing = (names: readonly string[]): Record<string, null> =>
  Object.fromEntries(names.map((name) => [name, null]));

const versionOf = ({ uid, resourceVersion }: TokenSecret) => ({ uid, resourceVersion });
const placeOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;

function strangerIn(held: TokenSecret, place: TokenSecretPlace): WriteProblem | undefined {
  if (held.managed && held.connection === place.connection) return undefined;
  const why = held.connection
    ? `it says it is the connection ${held.connection}'s`
    : `it has no annotation ${annotations.connection}`;
  return notOwned(placeOf(place), held.managed ? why : 'it lacks the label of square-operator');
}
