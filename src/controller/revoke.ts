import { sealedSecretName } from '../api/names.ts';
import type { Instant } from '../clock.ts';
import { seeApplication } from '../domain/application-words.ts';
import { tookClient } from '../domain/failure.ts';
import { type Grant, takenLimit, type Vacant } from '../domain/grant.ts';
import type { Observation } from '../domain/observation.ts';
import { deathOf } from '../domain/publication.ts';
import { hindranceOf } from '../domain/revocation.ts';
import type { Fact, Step } from '../domain/step.ts';
import { keyFrom, secrets } from '../kube/resource.ts';
import { sealGrant } from '../secrets/grant.ts';
import { storeGrant } from '../secrets/grant-secret.ts';
import type { GrantSecret } from '../secrets/port.ts';
import { askAsClient } from '../square/client-secrets.ts';
import type { Outcome, RevokeRequest } from '../square/port.ts';
import type { Departed } from './departed.ts';
import { nowOf, type ObserveDeps, type Sight } from './observe.ts';
import { sentence } from './write-refused.ts';

export interface RevokeDeps extends ObserveDeps {
  readonly departed: Departed;
  readonly mayAct: () => boolean;
}

type Revoke = Step & { kind: 'Revoke' };
type Refused = Outcome<void> & { readonly ok: false };
type Subject = { readonly accessToken: Grant['accessToken']['value'] } | { readonly merchantID: string };

/**
 * Ends the authorization at Square (Square, RevokeToken reference), then seals that nothing is left of it. Doing it again
 * finds nothing to revoke, which is as good. What Square ended and could not be sealed counts as not done, but for a
 * connection that goes.
 */
export async function revoke(deps: RevokeDeps, step: Revoke, sight: Sight, o: Observation): Promise<Fact> {
  const hindrance = hindranceOf(o);
  if (hindrance !== undefined) return { kind: 'Hindered', hindrance };
  if (o.grant.kind !== 'Held' || o.application.kind !== 'Found') return { kind: 'Stale' };
  const { grant } = o.grant;
  const asked = await endAtSquare(deps, step, o, grant);
  if (asked.kind !== 'Over') return asked;
  return await vacate(deps, step, sight, o, grant, asked);
}

interface Over {
  readonly kind: 'Over';
  readonly how: 'Revoked' | 'NothingToRevoke';
  /** Square's time of its answer. */
  readonly at: Instant | undefined;
}

async function endAtSquare(deps: RevokeDeps, step: Revoke, o: Observation, grant: Grant): Promise<Over | Fact> {
  const first = await ask(deps, o, { accessToken: grant.accessToken.value }, step.scope === 'AccessToken');
  if (first.kind !== 'Over' || first.how === 'Revoked' || step.scope === 'AccessToken') return first;
  // Square forgets tokens that are dead, and then they name no authorization; the seller still does.
  const forgotten = deathOf(o, nowOf(deps, grant.environment)) !== undefined;
  if (!forgotten || grant.merchantID === undefined) return first;
  return await ask(deps, o, { merchantID: grant.merchantID }, false);
}

async function ask(deps: RevokeDeps, o: Observation, subject: Subject, onlyAccessToken: boolean): Promise<Over | Fact> {
  const { application, grant } = o;
  if (application.kind !== 'Found' || grant.kind !== 'Held') return { kind: 'Stale' };
  const { ref, clientID } = application;
  if (!deps.applications.mayAsk(ref)) {
    const message = `Square refuses the client of SquareApplication ${ref}. ${seeApplication(ref)}`;
    return { kind: 'Hindered', hindrance: { reason: 'ClientRefused', message } };
  }
  const live = deps.applications.clientSecrets(ref);
  const clientSecrets = live.length === 0 && o.connection.deleting ? deps.departed.clientSecrets(ref) : live;
  const { client } = deps.squares[grant.grant.environment];
  const outcome = await askAsClient(clientSecrets, deps.mayAct, async (clientSecret): Promise<Outcome<void>> => {
    if (clientSecret === undefined) throw new Error('a revocation needs a client secret');
    const common = { clientID, clientSecret };
    const request: RevokeRequest =
      'accessToken' in subject ? { ...common, ...subject, onlyAccessToken } : { ...common, ...subject };
    return await client.revokeToken(request);
  });
  if (outcome === undefined) return { kind: 'Stale' };
  if (outcome.ok) {
    deps.applications.accepted(ref);
    return { kind: 'Over', how: 'Revoked', at: outcome.at };
  }
  return refusalOf(deps, ref, outcome);
}

