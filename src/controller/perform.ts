import { held, succeed } from '../domain/custody.ts';
import { type Grant, takenLimit } from '../domain/grant.ts';
import type { Observation } from '../domain/observation.ts';
import type { Fact, Step } from '../domain/step.ts';
import { pinnedMerchant } from '../domain/wanted.ts';
import type { LiveKeyRing } from '../secrets/port.ts';
import { grantFrom } from '../square/grant-from.ts';
import { exchange } from './exchange.ts';
import { discard, setFinalizer } from './finalizers.ts';
import { nowOf, type Sight } from './observe.ts';
import { lookAgainEvery } from './observe-token-secrets.ts';
import { publish, remove, withdraw } from './publish.ts';
import { reseal } from './reseal.ts';
import { type RevokeDeps, revoke } from './revoke.ts';
import { type RolloutRestartDeps, restartTarget } from './rollout-restart.ts';
import { canStore, type SealDeps, type Sealed, seal, unsealable } from './seal.ts';
import { named, otherMerchant } from './seller.ts';
import type { Turnstile } from './turnstile.ts';
import { verify } from './verify.ts';

export interface PerformDeps extends RevokeDeps, SealDeps, RolloutRestartDeps {
  readonly ring: LiveKeyRing;
  /**
   * Token requests pass it one after the other, from asking Square until the answer is sealed: what a process that is
   * killed has asked for and not stored is then one answer, and not one for each worker.
   */
  readonly turnstile: Turnstile;
  /** Whether this process may act now. */
  readonly mayAct: () => boolean;
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
      return verify(deps.squares[sight.environment].client, o);
    case 'Publish':
      return publish(deps, sight, o);
    case 'Reseal':
      return reseal(deps, o.connection);
    case 'Restart':
      return restartTarget(deps, step.target, o);
    case 'Withdraw':
      return withdraw(deps, sight, step);
    case 'Remove':
      return remove(deps, sight, step.name);
    case 'Revoke':
      return revoke(deps, step, sight, o);
    case 'Discard':
      return discard(deps, o);
    case 'AddFinalizer':
    case 'RemoveFinalizer':
      return setFinalizer(deps, step, o);
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
  const obstacle = await obstacleTo(deps, sight, o, credential.digest);
  if (obstacle !== undefined) return obstacle;
  const spec = connection.spec.value;
  return await inTurn(deps, async () => {
    const square = deps.squares[sight.environment];
    const refreshing = step.credential === 'refreshToken';
    const answer = await exchange(
      { applications: deps.applications, square: square.client, mayAct: deps.mayAct },
      application,
      spec,
      o,
      refreshing
        ? { grantType: 'refresh_token', refreshToken: { value, singleUse: true } }
        : { grantType: 'migration_token', migrationToken: value },
    );
    if (answer.kind === 'Busy') return { kind: 'Stale' };
    if (answer.kind === 'Failed') return { ...answer, credential: credential.digest };
    const before = held(o);
    // Where nothing is held, what Square gave is sealed first, since the credential may be spent, and judged after it.
    const given = await named({ clock: deps.clock, square: square.client }, answer.reply, before && pinnedMerchant(o));
    if (!given.ok) return { kind: 'Failed', failure: given.failure, credential: credential.digest };
    const stranger = before && otherMerchant(o, given.value.merchantID, credential.digest);
    if (stranger !== undefined) return stranger;
    const grant = grantFrom({
      connectionUID: connection.uid,
      application,
      spec,
      reply: given.value,
      issuedAt: answer.at ?? square.time.now(),
      knownTime: square.time.now(),
      sealedAt: deps.clock.wall(),
      after: Math.max(before?.generation ?? 0, sight.view.stored.revision),
      ...(before === undefined ? {} : { before }),
      ...(refreshing ? { presented: { value, singleUse: true } } : {}),
      taken: credential.digest,
    });
    return await commit(deps, sight, o, grant, 'TakenUp');
  });
}

