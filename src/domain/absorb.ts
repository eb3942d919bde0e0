import type { Instant } from '../clock.ts';
import { discarded, ended, finalized, removed } from './absorb-ending.ts';
import { clientTaken, enabled } from './absorb-refusal.ts';
import { arrivalNamed, dismissed, withoutLink } from './absorb-sign-in.ts';
import { doubtOf } from './attempt.ts';
import { type Failure, type FailureClass, isTransient, tookClient } from './failure.ts';
import type { FailureStreak, History, Now, Observation, Proof } from './observation.ts';
import { resealed, underActiveKey } from './reseal.ts';
import { restartsAfter } from './restart.ts';
import { nameSeller } from './seller.ts';
import { tellSpent } from './spent-credential.ts';
import type { Fact, Step } from './step.ts';
import { answered, counted, extend, failuresOfWrites } from './streak.ts';
import { isLimited } from './wanted.ts';

/** What is known after a step, given what was known before it and what the world answered. Pure. */
export function absorb(o: Observation, step: Step, fact: Fact, now: Now): Observation {
  return restartsAfter(tellSpent(taken(o, step, fact, now), now.square), step, fact, now);
}

function taken(o: Observation, step: Step, fact: Fact, now: Now): Observation {
  switch (fact.kind) {
    case 'Sealed':
      return sealed(clientTaken(underActiveKey(o), step), fact);
    case 'Verified':
      return witnessed(
        nameSeller({ ...enabled(o), history: verified(o, fact, now.square) }, fact.merchantID),
        step,
        now,
      );
    case 'Failed':
      return failed(o, step, fact, now);
    case 'OtherMerchant': {
      const failure = { class: 'OtherMerchant', reason: 'OtherMerchant', ...fact } as const;
      return { ...clientTaken(o, step), history: counted(o.history, step, failure, now.square) };
    }
    case 'Unwritten': {
      const finalizer = step.kind === 'AddFinalizer' || step.kind === 'RemoveFinalizer';
      const reason = finalizer ? 'FinalizerNotWritten' : 'SecretNotWritten';
      const failure = { class: 'Unknown', reason, ...fact } as const;
      return { ...o, history: counted(o.history, step, failure, now.square) };
    }
    case 'Resealed':
      return resealed(o, fact.keyID);
    case 'Published':
      return written({ ...o, tokenSecret: { kind: 'Ours', name: o.tokenSecret.name, current: true } });
    case 'NotOwned':
      return written({ ...o, tokenSecret: { kind: 'NotOwned', name: o.tokenSecret.name, retryAt: fact.retryAt } });
    case 'Withdrawn':
      return written(withdrawn(o, fact));
    case 'Removed':
      return written(removed(o, fact.name));
    case 'Ended':
      return ended(clientTaken(o, step), fact);
    case 'Hindered':
      return { ...o, history: counted(o.history, step, { class: 'Unknown', ...fact.hindrance }, now.square) };
    case 'ArrivalNamed':
      return arrivalNamed(o, fact, now.square);
    case 'Dismissed':
      return dismissed(o, fact.secret);
    case 'Offered':
      return {
        ...o,
        link: { expiresAt: fact.expiresAt },
        history: { ...o.history, handled: answered(o.history, step) },
      };
    case 'NotOffered':
    case 'Declined':
      return { ...o, history: { ...o.history, handled: answered(o.history, step) } };
    case 'LinkEnded':
      return withoutLink(o);
    case 'Discarded':
      return discarded(o);
    case 'Finalized':
      return finalized(o, fact);
    case 'GrantPlaceNotOwned':
      return { ...o, grant: { kind: 'NotOwned', retryAt: fact.retryAt } };
    case 'Unsettled':
      return { ...clientTaken(o, step), unsettled: fact.unsettled };
    case 'Restarted':
    case 'NotRestarted':
    case 'Stale':
      return o;
  }
}

