import type { Instant } from '../clock.ts';
import type { Failure, FailureClass } from './failure.ts';
import type { FailureStreak, History, Now, Observation, Operation, Proof } from './observation.ts';
import type { Fact, Step } from './step.ts';

/** What is known after a step, given what was known before it and what the world answered. Pure. */
export function absorb(o: Observation, step: Step, fact: Fact, now: Now): Observation {
  switch (fact.kind) {
    case 'Sealed':
      return sealed(o, fact);
    case 'Verified':
      return { ...o, history: verified(o.history, fact, now.square) };
    case 'Failed':
      return { ...refused(o, fact), history: failed(o.history, step, fact.failure, fact.credential, now.square) };
    case 'OtherMerchant':
      return { ...o, history: otherMerchant(o.history, step, fact, now.square) };
    case 'Published':
      return { ...o, tokenSecret: { kind: 'Ours', name: o.tokenSecret.name, current: true } };
    case 'NotOwned':
      return { ...o, tokenSecret: { kind: 'NotOwned', name: o.tokenSecret.name, retryAt: fact.retryAt } };
    case 'Withdrawn':
      return o.tokenSecret.kind === 'Ours' ? { ...o, tokenSecret: { ...o.tokenSecret, state: fact.state } } : o;
    case 'Removed':
      return { ...o, formerTokenSecrets: o.formerTokenSecrets.filter((name) => name !== fact.name) };
    case 'GrantPlaceNotOwned':
      return { ...o, grant: { kind: 'NotOwned', retryAt: fact.retryAt } };
    case 'Stale':
      return o;
  }
}

/** A new token: what was known of the old one says nothing about it. An adopted one is as it was, and is proven anew. */
function sealed(o: Observation, fact: Fact & { kind: 'Sealed' }): Observation {
  const { TakeUp: _, Refresh: __, Verify: ___, ...failures } = o.history.failures;
  const sameGrant = fact.how === 'Refreshed' && 'grant' in o.grant;
  const sameScopes = sameGrant && sameList(o.grant.grant.requested.scopes, fact.grant.grant.requested.scopes);
  const { scopes, merchantName, triedCredential: ____, ...history } = o.history;
  return {
    ...o,
    grant: fact.grant,
    tokenSecret: o.tokenSecret.kind === 'Ours' ? { ...o.tokenSecret, current: false } : o.tokenSecret,
    history: {
      ...history,
      ...(sameGrant && merchantName !== undefined ? { merchantName } : {}),
      ...(sameScopes && scopes !== undefined ? { scopes } : {}),
      revision: fact.grant.grant.generation,
      proof: { kind: 'None' },
      carried: fact.how === 'Refreshed' && isAccepted(history),
      failures,
      handled: { ...history.handled, ...fact.answers },
    },
  };
}

const isAccepted = ({ proof, carried }: Pick<History, 'proof' | 'carried'>) =>
  proof.kind === 'Accepted' || (proof.kind === 'None' && carried);

const sameList = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((value, i) => value === b[i]);

function verified(history: History, fact: Fact & { kind: 'Verified' }, at: Instant): History {
  const { Verify: _, ...failures } = history.failures;
  return {
    ...history,
    proof: { kind: 'Accepted' },
    failures,
    verifyFrom: at,
    verifiedAt: at,
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

function refused(o: Observation, { refusal }: Fact & { kind: 'Failed' }): Observation {
  if (refusal === undefined || o.application.kind !== 'Found') return o;
  return { ...o, application: { ...o.application, refusal } };
}

function failed(history: History, step: Step, failure: Failure, credential: string | undefined, at: Instant): History {
  const operation = operationOf(step);
  if (operation === undefined) return history;
  // A refused client says nothing about this connection: it is kept with the application, which all of them share.
  if (failure.class === 'ClientRefused') return { ...history, handled: answered(history, step) };
  const verifying = operation === 'Verify';
  const proof = verifying ? proofs[failure.class] : undefined;
  const { Verify: _, ...others } = history.failures;
  if (proof !== undefined) {
    return { ...history, proof, failures: others, verifyFrom: at, verifiedAt: at };
  }
  const retryAt = failure.retryAfter === undefined ? {} : { retryAt: at + failure.retryAfter };
  const streak = extend(history.failures[operation], failure.class, failure.reason, failure.message, at);
  return {
    ...history,
    failures: { ...history.failures, [operation]: { ...streak, ...retryAt } },
    ...(verifying ? { verifyFrom: at } : {}),
    ...(credential === undefined ? {} : { triedCredential: credential }),
    handled: answered(history, step),
  };
}

/** A request counts as answered once it was tried, whatever came of it. */
function answered(history: History, step: Step): History['handled'] {
  return step.kind === 'Refresh' && step.request !== undefined
    ? { ...history.handled, refresh: step.request }
    : history.handled;
}

function otherMerchant(history: History, step: Step, fact: Fact & { kind: 'OtherMerchant' }, at: Instant): History {
  const operation = operationOf(step) ?? 'TakeUp';
  const streak = extend(history.failures[operation], 'OtherMerchant', 'OtherMerchant', fact.message, at);
  return {
    ...history,
    failures: { ...history.failures, [operation]: streak },
    ...(fact.credential === undefined ? {} : { triedCredential: fact.credential }),
    handled: answered(history, step),
  };
}

function operationOf(step: Step): Operation | undefined {
  return step.kind === 'TakeUp' || step.kind === 'Refresh' || step.kind === 'Verify' ? step.kind : undefined;
}

function extend(
  streak: FailureStreak | undefined,
  failureClass: FailureClass | 'OtherMerchant',
  reason: string,
  message: string,
  at: Instant,
): FailureStreak {
  return {
    since: streak?.since ?? at,
    time: at,
    count: (streak?.count ?? 0) + 1,
    class: failureClass,
    reason,
    message,
  };
}
