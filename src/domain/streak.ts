import { statusBounds } from '../api/status.ts';
import { type Instant, seconds } from '../clock.ts';
import type { FailureStreak, History, Operation } from './observation.ts';
import { isRefusal } from './pace.ts';
import type { Step } from './step.ts';

/** A failure, as far as it is kept. */
export interface Counted extends Pick<FailureStreak, 'class' | 'reason' | 'message' | 'merchantID'> {
  readonly retryAfter?: number;
  /** Digest of the credential that was tried. */
  readonly credential?: string;
}

/** One failure more of the operation that the step belongs to. */
export function counted(history: History, step: Step, failure: Counted, at: Instant): History {
  const operation = operationOf(step);
  if (operation === undefined) return history;
  const { credential } = failure;
  const another = credential !== undefined && credential !== history.triedCredential;
  const known = history.failures[operation];
  const request = requestOf(step, known);
  const before = another || (step.kind === 'Revoke' && known?.request !== request) ? undefined : known;
  const streak = { ...extend(before, failure, at), ...(request === undefined ? {} : { request }) };
  return {
    ...history,
    failures: { ...history.failures, [operation]: streak },
    ...(operation === 'Verify' ? { verifyFrom: at } : {}),
    ...(credential === undefined ? {} : { triedCredential: credential }),
    handled: answered(history, step),
  };
}

/** The request that the failures in a row are about: a refresh goes on being wanted, whatever it is tried for next. */
function requestOf(step: Step, known: FailureStreak | undefined): string | undefined {
  if (step.kind === 'Revoke') return step.request;
  return step.kind === 'Refresh' ? (step.request ?? known?.request) : undefined;
}

/** A request for a token counts as answered once it was tried, whatever came of it; a disconnect when it is done, or declined. */
export function answered(history: History, step: Step): History['handled'] {
  if (step.kind === 'Decline') return { ...history.handled, [step.of]: step.request };
  if (step.kind === 'OfferLink') return { ...history.handled, connect: step.request };
  return (step.kind === 'Refresh' || step.kind === 'TakeUp') && step.request !== undefined
    ? { ...history.handled, refresh: step.request }
    : history.handled;
}

function operationOf(step: Step): Operation | undefined {
  switch (step.kind) {
    case 'TakeUp':
    case 'Refresh':
    case 'Verify':
    case 'Revoke':
    case 'Receive':
    case 'Dismiss':
      return step.kind;
    case 'EndLink':
      return 'Dismiss';
    case 'Publish':
    case 'Withdraw':
      return 'Publish';
    case 'Remove':
      return step.because === 'Renamed' ? 'Publish' : 'Finalize';
    case 'Discard':
    case 'AddFinalizer':
    case 'RemoveFinalizer':
      return 'Finalize';
    case 'OfferLink':
    case 'Adopt':
    case 'Reseal':
    case 'Decline':
    case 'Restart':
    case 'Wait':
      return undefined;
  }
}

/**
 * One failure more. What Square refused stays refused when the next attempt only fails to reach it; and a refusal after
 * such failures has its own beginning. What only the pin refused was tried again because the pin has changed: whatever
 * fails then is news. In whole seconds and within the bounds of the status, so that a process that reads it there knows
 * the very same.
 */
export function extend(before: FailureStreak | undefined, failure: Counted, at: Instant): FailureStreak {
  if (before?.class === 'OtherMerchant') return begin(undefined, failure, at);
  const refused = before !== undefined && isRefusal(before.class);
  if (refused && !isRefusal(failure.class)) return { ...begin(before, failure, at), ...told(before) };
  return begin(refused === isRefusal(failure.class) ? before : undefined, failure, at);
}

/** What a failure is called. */
const told = ({ class: failureClass, reason, message }: FailureStreak) => ({ class: failureClass, reason, message });

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

/** The failures that speak of Secrets and finalizers, whatever grant is held. */
export const failuresOfWrites = ({ Publish, Finalize, Dismiss }: History['failures']): History['failures'] => ({
  ...(Publish === undefined ? {} : { Publish }),
  ...(Finalize === undefined ? {} : { Finalize }),
  ...(Dismiss === undefined ? {} : { Dismiss }),
});
