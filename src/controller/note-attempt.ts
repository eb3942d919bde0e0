import { sealedSecretName } from '../api/names.ts';
import { type Attempt, type AttemptState, type Doubt, doubtsAfter, doubtsBeside } from '../domain/attempt.ts';
import type { Grant, Vacant } from '../domain/grant.ts';
import type { Observation } from '../domain/observation.ts';
import { type KubeObject, keyFrom, secrets } from '../kube/resource.ts';
import { sealGrant } from '../secrets/grant.ts';
import { projectGrantSecret, storeGrant } from '../secrets/grant-secret.ts';
import type { GrantSecret, WriteProblem } from '../secrets/port.ts';
import type { ObserveDeps, Sight } from './observe.ts';

/** The record with the attempt in it, as it is stored now. */
export interface Noted {
  readonly kind: 'Noted';
  readonly attempt: Attempt;
  readonly held: GrantSecret;
}

/**
 * Notes the attempt in the sealed record, by compare-and-set on the very version that was observed. One request: what the
 * API server does not take costs nothing but the attempt.
 */
export async function noteAttempt(
  deps: ObserveDeps,
  sight: Sight,
  o: Observation,
  attempt: Attempt,
): Promise<Noted | WriteProblem> {
  const noting = telling(recordIn(deps, sight, o), doubtsBeside(o.attempt, attempt.presents), attempt);
  const outcome = await writeRecord(deps, sight, o, noting, sight.grantSecret);
  return outcome.kind === 'Stored' ? { kind: 'Noted', attempt, held: projectGrantSecret(outcome.object) } : outcome;
}

/** The record with nothing in it of attempts but this. */
function telling(record: Grant | Vacant, doubts: readonly Doubt[], attempt?: Attempt): Grant | Vacant {
  const { attempt: _, doubts: __, ...rest } = record;
  return { ...rest, ...(doubts.length === 0 ? {} : { doubts }), ...(attempt === undefined ? {} : { attempt }) };
}

/**
 * Takes the attempt out of the record again, because Square surely made nothing of it: what was there before is put back.
 * A record that only kept the place goes. When that fails the attempt stands, and counts as one whose answer was lost.
 */
export async function concludeAttempt(
  deps: ObserveDeps,
  sight: Sight,
  o: Observation,
  { attempt, held }: Noted,
): Promise<AttemptState> {
  const record = recordIn(deps, sight, o);
  const why = await (sight.grantSecret === undefined
    ? giveUpPlace(deps, o, held)
    : putInPlace(deps, sight, o, record, held));
  return why === undefined ? o.attempt : staysNoted(deps, o, attempt, why);
}

/**
 * Takes the attempt out of the record, and leaves in it that the token may be spent all the same: the answer was that
 * nothing was done, and not in words that prove it. When that fails the attempt stands.
 */
export async function doubtAttempt(
  deps: ObserveDeps,
  sight: Sight,
  o: Observation,
  { attempt, held }: Noted,
): Promise<AttemptState> {
  const doubts = doubtsAfter(o.attempt, attempt);
  const why = await putInPlace(deps, sight, o, telling(recordIn(deps, sight, o), doubts), held);
  return why === undefined ? { kind: 'None', doubts } : staysNoted(deps, o, attempt, why);
}

function staysNoted(deps: ObserveDeps, o: Observation, attempt: Attempt, why: string): AttemptState {
  const { namespace, name } = o.connection;
  deps.log.warn({ connection: `${namespace}/${name}`, why }, 'a token request that came to nothing stays noted');
  return attemptOver(o, attempt);
}

/** Nobody knows what became of it. */
export const attemptOver = ({ attempt: before }: Observation, attempt: Attempt): AttemptState => ({
  kind: 'Over',
  attempt,
  doubts: doubtsBeside(before, attempt.presents),
});

async function putInPlace(
  deps: ObserveDeps,
  sight: Sight,
  o: Observation,
  record: Grant | Vacant,
  held: GrantSecret,
): Promise<string | undefined> {
  const outcome = await writeRecord(deps, sight, o, record, held);
  return outcome.kind === 'Stored' ? undefined : outcome.message;
}

async function giveUpPlace(deps: ObserveDeps, o: Observation, held: GrantSecret): Promise<string | undefined> {
  const { namespace, name } = o.connection;
  const secret = sealedSecretName(name);
  const { uid, resourceVersion } = held;
  try {
    await deps.client.delete(secrets, namespace, secret, { uid, resourceVersion });
    deps.watches.grants.forget(keyFrom(namespace, secret), uid);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The record as it was observed; a new one where there was none. */
function recordIn(deps: ObserveDeps, sight: Sight, { grant, connection, application }: Observation): Grant | Vacant {
  if (grant.kind === 'Held') return grant.grant;
  if (grant.kind === 'Vacant') return grant.record;
  return {
    kind: 'Vacant',
    generation: sight.view.stored.revision,
    connectionUID: connection.uid,
    environment: sight.environment,
    clientID: application.kind === 'Found' ? application.clientID : '',
    taken: [],
    handled: {},
    sealedAt: deps.clock.wall(),
  };
}

/** A compare-and-set of the record: on the version `held`, or on there being none. */
export async function writeRecord(
  deps: ObserveDeps,
  { environment }: Sight,
  { connection: { namespace, name } }: Observation,
  record: Grant | Vacant,
  held: GrantSecret | undefined,
): Promise<{ readonly kind: 'Stored'; readonly object: KubeObject } | WriteProblem> {
  const written = deps.watches.grants.writing(keyFrom(namespace, sealedSecretName(name)));
  try {
    const jwe = sealGrant(deps.ring, { namespace, name, environment, clientID: record.clientID }, record);
    const outcome = await storeGrant({ client: deps.client }, { namespace, connection: name, held, jwe });
    if (outcome.kind === 'Stored') deps.watches.grants.absorb(outcome.object);
    return outcome;
  } finally {
    written();
  }
}