/** What issues tokens was asked whether it answers again, and has answered. */
const witnessed = (o: Observation, step: Step, { square }: Now): Observation =>
  step.kind === 'Verify' && step.because === 'AnswerLost'
    ? { ...o, history: { ...o.history, witnessedAt: square } }
    : o;

/** A new token: what was known of the old one says nothing about it. An adopted one is as it was, and is proven anew. */
function sealed(o: Observation, fact: Fact & { kind: 'Sealed' }): Observation {
  const { grant } = fact.grant;
  const { scopes, merchantName, merchantID, triedCredential, verifiedAt, tokenEnds: _, ...history } = o.history;
  const refreshed = fact.how === 'Refreshed' && 'grant' in o.grant;
  const inPlaceOf = refreshed ? replaced(o.history) : 'Nothing';
  const isUnlimited = refreshed && !isLimited(o.grant.grant.requested) && !isLimited(grant.requested);
  return {
    ...o,
    grant: fact.grant,
    attempt:
      grant.attempt === undefined
        ? { kind: 'None', ...(grant.doubts === undefined ? {} : { doubts: grant.doubts }) }
        : o.attempt,
    tokenSecret: o.tokenSecret.kind === 'Ours' ? { ...o.tokenSecret, current: false } : o.tokenSecret,
    history: {
      ...history,
      ...(refreshed && merchantName !== undefined ? { merchantName } : {}),
      ...(refreshed && merchantID !== undefined ? { merchantID } : {}),
      ...(isUnlimited && scopes !== undefined ? { scopes } : {}),
      ...(refreshed && triedCredential !== undefined ? { triedCredential } : {}),
      ...(inPlaceOf === 'Accepted' && verifiedAt !== undefined ? { verifiedAt } : {}),
      ...(grant.accessToken.expiresAt === undefined ? {} : { tokenEnds: grant.accessToken.expiresAt }),
      revision: grant.generation,
      proof: { kind: 'None' },
      inPlaceOf,
      failures: refreshed ? failuresBeside(o.history.failures) : failuresOfWrites(o.history.failures),
      handled: { ...history.handled, ...fact.answers },
    },
  };
}

const replaced = ({ proof, inPlaceOf }: History): History['inPlaceOf'] => {
  if (proof.kind === 'None') return inPlaceOf;
  return proof.kind === 'Accepted' ? 'Accepted' : 'Dead';
};

/** A refused credential stays refused; and remedies that did not help are counted on, until a token is accepted. */
function failuresBeside({ Refresh, TakeUp, ...others }: History['failures']): History['failures'] {
  return {
    ...failuresOfWrites(others),
    ...(Refresh !== undefined && isVain(Refresh) ? { Refresh } : {}),
    ...(TakeUp === undefined ? {} : { TakeUp }),
  };
}

/** Whether the refreshes did succeed, but gave tokens that were not accepted. */
const isVain = ({ class: failureClass }: FailureStreak): boolean => Object.hasOwn(proofs, failureClass);

function verified(o: Observation, fact: Fact & { kind: 'Verified' }, at: Instant): History {
  const { history } = o;
  const { Verify: _, Refresh, ...others } = history.failures;
  return {
    ...history,
    proof: { kind: 'Accepted' },
    failures: Refresh === undefined || isVain(Refresh) ? others : { ...others, Refresh },
    verifyFrom: at,
    verifiedAt: at,
    ...reportAnswered(o),
    ...(fact.merchantName === undefined ? {} : { merchantName: fact.merchantName }),
    ...(fact.scopes === undefined ? {} : { scopes: fact.scopes }),
  };
}

/** What a failed verification proves. Whatever is not Square's decisive word about the token proves nothing. */
const proofs: { readonly [failureClass in FailureClass]?: Proof } = {
  AccessTokenRevoked: { kind: 'Revoked' },
  AccessTokenExpired: { kind: 'Expired' },
  AccessTokenUnauthorized: { kind: 'Unauthorized' },
};