function refusalOf({ applications }: RevokeDeps, ref: string, { failure, at }: Refused): Over | Fact {
  if (failure.class === 'ClientRefused')
    return { kind: 'Failed', failure, refusal: applications.refused(ref, failure) };
  if (tookClient(failure)) applications.accepted(ref);
  if (failure.class === 'NothingToRevoke') return { kind: 'Over', how: failure.class, at };
  return { kind: 'Failed', failure };
}

/** Seals that nothing is left: no token, and what must not happen again. A compare-and-set. */
async function vacate(
  deps: RevokeDeps,
  step: Revoke,
  sight: Sight,
  o: Observation,
  grant: Grant,
  { how, at }: Over,
): Promise<Fact> {
  const { namespace, name } = o.connection;
  const { environment, clientID } = grant;
  const record = vacantAfter(deps, step, sight, o, grant, at);
  const jwe = sealGrant(deps.ring, { namespace, name, environment, clientID }, record);
  const key = keyFrom(namespace, sealedSecretName(name));
  const answers = step.request === undefined ? {} : { disconnect: step.request };
  const ended: Fact = { kind: 'Ended', how, grant: { kind: 'Vacant', record, keyID: deps.ring.active.id }, answers };
  const written = deps.watches.grants.writing(key);
  try {
    const store = (held: GrantSecret | undefined) =>
      storeGrant({ client: deps.client }, { namespace, connection: name, held, jwe });
    const seen = sight.grantSecret;
    let outcome = await store(seen);
    if (outcome.kind === 'Conflict') {
      await lookAgain(deps, namespace, name);
      // Only its metadata changed, as when its namespace goes: that is no reason to ask Square again.
      const now = deps.watches.grants.get(key);
      if (now !== undefined && now.jwe === seen?.jwe) outcome = await store(now);
    }
    switch (outcome.kind) {
      case 'Stored':
        deps.watches.grants.absorb(outcome.object);
        return ended;
      case 'Conflict':
        return { kind: 'Stale' };
      case 'NotOwned':
        return ended;
      case 'Failed':
        return step.because === 'ConnectionDeleted' ? ended : { kind: 'Unwritten', message: sentence(outcome.message) };
    }
  } finally {
    written();
  }
}

/**
 * A credential that was given before the request is answered by it: it must not connect again by itself. A clock that no
 * answer has confirmed may be hours ahead, and sign-ins that come after the end would count as older: Square's own answer
 * says when it was.
 */
function vacantAfter(
  deps: RevokeDeps,
  step: Revoke,
  sight: Sight,
  o: Observation,
  grant: Grant,
  answeredAt: Instant | undefined,
): Vacant {
  const given = o.credential.kind === 'Given' ? [o.credential.digest] : [];
  const { merchantID, handled } = grant;
  const { square, confirmed } = nowOf(deps, grant.environment);
  return {
    kind: 'Vacant',
    generation: Math.max(grant.generation, sight.view.stored.revision) + 1,
    connectionUID: o.connection.uid,
    environment: grant.environment,
    clientID: grant.clientID,
    taken: [...new Set([...grant.taken, ...given])].slice(-takenLimit),
    handled: step.request === undefined ? handled : { ...handled, disconnect: step.request },
    sealedAt: deps.clock.wall(),
    disconnected: {
      at: confirmed ? square : (answeredAt ?? square),
      ...(merchantID === undefined ? {} : { merchantID }),
    },
  };
}

/** The watch is behind: take in what is there now, so that the next look does not meet the same conflict. */
async function lookAgain({ client, watches }: RevokeDeps, namespace: string, connection: string): Promise<void> {
  const name = sealedSecretName(connection);
  const key = keyFrom(namespace, name);
  const object = await client.get(secrets, namespace, name);
  const held = watches.grants.get(key);
  if (object !== undefined) watches.grants.absorb(object);
  else if (held !== undefined) watches.grants.forget(key, held.uid);
}
