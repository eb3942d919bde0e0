import { describe, expect, it } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import { type Done, eventsOf } from '../../../src/controller/report.ts';
import { logPass, stepsOf } from '../../../src/controller/report-pass.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { staleness } from '../../../src/domain/requests.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import {
  aConnection,
  aFailure,
  aHistory,
  aNewObservation,
  anApplication,
  anObservation,
  aStreak,
  at,
  held,
  noon,
} from '../../support/builders.ts';

/** The notes and the line of the log when a connection that stood like `before` comes to stand like `after`. */
function tell(
  before: Observation | undefined,
  after: Observation,
  done: readonly Done[] = [],
  recorded: { refresh?: string } = {},
) {
  const stored = readStatus(before === undefined ? {} : summarize(before, readStatus({}), at(noon)));
  const status = summarize(after, stored, at(noon));
  const notes = eventsOf(stored, status, done, recorded, (request) => staleness(after, request, at(noon)));
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', clock: { wall: () => noon }, write: (line) => void lines.push(line) });
  logPass(log, after.connection, status, done, notes);
  return { notes: notes.map(({ type, reason, action }) => `${type} ${reason} ${action}`), status, lines };
}

const told = (...pass: Parameters<typeof tell>): string[] => tell(...pass).notes;

const refused = aStreak({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused' });
const waiting = aNewObservation({ credential: { kind: 'None' } });
const healthy = anObservation();
const renewed = anObservation({ grant: held({ generation: 4 }), history: aHistory({ revision: 4 }) });
const unprovenYet = anObservation({ history: withoutProof() });
const revoked = anObservation({ history: aHistory({ proof: { kind: 'Revoked' }, failures: { Refresh: refused } }) });
const doubtful = anObservation({ history: aHistory({ failures: { Verify: aStreak({ count: 2 }) } }) });
const moreDoubtful = anObservation({ history: aHistory({ failures: { Verify: aStreak({ count: 3 }) } }) });
const unrenewable = anObservation({ history: aHistory({ failures: { Refresh: refused } }) });
const suspended = anObservation({ connection: aConnection({}, { suspend: true }) });
const clientRefused = anObservation({ application: anApplication({ refusal: { since: noon, retryAt: noon } }) });
const squatted = anObservation({ tokenSecret: { kind: 'NotOwned', name: 'bakery', retryAt: noon } });
const wrongCredential = aNewObservation({ history: { ...aNewObservation().history, failures: { TakeUp: refused } } });

describe('what is told in events', () => {
  it.each([
    ['a connection that waits for its seller: nothing', undefined, waiting, []],
    ['the first authorization: nothing', waiting, healthy, []],
    ['the first authorization, proven later: nothing', unprovenYet, healthy, []],
    ['a routine refresh: nothing', healthy, renewed, []],
    ['a first credential that Square refuses', undefined, wrongCredential, ['Warning CredentialRefused Ready']],
    ['a good credential after it', wrongCredential, healthy, ['Normal Valid Ready']],
    [
      'a revocation, once, although several conditions say it',
      healthy,
      revoked,
      ['Warning Revoked Ready', 'Warning RefreshRefused Renewable'],
    ],
    ['a revocation that was told', revoked, revoked, []],
    ['recovery from it, once', revoked, healthy, ['Normal Valid Ready']],
    ['a refusal to renew, once', healthy, unrenewable, ['Warning ReauthorizationNeeded Ready']],
    ['recovery from it', unrenewable, healthy, ['Normal Valid Ready']],
    ['doubt about the token', healthy, doubtful, ['Warning Unverified Ready']],
    ['the same doubt, for longer: nothing', doubtful, moreDoubtful, []],
    ['the end of doubt', doubtful, healthy, ['Normal Valid Ready']],
    ['a name that is taken', healthy, squatted, ['Warning SecretNotOwned Ready']],
    ['an authorization that is gone', healthy, waiting, ['Warning AwaitingAuthorization Ready']],
    ['a suspension, which somebody wants: nothing', healthy, suspended, []],
    ['its end: nothing', suspended, healthy, []],
    ['a refused client, which the application tells: nothing', healthy, clientRefused, []],
  ] as const)('%s', (_, before, after, expected) => {
    const { notes, status, lines } = tell(before, after);
    expect(notes).toEqual(expected);
    // The log warns where an event warns of Ready, and says what the condition says; otherwise nothing was done here.
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    const { reason, message } = ready ?? {};
    const warns = expected.some((one) => /^Warning \w+ Ready$/.test(one));
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      warns ? [expect.objectContaining({ level: 'warn', reason, message, msg: 'connection reconciled' })] : [],
    );
  });

  const requested: Done['step'] = { kind: 'Refresh', because: 'RefreshRequested', request: 'then' };
  const retried: Done['step'] = { kind: 'Refresh', because: 'RequestRetried', request: 'then' };
  const due: Done['step'] = { kind: 'Refresh', because: 'Due' };
  const tries: Done['step'] = { kind: 'TakeUp', credential: 'refreshToken', because: 'CredentialNew' };
  const sealed: Done['fact'] = { kind: 'Sealed', grant: held({ generation: 4 }), how: 'Refreshed', answers: {} };
  const first: Done['fact'] = { ...sealed, grant: held({ generation: 1 }), how: 'TakenUp' };
  const lost: Done['fact'] = { kind: 'Failed', failure: aFailure() };
  const no: Done['fact'] = {
    kind: 'Failed',
    failure: aFailure({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused' }),
  };

  it.each([
    ['a refresh on request', { step: requested, fact: sealed }, ['Normal Refreshed Refresh']],
    ['a refresh on request that fails', { step: requested, fact: lost }, ['Warning SquareConnectionLost Refresh']],
    ['one that is tried again', { step: retried, fact: sealed }, ['Normal Refreshed Refresh']],
    ['one that is tried again and fails: nothing, the status tells', { step: retried, fact: lost }, []],
    ['a refresh that is due: nothing', { step: due, fact: sealed }, []],
    ['a refresh that is due and fails: nothing, the status tells', { step: due, fact: lost }, []],
    ['an adoption', { step: { kind: 'Adopt', because: 'AdoptRequested' }, fact: sealed }, ['Normal Adopted Adopt']],
    ['the first credential: nothing', { step: tries, fact: first }, []],
    ['a credential in the place of an earlier grant', { step: tries, fact: sealed }, ['Normal CredentialTaken TakeUp']],
    ['a credential that is refused beside a grant', { step: tries, fact: no }, ['Warning CredentialRefused TakeUp']],
    ['one that could not be tried: nothing, the status tells', { step: tries, fact: lost }, []],
  ] as const)('%s', (_, done, expected) => {
    expect(told(healthy, healthy, [done])).toEqual(expected);
  });

  it('a request that is too old, once', () => {
    const old = new Date(noon - days(1)).toISOString();
    const stale = anObservation({ history: aHistory({ handled: { refresh: old } }) });
    expect(told(healthy, stale)).toEqual(['Warning RequestStale Refresh']);
    expect(told(stale, stale)).toEqual([]);
    // An earlier process carried it out, and did not live to say so in the status.
    expect(told(healthy, stale, [], { refresh: old })).toEqual([]);
    expect(told(healthy, stale, [{ step: requested, fact: sealed }])).toEqual(['Normal Refreshed Refresh']);
    // What asked for a token before one was held has got one.
    expect(told(healthy, stale, [{ step: { ...tries, request: old }, fact: first }])).toEqual([]);
  });
});

describe('the line of a pass', () => {
  const verify: Done['step'] = { kind: 'Verify', because: 'Slot' };
  const failed: Done = { step: verify, fact: { kind: 'Failed', failure: aFailure() } };

  it('has its steps in one field', () => {
    const done: Done[] = [failed, { step: { kind: 'Publish', because: 'Changed' }, fact: { kind: 'Published' } }];
    expect(stepsOf(done)).toBe('Verify(Slot)=Failed:SquareConnectionLost Publish(Changed)=Published');
  });

  it('warns once of what became worse, and tells of the rest at info', () => {
    const line = (before: Observation, after: Observation) => JSON.parse(tell(before, after, [failed]).lines.join(''));
    expect(line(healthy, revoked)).toMatchObject({
      level: 'warn',
      connection: 'shop/bakery',
      steps: 'Verify(Slot)=Failed:SquareConnectionLost',
      ready: 'False',
      reason: 'Revoked',
      message: expect.stringContaining('Have the seller sign in again'),
    });
    for (const [before, after] of [
      [revoked, revoked],
      [revoked, healthy],
      [healthy, healthy],
    ] as const) {
      expect(line(before, after)).toMatchObject({ level: 'info', msg: 'connection reconciled' });
      expect(line(before, after)).not.toHaveProperty('message');
    }
  });
});

function withoutProof() {
  const { verifiedAt: _, ...history } = aHistory({ proof: { kind: 'None' }, verifyFrom: noon - hours(1) });
  return history;
}