function failed(before: Observation, step: Step, fact: Fact & { kind: 'Failed' }, now: Now): Observation {
  const { failure, refusal } = fact;
  const at = now.square;
  const seen = isTransient(failure) ? before : witnessed(before, step, now);
  const o = fact.attempt === undefined ? seen : { ...seen, attempt: fact.attempt };
  const { history, application } = o;
  // A refused client says nothing about this connection: it is kept with the application, which all of them share. Only what
  // ends it is counted all the same, since that must not go on for ever, and what verifies its token, which has slots.
  if (refusal !== undefined && application.kind === 'Found') {
    if (step.kind === 'Revoke' || step.kind === 'Verify') {
      const known = { ...o, application: { ...application, refusal } };
      return { ...known, history: counted(history, step, { ...fact, ...failure }, at) };
    }
    return {
      ...o,
      application: { ...application, refusal },
      history: { ...history, handled: answered(history, step) },
    };
  }
  const proof = step.kind === 'Verify' ? proofs[failure.class] : undefined;
  if (proof !== undefined) return { ...o, history: disproved(o, failure, proof, at) };
  const known = tookClient(failure) ? clientTaken(o, step) : o;
  const next = counted(history, step, { ...fact, ...outcome(seen, step, fact) }, at);
  return { ...known, history: step.kind === 'Refresh' ? doubted(next, failure) : next };
}

/** A seller who has left ended both tokens, so what was proven of the access token is put to the test. */
function doubted(history: History, failure: Failure): History {
  const refused = failure.class === 'RefreshTokenRefused' && history.proof.kind === 'Accepted';
  return refused ? { ...history, proof: { kind: 'Accepted', doubted: true } } : history;
}

/** A refusal of a token that was presented before, and nobody knows what came of it: that may have used it up. */
function outcome({ attempt }: Observation, step: Step, { failure, credential }: Fact & { kind: 'Failed' }): Failure {
  const presents = credential === undefined ? 'Held' : { credential };
  const asked = step.kind === 'Refresh' || step.kind === 'TakeUp';
  if (failure.class !== 'RefreshTokenRefused' || !asked || doubtOf(attempt, presents) === undefined) return failure;
  const message = `${failure.message} What Square made of an earlier request with this token is not known: it may have replaced it.`;
  return { ...failure, reason: 'RotationOutcomeLost', message };
}

/** The token is dead. When it was the remedy for one that was dead, remedies are vain for now. */
function disproved(o: Observation, failure: Failure, proof: Proof, at: Instant): History {
  const { history } = o;
  const { Verify: _, ...failures } = history.failures;
  const vain = history.proof.kind === 'None' && history.inPlaceOf === 'Dead';
  const message = `The token that Square gave in place of a dead one is not accepted either. ${failure.message}`;
  return {
    ...history,
    proof,
    failures: vain ? { ...failures, Refresh: extend(failures.Refresh, { ...failure, message }, at) } : failures,
    verifyFrom: at,
    verifiedAt: at,
    ...reportAnswered(o),
  };
}

/** Square's decisive word about the token answers what was reported until then. */
function reportAnswered({ connection: { reports = [] } }: Observation): Pick<History, 'answeredReport'> {
  const latest = reports.at(-1);
  return latest === undefined ? {} : { answeredReport: latest.eventID };
}

const written = (o: Observation): Observation => {
  const { Publish, ...failures } = o.history.failures;
  return Publish === undefined ? o : { ...o, history: { ...o.history, failures } };
};

function withdrawn(o: Observation, { name, state }: Fact & { kind: 'Withdrawn' }): Observation {
  const { tokenSecret, formerTokenSecrets } = o;
  if (name !== tokenSecret.name) {
    const said = formerTokenSecrets.map((former) => (former.name === name ? { name, state } : former));
    return { ...o, formerTokenSecrets: said };
  }
  if (tokenSecret.kind === 'Ours') return { ...o, tokenSecret: { ...tokenSecret, state } };
  if (tokenSecret.kind === 'Unrenderable') return { ...o, tokenSecret: { ...tokenSecret, published: { state } } };
  return o;
}
