import type { ConnectionSpec } from '../api/connection.ts';
import { sealedSecretName } from '../api/names.ts';
import { type Attempt, type AttemptState, doubtOf, sendWithin } from '../domain/attempt.ts';
import { held } from '../domain/custody.ts';
import { aftermathOf, type Failure } from '../domain/failure.ts';
import type { Application, Observation } from '../domain/observation.ts';
import type { Fact } from '../domain/step.ts';
import { pinnedMerchant, wantedToken } from '../domain/wanted.ts';
import { keyFrom } from '../kube/resource.ts';
import type { Journal, JournalPage } from '../secrets/journal.ts';
import { grantFrom } from '../square/grant-from.ts';
import type { TokenReply } from '../square/port.ts';
import { commit, type Standing } from './commit.ts';
import { type Asking, type Exchanged, exchange } from './exchange.ts';
import { type KeepDeps, keepAnswer } from './keep-answer.ts';
import { attemptOver, concludeAttempt, doubtAttempt, type Noted, noteAttempt } from './note-attempt.ts';
import { nowOf, type ObserveDeps, type Sight } from './observe.ts';
import { lookAgainEvery } from './observe-token-secrets.ts';
import { canPublish } from './publish.ts';
import { named, otherMerchant } from './seller.ts';
import { isConcluded, type SetAsideDeps, setAside, tellKept, type Untaken } from './set-aside.ts';
import type { Settlement } from './settlement.ts';
import type { Turnstile } from './turnstile.ts';
import { sentence } from './write-refused.ts';

export interface RotateDeps extends KeepDeps, SetAsideDeps {
  readonly journal: Journal;
  readonly settlement: Settlement;
  /**
   * Token requests pass it one after the other, from asking Square until the answer is sealed: what a process that is
   * killed has asked for and not stored is then one answer, and not one for each worker.
   */
  readonly turnstile: Turnstile;
  /** Whether this process may act now. */
  readonly mayAct: () => boolean;
}

/** A token request, and what is made of its answer. */
export interface Rotation {
  readonly application: Application & { kind: 'Found' };
  readonly spec: ConnectionSpec;
  readonly asking: Asking;
  readonly presents: Attempt['presents'];
  /** Digest of the credential that is taken up. */
  readonly credential?: string;
  /** The value of the refresh request that is answered. */
  readonly request?: string;
}

/**
 * Asks Square for the next generation of a grant and stores it. What works once is asked for only when its answer can be
 * kept: a page of the journal is ready, the token Secret could be written, and the attempt is noted in the sealed record.
 * The answer is on the disk before anybody looks into it. Once sent, nothing cancels it.
 *
 * A token that works again needs none of that: whatever is lost is asked for again.
 */
export async function rotate(deps: RotateDeps, sight: Sight, o: Observation, rotation: Rotation): Promise<Fact> {
  const { asking, presents } = rotation;
  const singleUse = asking.grantType === 'refresh_token' && asking.refreshToken.singleUse;
  if (!singleUse) return await inTurn(deps, () => ask(deps, sight, o, rotation, { noted: undefined, page: undefined }));
  const obstacle = presents === 'Held' ? await canPublish(deps, sight, o) : undefined;
  if (obstacle !== undefined) return obstacle;
  const doubt = doubtOf(o.attempt, presents);
  const found = doubt === undefined ? 'Nothing' : await deps.escrow.lookFor(o.connection);
  if (found === 'Something') return { kind: 'Stale' };
  if (found === 'Unseen') return unwritten(rotation, 'What it gave before may lie in escrow, which is not seen.');
  const attempt = deps.attempts.begin(presents, doubt);
  let page: JournalPage;
  try {
    page = await deps.journal.page(attempt.id);
  } catch (error) {
    return unwritten(rotation, (error as Error).message);
  }
  const turn = async (): Promise<Fact> => {
    const began = deps.clock.monotonic();
    const noted = await noteAttempt(deps, sight, o, attempt);
    if (noted.kind === 'Noted') {
      const inTime = () => deps.clock.monotonic() - began < sendWithin;
      return await ask({ ...deps, mayAct: () => deps.mayAct() && inTime() }, sight, o, rotation, { noted, page });
    }
    deps.attempts.unsent(attempt);
    await page.discard();
    switch (noted.kind) {
      case 'Conflict':
        return { kind: 'Stale' };
      case 'NotOwned':
        return placeNotOwned(deps, sight);
      case 'Failed':
        return unwritten(rotation, noted.message);
    }
  };
  return await inTurn(deps, turn, () => page.discard());
}

/**
 * One token request at a time. While it waited for its turn the lease may have gone to somebody else, or tokens like this
 * one may have been refused: then nothing is asked, and what was made ready for it is put away.
 */
const inTurn = (deps: RotateDeps, work: () => Promise<Fact>, putAway?: () => Promise<void>): Promise<Fact> =>
  deps.turnstile(async () => {
    if (deps.mayAct()) return await work();
    await putAway?.();
    return { kind: 'Stale' };
  });

const unwritten = ({ credential }: Rotation, message: string): Fact => ({
  kind: 'Unwritten',
  message: sentence(message),
  ...(credential === undefined ? {} : { credential }),
});

const placeNotOwned = (deps: ObserveDeps, sight: Sight): Fact => ({
  kind: 'GrantPlaceNotOwned',
  retryAt: nowOf(deps, sight.environment).square + lookAgainEvery,
});

