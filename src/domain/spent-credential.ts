import type { Instant } from '../clock.ts';
import { isSpent } from './attempt.ts';
import { presenting } from './given.ts';
import type { Observation } from './observation.ts';
import { isRefusal } from './pace.ts';
import { extend } from './streak.ts';

/** What there is to say of a credential that is not presented any more, because what came of two requests is not known. */
export const credentialSpent =
  'What Square made of two requests with this credential is not known, so it may be used up.';

/**
 * A credential that may be used up counts as refused, whoever found that out: the process that presented it may have ended
 * before it could say so, and beside a grant that is held nothing else tells of it.
 */
export function tellSpent(o: Observation, at: Instant): Observation {
  const { credential, attempt, history } = o;
  if (credential.kind !== 'Given' || !isSpent(attempt, presenting(credential, attempt))) return o;
  const { TakeUp: told } = history.failures;
  if (told !== undefined && history.triedCredential === credential.digest && isRefusal(told.class)) return o;
  const failure = { class: 'RefreshTokenRefused', reason: 'RotationOutcomeLost', message: credentialSpent } as const;
  const failures = { ...history.failures, TakeUp: extend(undefined, failure, at) };
  return { ...o, history: { ...history, failures, triedCredential: credential.digest } };
}
