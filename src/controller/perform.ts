import { held } from '../domain/custody.ts';
import { presenting } from '../domain/given.ts';
import { type Grant, takenLimit } from '../domain/grant.ts';
import type { Observation } from '../domain/observation.ts';
import type { Fact, Step } from '../domain/step.ts';
import { pinnedMerchant } from '../domain/wanted.ts';
import type { LiveKeyRing } from '../secrets/port.ts';
import { commit } from './commit.ts';
import { endLink, offerLink } from './connect-links.ts';
import { discard, setFinalizer } from './finalizers.ts';
import { writeRecord } from './note-attempt.ts';
import type { Sight } from './observe.ts';
import { publish, remove, withdraw } from './publish.ts';
import { dismiss, receive } from './receive.ts';
import { reseal } from './reseal.ts';
import { type RevokeDeps, revoke } from './revoke.ts';
import { type RolloutRestartDeps, restartTarget } from './rollout-restart.ts';
import { type RotateDeps, rotate } from './rotate.ts';
import { named, otherMerchant } from './seller.ts';
import type { Settlement } from './settlement.ts';
import { verify } from './verify.ts';
import { WriteRefused } from './write-refused.ts';

export interface PerformDeps extends RotateDeps, RevokeDeps, RolloutRestartDeps {
  readonly ring: LiveKeyRing;
  readonly settlement: Settlement;
}

type Acting = Exclude<Step, { kind: 'Wait' }>;

/**
 * Does exactly one step and says what the world answered. Known failures are facts; what rejects is the API server's
 * doing or a bug. What cannot be fetched again is stored before this resolves.
 */
export function perform(deps: PerformDeps, step: Acting, sight: Sight, o: Observation): Promise<Fact> {
  switch (step.kind) {
    case 'TakeUp':
      if (deps.ring.isEmpty) return Promise.resolve(unsealable(o));
      return step.credential === 'personalAccessToken' ? takeUpPersonal(deps, sight, o) : takeUp(deps, step, sight, o);
    case 'Adopt':
      return adopt(deps, step, sight, o);
    case 'Refresh':
      return refresh(deps, step, sight, o);
    case 'Verify':
      return verify(deps.squares[sight.environment].client, deps.applications, step, o);
    case 'Publish':
      return publish(deps, sight, o);
    case 'Reseal':
      return reseal(deps, o.connection);
    case 'Restart':
      return restartTarget(deps, step.target, o);
    case 'Withdraw':
      return withdraw(deps, sight, o, step);
    case 'Remove':
      return remove(deps, sight, step.name);
    case 'Revoke':
      return revoke(deps, step, sight, o);
    case 'Discard':
      return discard(deps, o);
    case 'AddFinalizer':
    case 'RemoveFinalizer':
      return setFinalizer(deps, step, o);
    case 'Receive':
      return receive(deps, step, sight, o);
    case 'Dismiss':
      return dismiss(deps, step, o);
    case 'OfferLink':
      return offerLink(deps, o);
    case 'EndLink':
      return endLink(deps, o);
    case 'Decline':
      return Promise.resolve({ kind: 'Declined' });
  }
}

async function takeUp(
  deps: PerformDeps,
  step: Acting & { kind: 'TakeUp' },
  sight: Sight,
  o: Observation,
): Promise<Fact> {
  const { connection, application, credential } = o;
  const { credentialValue: value } = sight;
  if (application.kind !== 'Found' || credential.kind !== 'Given' || !connection.spec.ok || value === undefined) {
    return { kind: 'Stale' };
  }
  const presents = presenting(credential, o.attempt);
  return await rotate(deps, sight, o, {
    application,
    spec: connection.spec.value,
    // An imported token may be one that works once: until a reply shows otherwise it counts as such.
    asking:
      step.credential === 'refreshToken'
        ? { grantType: 'refresh_token', refreshToken: { value, singleUse: true } }
        : { grantType: 'migration_token', migrationToken: value },
    presents,
    credential: presents.credential,
    ...(step.request === undefined ? {} : { request: step.request }),
  });
}