async function ask(
  deps: RotateDeps,
  sight: Sight,
  o: Observation,
  rotation: Rotation,
  standing: Standing,
): Promise<Fact> {
  const square = deps.squares[sight.environment];
  let kept = false;
  const keep = async (reply: TokenReply) => {
    kept = true;
    const { page, noted } = standing;
    if (page !== undefined && noted !== undefined) {
      await keepAnswer(deps, page, sight, o, rotation, reply, noted.attempt.id);
    }
  };
  const ports = { applications: deps.applications, square: square.client, maySend: deps.mayAct, keep };
  const answer = await exchange(ports, rotation.application, rotation.spec, o, rotation.asking);
  switch (answer.kind) {
    case 'Busy':
      if (standing.noted !== undefined) deps.attempts.unsent(standing.noted.attempt);
      await conclude(deps, sight, o, standing);
      return { kind: 'Stale' };
    case 'Failed':
      return await failed(deps, sight, o, rotation, standing, answer, kept);
    case 'Granted':
      return await granted(deps, sight, o, rotation, standing, answer);
  }
}

/** Square surely made nothing of it, or said a final word: nothing is in doubt. */
async function conclude(deps: RotateDeps, sight: Sight, o: Observation, { noted, page }: Standing) {
  await page?.discard();
  return noted === undefined ? undefined : await concludeAttempt(deps, sight, o, noted);
}

async function failed(
  deps: RotateDeps,
  sight: Sight,
  o: Observation,
  { credential }: Rotation,
  standing: Standing,
  { failure, refusal }: Exchanged & { kind: 'Failed' },
  kept: boolean,
): Promise<Fact> {
  if (isFinal(failure) && standing.noted !== undefined && isOvertaken(deps, o, standing.noted)) {
    await standing.page?.discard();
    return { kind: 'Stale' };
  }
  const attempt = await stand();
  return {
    kind: 'Failed',
    failure,
    ...(refusal === undefined ? {} : { refusal }),
    ...(credential === undefined ? {} : { credential }),
    ...(attempt === undefined ? {} : { attempt }),
  };

  async function stand(): Promise<AttemptState | undefined> {
    const { noted, page } = standing;
    if (noted === undefined) return undefined;
    const aftermath = aftermathOf(failure);
    if (aftermath === 'Undone' && !(isFinal(failure) && noted.attempt.unanswered > 0)) {
      return await conclude(deps, sight, o, standing);
    }
    // An answer that was not understood stays in the journal: a later version may.
    if (!kept) await page?.discard();
    return aftermath === 'Doubted' ? await doubtAttempt(deps, sight, o, noted) : attemptOver(o, noted.attempt);
  }
}

/** The token is dead: that it was presented before, and nobody knows what came of it, is worth remembering. */
const isFinal = (failure: Failure): boolean => failure.class === 'RefreshTokenRefused';

/** Somebody stored what an earlier request gave, while Square was asked: what it says of the token that was replaced is no news. */
function isOvertaken(
  deps: RotateDeps,
  { connection: { namespace, name } }: Observation,
  { held: own }: Noted,
): boolean {
  const now = deps.watches.grants.get(keyFrom(namespace, sealedSecretName(name)));
  return now !== undefined && now.resourceVersion !== own.resourceVersion;
}

async function granted(
  deps: RotateDeps,
  sight: Sight,
  o: Observation,
  rotation: Rotation,
  standing: Standing,
  answer: Exchanged & { kind: 'Granted' },
): Promise<Fact> {
  const { application, asking, credential, request, spec } = rotation;
  const square = deps.squares[sight.environment];
  const before = held(o);
  // Only beside a held grant it matters at once whose a credential is. Everything else is sealed first, since the token that
  // was presented may be spent; whose it is, is judged by what is held then.
  const pin = credential !== undefined && before !== undefined ? pinnedMerchant(o) : undefined;
  const given = await named({ clock: deps.clock, square: square.client }, answer.reply, pin);
  const reply = given.ok ? given.value : answer.reply;
  const issued = {
    connectionUID: o.connection.uid,
    requested: wantedToken(spec),
    reply,
    issuedAt: answer.at ?? square.time.now(),
    knownTime: square.time.now(),
    ...(asking.grantType === 'refresh_token' ? { presented: asking.refreshToken } : {}),
  };
  const untaken: Untaken | undefined = given.ok
    ? before && otherMerchant(o, reply.merchantID, credential)
    : { kind: 'Failed', failure: given.failure, ...(credential !== undefined && { credential }) };
  if (untaken !== undefined) {
    const { namespace, name } = o.connection;
    const { environment, clientID } = application;
    const aside = { ...issued, binding: { namespace, name, environment, clientID }, taken: credential };
    const kept = await setAside(deps, aside, async () => standing.page?.discard());
    if (kept === undefined && untaken.kind === 'Failed')
      return await failed(deps, sight, o, rotation, standing, untaken, true);
    // As long as its Secret does not have it the record tells everybody that the credential may be spent.
    if (isConcluded(kept)) await conclude(deps, sight, o, standing);
    return kept === undefined ? untaken : tellKept(untaken, kept);
  }
  const next = grantFrom({
    ...issued,
    application,
    sealedAt: deps.clock.wall(),
    after: Math.max(before?.generation ?? 0, sight.view.stored.revision),
    ...(before === undefined ? {} : { before }),
    ...(credential === undefined ? {} : { taken: credential }),
  });
  const grant = request === undefined ? next : { ...next, handled: { ...next.handled, refresh: request } };
  const fact = await commit(deps, sight, o, grant, credential === undefined ? 'Refreshed' : 'TakenUp', standing);
  return fact.kind === 'Sealed' && request !== undefined ? { ...fact, answers: { refresh: request } } : fact;
}
