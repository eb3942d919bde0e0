import { statusBounds } from '../api/status.ts';
import { type Instant, seconds } from '../clock.ts';
import { type Failure, type FailureClass, tookClient } from './failure.ts';
import type { FailureStreak, History, Now, Observation, Operation, Proof } from './observation.ts';
import { isRefusal } from './pace.ts';
import { resealed, underActiveKey } from './reseal.ts';
import { nameSeller } from './seller.ts';
import type { Fact, Step } from './step.ts';
import { sameScopes } from './wanted.ts';

/** What is known after a step, given what was known before it and what the world answered. Pure. */
export function absorb(o: Observation, step: Step, fact: Fact, now: Now): Observation {
  switch (fact.kind) {
    case 'Sealed':
      return sealed(clientTaken(underActiveKey(o), step), fact);
    case 'Verified':
      return nameSeller({ ...o, history: verified(o.history, fact, now.square) }, fact.merchantID);
    case 'Failed':
      return failed(o, step, fact, now.square);
    case 'OtherMerchant': {
      const failure = { class: 'OtherMerchant', reason: 'OtherMerchant', ...fact } as const;
      return { ...clientTaken(o, step), history: counted(o.history, step, failure, now.square) };
    }
    case 'Unwritten': {
      const failure = { class: 'Unknown', reason: 'SecretNotWritten', ...fact } as const;
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
      return written({ ...o, formerTokenSecrets: o.formerTokenSecrets.filter(({ name }) => name !== fact.name) });
    case 'GrantPlaceNotOwned':
      return { ...o, grant: { kind: 'NotOwned', retryAt: fact.retryAt } };
    case 'Stale':
      return o;
  }
}

/** A new token: what was known of the old one says nothing about it. An adopted one is as it was, and is proven anew. */
function sealed(o: Observation, fact: Fact & { kind: 'Sealed' }): Observation {
  const { grant } = fact.grant;
  const { scopes, merchantName, merchantID, triedCredential, verifiedAt, tokenEnds: _, ...history } = o.history;
  const refreshed = fact.how === 'Refreshed' && 'grant' in o.grant;
  const inPlaceOf = refreshed ? replaced(o.history) : 'Nothing';
  const sameToAsk = refreshed && sameScopes(o.grant.grant.requested.scopes, grant.requested.scopes);
  return {
    ...o,
    grant: fact.grant,
    tokenSecret: o.tokenSecret.kind === 'Ours' ? { ...o.tokenSecret, current: false } : o.tokenSecret,
    history: {
      ...history,
      ...(refreshed && merchantName !== undefined ? { merchantName } : {}),
      ...(refreshed && merchantID !== undefined ? { merchantID } : {}),
      ...(sameToAsk && scopes !== undefined ? { scopes } : {}),
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

const failuresOfWrites = ({ Publish }: History['failures']): History['failures'] =>
  Publish === undefined ? {} : { Publish };

/** A refused credential stays refused; and remedies that did not help are counted on, until a token is accepted. */
function failuresBeside({ Publish, Refresh, TakeUp }: History['failures']): History['failures'] {
  return {
    ...(Publish === undefined ? {} : { Publish }),
    ...(Refresh !== undefined && isVain(Refresh) ? { Refresh } : {}),
    ...(TakeUp === undefined ? {} : { TakeUp }),
  };
}

/** Whether the refreshes did succeed, but gave tokens that were not accepted. */
const isVain = ({ class: failureClass }: FailureStreak): boolean => Object.hasOwn(proofs, failureClass);

function verified(history: History, fact: Fact & { kind: 'Verified' }, at: Instant): History {
  const { Verify: _, Refresh, ...others } = history.failures;
  return {
    ...history,
    proof: { kind: 'Accepted' },
    failures: Refresh === undefined || isVain(Refresh) ? others : { ...others, Refresh },
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

function failed(o: Observation, step: Step, fact: Fact & { kind: 'Failed' }, at: Instant): Observation {
  const { failure, refusal } = fact;
  const { history, application } = o;
  // A refused client says nothing about this connection: it is kept with the application, which all of them share.
  if (refusal !== undefined && application.kind === 'Found') {
    return {
      ...o,
      application: { ...application, refusal },
      history: { ...history, handled: answered(history, step) },
    };
  }
  const proof = step.kind === 'Verify' ? proofs[failure.class] : undefined;
  if (proof !== undefined) return { ...o, history: disproved(history, failure, proof, at) };
  const before = tookClient(failure) ? clientTaken(o, step) : o;
  return { ...before, history: counted(history, step, { ...fact, ...failure }, at) };
}

/** The token is dead. When it was the remedy for one that was dead, remedies are vain for now. */
function disproved(history: History, failure: Failure, proof: Proof, at: Instant): History {
  const { Verify: _, ...failures } = history.failures;
  const vain = history.proof.kind === 'None' && history.inPlaceOf === 'Dead';
  const message = `The token that Square gave in place of a dead one is not accepted either. ${failure.message}`;
  return {
    ...history,
    proof,
    failures: vain ? { ...failures, Refresh: extend(failures.Refresh, { ...failure, message }, at) } : failures,
    verifyFrom: at,
    verifiedAt: at,
  };
}

/** Square looks at the client before the token: whoever has an answer about a token has a client that Square takes. */
function clientTaken(o: Observation, step: Step): Observation {
  const asked = step.kind === 'Refresh' || (step.kind === 'TakeUp' && step.credential !== 'personalAccessToken');
  if (!asked || o.application.kind !== 'Found' || o.application.refusal === undefined) return o;
  const { refusal: _, ...application } = o.application;
  return { ...o, application };
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

interface Counted extends Pick<FailureStreak, 'class' | 'reason' | 'message' | 'merchantID'> {
  readonly retryAfter?: number;
  /** Digest of the credential that was tried. */
  readonly credential?: string;
}

/** One failure more of the operation that the step belongs to. */
function counted(history: History, step: Step, failure: Counted, at: Instant): History {
  const operation = operationOf(step);
  if (operation === undefined) return history;
  const { credential } = failure;
  const another = credential !== undefined && credential !== history.triedCredential;
  const before = another ? undefined : history.failures[operation];
  return {
    ...history,
    failures: { ...history.failures, [operation]: extend(before, failure, at) },
    ...(operation === 'Verify' ? { verifyFrom: at } : {}),
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

function operationOf(step: Step): Operation | undefined {
  switch (step.kind) {
    case 'TakeUp':
    case 'Refresh':
    case 'Verify':
      return step.kind;
    case 'Publish':
    case 'Withdraw':
    case 'Remove':
      return 'Publish';
    case 'Adopt':
    case 'Reseal':
    case 'Wait':
      return undefined;
  }
}

/**
 * One failure more. What Square refused stays refused when the next attempt only fails to reach it; and a refusal after
 * such failures has its own beginning. In whole seconds and within the bounds of the status, so that a process that reads
 * it there knows the very same.
 */
function extend(before: FailureStreak | undefined, failure: Counted, at: Instant): FailureStreak {
  const refused = before !== undefined && isRefusal(before.class);
  if (refused && !isRefusal(failure.class)) return { ...begin(before, failure, at), ...told(before) };
  return begin(refused === isRefusal(failure.class) ? before : undefined, failure, at);
}

/** What a failure is called. */
const told = ({ class: failureClass, reason, message, merchantID }: FailureStreak) => ({
  class: failureClass,
  reason,
  message,
  ...(merchantID === undefined ? {} : { merchantID }),
});

function begin(streak: FailureStreak | undefined, failure: Counted, at: Instant): FailureStreak {
  const time = Math.floor(at / seconds(1)) * seconds(1);
  const retryAt = failure.retryAfter === undefined ? undefined : Math.ceil((at + failure.retryAfter) / 1_000) * 1_000;
  return {
    since: streak?.since ?? time,
    time,
    count: (streak?.count ?? 0) + 1,
    class: failure.class,
    reason: failure.reason,
    message: failure.message.slice(0, statusBounds.failureMessage),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(failure.merchantID === undefined ? {} : { merchantID: failure.merchantID }),
  };
}
