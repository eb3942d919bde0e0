import { formatInstant, hours, type Instant, minutes } from '../clock.ts';
import { type Attempt, type Doubt, isInDoubt } from './attempt.ts';
import { failsToIssue, type Issuing, isAfter } from './issuing.ts';
import type { Now, Observation } from './observation.ts';
import { deathOf } from './publication.ts';
import { requestState } from './requests.ts';
import { fractionOf } from './schedule.ts';

/** So long most outages last at most: no sooner than this the one request more is made without a witness. */
const outageLasts = minutes(30);

/** So long a witness is waited for: with it, a token that was due in time is renewed before it is eight days old. */
const witnessAwaited = hours(24);

/** And in any case until the access token has so long to go, which leaves a person the time to act. */
const margin = hours(4);

/** Once Square gives tokens again, those that may be used up are presented within this time, each at a moment of its own. */
const spreadOver = minutes(30);

/**
 * When a token that may be used up can be presented once more; 0: nothing is in the way. There is one such request, and in
 * the outage that led to the doubt it would be wasted, and the token with it. So it waits until Square has given the
 * application a token since, to whomever, which is the only proof that whatever issues tokens works again; or for as long as
 * the access token in use allows. That a process ended is no sign of an outage: then it waits only if there are others.
 */
export function onceMoreAt(
  o: Observation,
  operation: 'TakeUp' | 'Refresh',
  presents: Attempt['presents'],
  now: Now,
): Instant {
  const failedAt = isInDoubt(o.attempt, presents) ? lastFailure(o, operation) : undefined;
  if (failedAt === undefined || isAskedFor(o, now)) return 0;
  const latest = withoutWitness(o, presents, failedAt, now);
  const givenAt = givenSince(o, failedAt);
  return givenAt === undefined
    ? latest
    : Math.min(latest, givenAt + spreadOver * fractionOf(`once more ${o.connection.uid}`));
}

/** Whoever has no grant yet asks for a token by the annotation that asks for a new one. */
const isAskedFor = (o: Observation, now: Now): boolean =>
  o.grant.kind !== 'Held' && requestState(o, 'refresh', now) === 'Act';

/** The request that taking up a credential answers. */
export function askedFor(o: Observation, now: Now): { readonly request?: string } {
  const request = o.connection.requests.refresh;
  return request !== undefined && isAskedFor(o, now) ? { request } : {};
}

const issuingOf = ({ application }: Observation): Issuing | undefined =>
  application.kind === 'Found' ? application.issuing : undefined;

/** When Square gave the application a token, to whomever, after this; `undefined`: it has not. */
export function givenSince(o: Observation, failedAt: Instant): Instant | undefined {
  const givenAt = issuingOf(o)?.givenAt;
  return givenAt !== undefined && isAfter(givenAt, failedAt) ? givenAt : undefined;
}

/** Since when Square is not known to give tokens; `undefined`: nothing speaks against it. */
function lastFailure(o: Observation, operation: 'TakeUp' | 'Refresh'): Instant | undefined {
  const own = o.history.failures[operation];
  if (own !== undefined && failsToIssue(own)) return own.time;
  const others = issuingOf(o);
  return others?.givenAt === undefined ? others?.failedAt : undefined;
}

function withoutWitness(o: Observation, presents: Attempt['presents'], failedAt: Instant, now: Now): Instant {
  const soonest = failedAt + outageLasts;
  const latest = failedAt + witnessAwaited;
  if (presents !== 'Held' || o.grant.kind !== 'Held') return latest;
  // Its users have nothing to lose by it.
  if (deathOf(o, now) !== undefined) return soonest;
  const end = o.grant.grant.accessToken.expiresAt;
  return end === undefined ? latest : Math.max(soonest, Math.min(latest, end - margin));
}

/** What a token that may be used up waits for, since when, and what helps; `obstacle`: what is in the way for as long as it is there. */
export function onceMoreMessage(
  o: Observation,
  presents: Attempt['presents'],
  { startedAt }: Doubt,
  now: Now,
  obstacle?: string,
): string {
  const lost = `What Square made of the token request of ${formatInstant(startedAt)} is not known, so the ${presents === 'Held' ? 'refresh token' : 'credential'} may be used up.`;
  if (obstacle !== undefined) return `${lost} ${obstacle}`;
  const at = onceMoreAt(o, presents === 'Held' ? 'Refresh' : 'TakeUp', presents, now);
  if (at <= now.square || o.application.kind !== 'Found') return `${lost} It is tried once more.`;
  const { ref, issuing } = o.application;
  if (issuing?.givenAt !== undefined) {
    return `${lost} Square has given SquareApplication ${ref} a token at ${formatInstant(issuing.givenAt)}, so it is tried once more at ${formatInstant(at)}.`;
  }
  return `${lost} It is tried once more when Square has given a token of SquareApplication ${ref} again, or at ${formatInstant(at)}: see whether Square reports an outage. ${tryNow}`;
}

const tryNow =
  'To try it at once, annotate square-operator.dev/refresh-requested-at with the time now; in an outage that wastes it.';