/** A personal access token is checked, not exchanged: it never ends and is never renewed (Square, "Access Tokens"). */
async function takeUpPersonal(deps: PerformDeps, sight: Sight, o: Observation): Promise<Fact> {
  const { connection, credential } = o;
  const { credentialValue: value } = sight;
  if (credential.kind !== 'Given' || value === undefined) return { kind: 'Stale' };
  const obstacle = await obstacleTo(deps, sight, o, credential.digest);
  if (obstacle !== undefined) return obstacle;
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
  const before = held(o);
  const presented = before?.refreshToken;
  if (application.kind !== 'Found' || !connection.spec.ok || before === undefined || presented === undefined) {
    return { kind: 'Stale' };
  }
  const obstacle = presented.singleUse ? await obstacleTo(deps, sight, o) : undefined;
  if (obstacle !== undefined) return obstacle;
  const spec = connection.spec.value;
  return await inTurn(deps, async () => {
    const square = deps.squares[sight.environment];
    const asking = { grantType: 'refresh_token', refreshToken: presented } as const;
    const ports = { applications: deps.applications, square: square.client, mayAct: deps.mayAct };
    const answer = await exchange(ports, application, spec, o, asking);
    if (answer.kind === 'Busy') return { kind: 'Stale' };
    if (answer.kind === 'Failed') return answer;
    const stranger = otherMerchant(o, answer.reply.merchantID);
    if (stranger !== undefined) return stranger;
    const next = grantFrom({
      connectionUID: connection.uid,
      application,
      spec,
      reply: answer.reply,
      issuedAt: answer.at ?? square.time.now(),
      knownTime: square.time.now(),
      sealedAt: deps.clock.wall(),
      after: before.generation,
      before,
      presented,
    });
    const handled = step.request === undefined ? next.handled : { ...next.handled, refresh: step.request };
    const fact = await commit(deps, sight, o, { ...next, handled }, 'Refreshed');
    return fact.kind === 'Sealed' && step.request !== undefined
      ? { ...fact, answers: { refresh: step.request } }
      : fact;
  });
}

/** One token request at a time. While it waited for its turn the lease may have gone to somebody else. */
const inTurn = (deps: PerformDeps, work: () => Promise<Fact>): Promise<Fact> =>
  deps.turnstile(() => (deps.mayAct() ? work() : Promise.resolve({ kind: 'Stale' })));

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
  const fact = await commit(deps, sight, o, adopted, 'Adopted');
  return fact.kind === 'Sealed' && step.request !== undefined ? { ...fact, answers: { adopt: step.request } } : fact;
}

async function commit(
  deps: PerformDeps,
  sight: Sight,
  o: Observation,
  next: Grant,
  how: Extract<Fact, { kind: 'Sealed' }>['how'],
): Promise<Fact> {
  const grant = o.grant.kind === 'Vacant' ? succeed(o.grant.record, next) : next;
  const { namespace, name } = o.connection;
  const binding = { namespace, name, environment: grant.environment, clientID: grant.clientID };
  const sealed = await seal(deps, binding, grant);
  if (sealed !== 'Stored') return unsealed(deps, sight, sealed);
  return { kind: 'Sealed', grant: { kind: 'Held', grant, keyID: deps.ring.active.id }, how, answers: {} };
}

/** What would keep a new grant from being stored, asked before a token that may be single-use is spent for it. */
async function obstacleTo(
  deps: PerformDeps,
  sight: Sight,
  o: Observation,
  credential?: string,
): Promise<Fact | undefined> {
  const place = await canStore(deps, o.connection.namespace, o.connection.name);
  if (place === 'Stored') return undefined;
  return typeof place === 'string'
    ? unsealed(deps, sight, place)
    : { kind: 'Unwritten', message: place.message, ...(credential === undefined ? {} : { credential }) };
}

function unsealed(deps: PerformDeps, sight: Sight, why: Exclude<Sealed, 'Stored'>): Fact {
  if (why === 'Stale') return { kind: 'Stale' };
  return { kind: 'GrantPlaceNotOwned', retryAt: nowOf(deps, sight.environment).square + lookAgainEvery };
}