/** A personal access token is checked, not exchanged: it never ends and is never renewed (Square, "Access Tokens"). */
async function takeUpPersonal(deps: PerformDeps, sight: Sight, o: Observation): Promise<Fact> {
  const { connection, credential } = o;
  const { credentialValue: value } = sight;
  if (credential.kind !== 'Given' || value === undefined) return { kind: 'Stale' };
  const square = deps.squares[sight.environment];
  const status = await square.client.retrieveTokenStatus(value);
  if (!status.ok) return { kind: 'Failed', failure: status.failure, credential: credential.digest };
  const before = held(o);
  const known = { accessToken: value, ...status.value };
  const given = await named({ clock: deps.clock, square: square.client }, known, before && pinnedMerchant(o));
  if (!given.ok) return { kind: 'Failed', failure: given.failure, credential: credential.digest };
  const { merchantID, expiresAt } = given.value;
  const stranger = before && otherMerchant(o, merchantID, credential.digest);
  if (stranger !== undefined) return stranger;
  const grant: Grant = {
    generation: Math.max(before?.generation ?? 0, sight.view.stored.revision) + 1,
    connectionUID: connection.uid,
    environment: sight.environment,
    clientID: '',
    kind: 'PersonalAccessToken',
    ...(merchantID === undefined ? {} : { merchantID }),
    accessToken: { value, issuedAt: square.time.now(), ...(expiresAt === undefined ? {} : { expiresAt }) },
    requested: { scopes: [], shortLived: false },
    taken: [...(before?.taken ?? []), credential.digest].slice(-takenLimit),
    handled: before?.handled ?? {},
    sealedAt: deps.clock.wall(),
  };
  return await commit(deps, sight, o, grant, 'TakenUp');
}

async function refresh(
  deps: PerformDeps,
  step: Acting & { kind: 'Refresh' },
  sight: Sight,
  o: Observation,
): Promise<Fact> {
  const { connection, application } = o;
  const refreshToken = held(o)?.refreshToken;
  if (application.kind !== 'Found' || !connection.spec.ok || refreshToken === undefined) return { kind: 'Stale' };
  return await rotate(deps, sight, o, {
    application,
    spec: connection.spec.value,
    asking: { grantType: 'refresh_token', refreshToken },
    presents: 'Held',
    ...(step.request === undefined ? {} : { request: step.request }),
  });
}

/** What an earlier connection left becomes this one's own: the same tokens, sealed under the new owner. */
async function adopt(deps: PerformDeps, step: Acting & { kind: 'Adopt' }, sight: Sight, o: Observation): Promise<Fact> {
  if (o.grant.kind !== 'Retained' && o.grant.kind !== 'Outdated') return { kind: 'Stale' };
  const { grant } = o.grant;
  const adopted: Grant = {
    ...grant,
    generation: Math.max(grant.generation, sight.view.stored.revision) + 1,
    connectionUID: o.connection.uid,
    handled: step.request === undefined ? grant.handled : { ...grant.handled, adopt: step.request },
    sealedAt: deps.clock.wall(),
  };
  // What is there now may be the very record that is missed, put back: then it is looked at anew.
  const outcome = await writeRecord(deps, sight, o, adopted, sight.grantSecret);
  if (outcome.kind === 'Failed') throw new WriteRefused(outcome.message, outcome.status);
  if (outcome.kind !== 'Stored') return { kind: 'Stale' };
  return {
    kind: 'Sealed',
    grant: { kind: 'Held', grant: adopted, keyID: deps.ring.active.id },
    how: 'Adopted',
    answers: step.request === undefined ? {} : { adopt: step.request },
  };
}

/** Nothing is asked of Square that could not be opened again. */
const unsealable = ({ credential }: Observation): Fact => ({
  kind: 'Unwritten',
  message: 'There is no sealing key: restore it from a backup. Until then nothing is asked of Square.',
  ...(credential.kind === 'Given' && { credential: credential.digest }),
});
