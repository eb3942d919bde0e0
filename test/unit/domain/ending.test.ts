import { describe, expect, it } from 'vitest';
import type { ConnectionSpec } from '../../../src/api/connection.ts';
import { days, formatInstant, hours, minutes, seconds } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Grant } from '../../../src/domain/grant.ts';
import type {
  Application,
  Arrival,
  Connection,
  GrantState,
  Now,
  Observation,
} from '../../../src/domain/observation.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { handledRequests, requestState } from '../../../src/domain/requests.ts';
import { partingTries } from '../../../src/domain/revocation.ts';
import type { Fact, Step } from '../../../src/domain/step.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import {
  aConnection,
  aCredential,
  aFailure,
  aGrant,
  aHistory,
  anApplication,
  anObservation,
  aPersonalGrant,
  aStreak,
  at,
  held,
  noon,
  ours,
  vacated,
} from '../../support/builders.ts';
import { kstatus } from './kstatus.ts';

type Row = readonly [when: string, observation: Observation, does: string, now?: Now];

const asked = formatInstant(noon);
const disconnecting = aConnection({ requests: { disconnect: asked } });
const failing = (fields = {}) => aHistory({ failures: { Revoke: aStreak({ request: asked, ...fields }) } });
const ended = vacated({ taken: ['taken'], handled: { disconnect: asked } });
const asking = (left: number) => ({
  attempt: {
    kind: 'Open' as const,
    attempt: { id: 'a', holder: 'h', startedAt: noon, presents: 'Held' as const, unanswered: 0 },
    until: noon + left,
  },
});
const { tokenEnds: _, ...forgotten } = aHistory();
const personal: GrantState = { kind: 'Held', grant: aPersonalGrant(), keyID: 'key-1' };
const pkce = anApplication({ clientSecret: { kind: 'None' } });
const missing: Application = { kind: 'Missing', ref: 'shop/pos' };
const closed = { application: missing, grant: { kind: 'Closed' } } as const;
const finalizedSecret = { finalized: true, deleting: false };

const nothing = { grant: { kind: 'Absent' }, tokenSecret: { kind: 'Absent', name: 'bakery' } } as const;
const notOwned = { kind: 'NotOwned', retryAt: noon + seconds(30) } as const;
const signedIn = 'sign-in/aa';
/** A sign-in of two days ago that nobody has taken up. */
const arrived = (fields: Partial<Grant> = {}): Arrival => {
  const accessToken = { ...aGrant().accessToken, issuedAt: noon - days(2) };
  const grant = aGrant({ generation: 1, taken: [signedIn], accessToken, ...fields });
  return { secret: 'bakery-incoming-aa', until: noon - days(1), content: { kind: 'Grant', grant } };
};
const claimed = (underWayUntil: number): Arrival => ({
  secret: 'bakery-incoming-aa',
  until: noon + hours(1),
  content: { kind: 'Claim', underWayUntil },
});
const unreadable: Arrival = {
  secret: 'bakery-incoming-aa',
  until: noon + hours(1),
  content: { kind: 'Unreadable', message: 'The key is gone.' },
};

/** A connection under `Revoke` that has its finalizers. */
const revocable = (
  fields: Partial<Observation> = {},
  connection: Partial<Connection> = {},
  spec: Partial<ConnectionSpec> = {},
) =>
  anObservation({
    connection: aConnection({ finalized: true, ...connection }, { deletionPolicy: 'Revoke', ...spec }),
    sealedSecret: finalizedSecret,
    ...fields,
  });
/** The same, being deleted. */
const parting = (
  fields: Partial<Observation> = {},
  connection: Partial<Connection> = {},
  spec: Partial<ConnectionSpec> = {},
) => revocable(fields, { deleting: true, deletedAt: noon, ...connection }, spec);
const tried = (count: number, fields = {}) => aHistory({ failures: { Revoke: aStreak({ count, ...fields }) } });

const rows = (all: readonly Row[]) =>
  all.map(([when, observation, does, now = at(noon)]) => [when, observation, does, now] as const);

function words(step: Step, square: number): string {
  const base = `${step.kind}(${step.because})`;
  switch (step.kind) {
    case 'Withdraw':
      return `${base} ${step.state}`;
    case 'Revoke':
      return `${base} ${step.scope}`;
    case 'Remove':
      return `${base} ${step.name}`;
    case 'AddFinalizer':
      return `${base} to ${step.to}`;
    case 'RemoveFinalizer':
      return `${base} from ${step.from}`;
    case 'Wait':
      return step.until === undefined
        ? `${base} for news`
        : `${base} ${Math.round((step.until - square) / seconds(1))} s`;
    case 'TakeUp':
    case 'Adopt':
    case 'Refresh':
    case 'Reseal':
    case 'Restart':
    case 'Verify':
    case 'Publish':
    case 'Receive':
    case 'Dismiss':
    case 'OfferLink':
    case 'EndLink':
    case 'Decline':
    case 'Discard':
      return base;
  }
}

const check = (_when: string, observation: Observation, does: string, now = at(noon)) =>
  expect(words(decide(observation, now), now.square)).toBe(does);

describe('a disconnect that is asked for', () => {
  it.each(
    rows([
      [
        'is carried out before anything else is asked',
        anObservation({ connection: disconnecting, credential: aCredential() }),
        'Revoke(DisconnectRequested) All',
      ],
      [
        'ends the authorization although another connection uses it',
        anObservation({ connection: disconnecting, sharedWith: ['shop/cafe'] }),
        'Revoke(DisconnectRequested) All',
      ],
      [
        'waits after a failure, and renews nothing meanwhile',
        anObservation({ connection: disconnecting, history: failing() }),
        'Wait(Disconnecting) 12 s',
      ],
      [
        'is tried again in time',
        anObservation({ connection: disconnecting, history: failing() }),
        'Revoke(DisconnectRequested) All',
        at(noon + minutes(1)),
      ],
      [
        'is gone on with beyond 15 minutes, once it was begun',
        anObservation({ connection: disconnecting, history: failing() }),
        'Revoke(DisconnectRequested) All',
        at(noon + hours(3)),
      ],
      [
        'is not gone on with when nobody tried for a day',
        anObservation({ connection: disconnecting, history: failing() }),
        'Verify(Slot)',
        at(noon + hours(25)),
      ],
      [
        'does not wait for what another request failed at',
        anObservation({ connection: disconnecting, history: failing({ request: 'earlier' }) }),
        'Revoke(DisconnectRequested) All',
      ],
      [
        'is not acted on when it is too old',
        anObservation({ connection: disconnecting }),
        'Wait(NothingDue) 2789 s',
        at(noon, { wall: noon + minutes(16) }),
      ],
      [
        'marks a token that turns out to be dead meanwhile',
        anObservation({ connection: disconnecting, history: { ...failing(), proof: { kind: 'Revoked' } } }),
        'Withdraw(TokenDead) revoked',
      ],
      [
        'is declined without an application secret',
        anObservation({ connection: disconnecting, application: pkce }),
        'Decline(RevokeUnsupported)',
      ],
      [
        'is declined for a personal access token',
        anObservation({ connection: disconnecting, grant: personal }),
        'Decline(PersonalAccessToken)',
      ],
      [
        'is declined where nothing is held',
        anObservation({ connection: disconnecting, grant: { kind: 'Absent' } }),
        'Decline(NotConnected)',
      ],
      [
        'is declined for a grant that was not taken over',
        anObservation({ connection: disconnecting, grant: { ...held(), kind: 'Retained' } }),
        'Decline(NotConnected)',
      ],
      [
        'waits for the application',
        anObservation({ connection: disconnecting, ...closed }),
        `Wait(ApplicationProblem) ${15 * 60} s`,
      ],
      [
        'waits for its turn',
        anObservation({ connection: disconnecting, throttled: true }),
        'Wait(Disconnecting) 900 s',
      ],
      [
        'waits for the end of a suspension',
        anObservation({ connection: aConnection({ requests: { disconnect: asked } }, { suspend: true }) }),
        'Wait(Suspended) 900 s',
      ],
    ]),
  )('%s', check);

  it.each(
    rows([
      [
        'says so on the token Secret first',
        anObservation({ grant: ended, history: forgotten }),
        'Withdraw(TokenDead) revoked',
      ],
      [
        'rests then',
        anObservation({ grant: ended, history: forgotten, tokenSecret: ours({ state: 'revoked' }) }),
        'Wait(Disconnected) for news',
      ],
      [
        'leaves a credential alone that was taken before',
        anObservation({
          grant: ended,
          history: forgotten,
          tokenSecret: ours({ state: 'revoked' }),
          credential: aCredential({ digest: 'taken' }),
        }),
        'Wait(Disconnected) for news',
      ],
      [
        'takes a new credential up',
        anObservation({ grant: ended, history: forgotten, credential: aCredential() }),
        'TakeUp(CredentialNew)',
      ],
      [
        'publishes nothing',
        anObservation({ grant: ended, history: forgotten, tokenSecret: { kind: 'Absent', name: 'bakery' } }),
        'Wait(Disconnected) for news',
      ],
    ]),
  )('and once it is done it %s', check);

  it('is answered when it is done, and what was known of the token is forgotten', () => {
    const before = anObservation({ connection: disconnecting, history: failing() });
    const step = { kind: 'Revoke', because: 'DisconnectRequested', scope: 'All', request: asked } as const;
    const fact: Fact = { kind: 'Ended', how: 'Revoked', grant: ended, answers: { disconnect: asked } };
    const after = absorb(before, step, fact, at(noon));
    expect(after.history).toMatchObject({ proof: { kind: 'None' }, failures: {}, handled: { disconnect: asked } });
    expect(requestState(after, 'disconnect', at(noon))).toBe('None');
    const { verifiedAt, tokenEnds, merchantName, scopes } = after.history;
    expect([verifiedAt, tokenEnds, merchantName, scopes]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('is remembered by the record alone', () => {
    const lost = anObservation({ connection: disconnecting, grant: ended });
    expect(requestState(lost, 'disconnect', at(noon))).toBe('None');
    expect(handledRequests(lost)).toEqual({ disconnect: asked });
  });

  it('fails without being answered; each request counts for itself', () => {
    const step = { kind: 'Revoke', because: 'DisconnectRequested', scope: 'All', request: asked } as const;
    const fail = (o: Observation) => absorb(o, step, { kind: 'Failed', failure: aFailure() }, at(noon));
    const once = fail(anObservation({ connection: disconnecting }));
    expect(once.history.failures.Revoke).toMatchObject({ count: 1, request: asked });
    expect(once.history.handled).toEqual({});
    expect(fail(once).history.failures.Revoke?.count).toBe(2);
    const other = anObservation({ connection: disconnecting, history: failing({ request: 'earlier', count: 7 }) });
    expect(fail(other).history.failures.Revoke?.count).toBe(1);
  });

  it('is recalled from the status by the process that comes next', () => {
    const before = anObservation({ connection: disconnecting, history: failing({ count: 3 }) });
    const status = summarize(before, readStatus({}), at(noon));
    expect(readStatus(status).failures[0]).toMatchObject({ operation: 'Revoke', request: asked, count: 3 });
  });

  it('that is called off is not told of any more', () => {
    const status = summarize(anObservation({ history: failing() }), readStatus({}), at(noon));
    expect(status.lastFailure).toBeUndefined();
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('Valid');
  });
});

describe('finalizers', () => {
  const bare = { finalized: false, deleting: false };
  it.each(
    rows([
      [
        'are for Revoke: the connection first, before anything is taken up',
        revocable({ credential: aCredential(), grant: { kind: 'Absent' }, sealedSecret: bare }, { finalized: false }),
        'AddFinalizer(RevokeOnDeletion) to Connection',
      ],
      ['then the sealed Secret', revocable({ sealedSecret: bare }), 'AddFinalizer(RevokeOnDeletion) to SealedSecret'],
      [
        'are not put on a record of somebody else',
        revocable({ sealedSecret: bare, grant: { ...held(), kind: 'Retained' } }),
        'Wait(RetainedGrantFound) 2419200 s',
      ],
      [
        'are put on a suspended connection, but on no Secret of it',
        revocable({ sealedSecret: bare }, { finalized: false }, { suspend: true }),
        'AddFinalizer(RevokeOnDeletion) to Connection',
      ],
      [
        'are put on no Secret of a suspended connection',
        revocable({ sealedSecret: bare }, {}, { suspend: true }),
        'Wait(Suspended) 2419200 s',
      ],
      [
        'are tried again with pauses, and hold nothing else up',
        revocable(
          { history: aHistory({ proof: { kind: 'None' }, failures: { Finalize: aStreak() } }) },
          { finalized: false },
        ),
        'Verify(Unproven)',
      ],
      [
        'go when the policy becomes Retain: the sealed Secret first',
        revocable({}, {}, { deletionPolicy: 'Retain' }),
        'RemoveFinalizer(RetainOnDeletion) from SealedSecret',
      ],
      [
        'and the connection then',
        revocable({ sealedSecret: bare }, {}, { deletionPolicy: 'Retain' }),
        'RemoveFinalizer(RetainOnDeletion) from Connection',
      ],
      [
        'let a sealed Secret go that somebody deletes',
        revocable({ sealedSecret: { finalized: true, deleting: true }, namespace: 'Active' }),
        'RemoveFinalizer(SealedSecretDeleted) from SealedSecret',
      ],
      [
        'hold it where the whole namespace goes',
        revocable({ sealedSecret: { finalized: true, deleting: true }, namespace: 'Ending' }),
        'Verify(Slot)',
        at(noon + hours(1)),
      ],
      [
        'hold it where that is not known',
        revocable({ sealedSecret: { finalized: true, deleting: true } }),
        'Verify(Slot)',
        at(noon + hours(1)),
      ],
    ]),
  )('%s', check);

  it('a sealed Secret that was only kept by one is gone with it', () => {
    const before = revocable({ sealedSecret: { finalized: true, deleting: true } });
    const step = { kind: 'RemoveFinalizer', from: 'SealedSecret', because: 'SealedSecretDeleted' } as const;
    const after = absorb(before, step, { kind: 'Finalized', object: 'SealedSecret', finalized: false }, at(noon));
    expect(after).toMatchObject({ grant: { kind: 'Absent' }, sealedSecret: { finalized: false, deleting: false } });
  });
});

describe('a deletion under Revoke', () => {
  it.each(
    rows([
      ['asks Square first', parting(), 'Revoke(ConnectionDeleted) All'],
      ['asks although it is suspended', parting({}, {}, { suspend: true }), 'Revoke(ConnectionDeleted) All'],
      [
        'ends only the access token while others use the authorization',
        parting({ sharedWith: ['shop/cafe'] }),
        'Revoke(ConnectionDeleted) AccessToken',
      ],
      [
        'ends all of it when that is asked for',
        parting({ sharedWith: ['shop/cafe'] }, { revokeAll: true }),
        'Revoke(ConnectionDeleted) All',
      ],
      ['waits for what another process asks for', parting(asking(minutes(1))), 'Wait(Deleting) 60 s'],
      [
        'the same where no grant is held yet',
        parting({ grant: ended, tokenSecret: { kind: 'Absent', name: 'bakery' }, ...asking(minutes(1)) }),
        'Wait(Deleting) 60 s',
      ],
      ['asks when that is over', parting(asking(0)), 'Revoke(ConnectionDeleted) All'],
      ['then deletes the token Secret', parting({ grant: ended }), 'Remove(ConnectionDeleted) bakery'],
      [
        'and those under earlier names',
        parting({
          grant: ended,
          tokenSecret: { kind: 'Absent', name: 'bakery' },
          formerTokenSecrets: [{ name: 'old' }],
        }),
        'Remove(ConnectionDeleted) old',
      ],
      [
        'then the sealed Secret',
        parting({ grant: ended, tokenSecret: { kind: 'Absent', name: 'bakery' } }),
        'Discard(ConnectionDeleted)',
      ],
      [
        'and lets the connection go at last',
        parting({ grant: { kind: 'Absent' }, tokenSecret: { kind: 'Absent', name: 'bakery' } }),
        'RemoveFinalizer(Disconnected) from Connection',
      ],
      [
        'leaves a Secret of somebody else alone',
        parting({ grant: { kind: 'Absent' }, tokenSecret: { kind: 'NotOwned', name: 'bakery', retryAt: 0 } }),
        'RemoveFinalizer(Disconnected) from Connection',
      ],
      [
        'asks nothing for a personal access token',
        parting({ grant: personal, tokenSecret: { kind: 'Absent', name: 'bakery' } }),
        'Discard(PersonalAccessToken)',
      ],
      ['waits after a failure', parting({ history: tried(1) }), 'Wait(Deleting) 4 s'],
      [
        'waits no longer than it wants to, whatever Square asks for',
        parting({ history: tried(1, { retryAt: noon + hours(1) }) }),
        'Revoke(ConnectionDeleted) All',
        at(noon + minutes(1)),
      ],
      [
        'tries for the last time',
        parting({ history: tried(partingTries - 1) }),
        'Revoke(ConnectionDeleted) All',
        at(noon + minutes(10)),
      ],
      ['gives up', parting({ history: tried(partingTries) }), 'RemoveFinalizer(RevokeGivenUp) from Connection'],
      [
        'does not count what an earlier disconnect failed at',
        parting({ history: tried(99, { request: asked }) }),
        'Revoke(ConnectionDeleted) All',
      ],
      [
        'gives up at once without an application secret',
        parting({ application: pkce }),
        'RemoveFinalizer(RevokeUnsupported) from Connection',
      ],
      [
        'tries although the application is gone: it may come back',
        parting({ ...closed, namespace: 'Active' }),
        'Revoke(ConnectionDeleted) All',
      ],
      [
        'gives up at once when the application went with the namespace',
        parting({ ...closed, namespace: 'Ending' }),
        'RemoveFinalizer(RevokeGivenUp) from Connection',
      ],
      ['tries in a namespace that goes', parting({ namespace: 'Ending' }), 'Revoke(ConnectionDeleted) All'],
      ['waits for its turn, and no longer than an hour', parting({ throttled: true }), 'Wait(Deleting) 3600 s'],
      [
        'gives up when its turn does not come',
        parting({ throttled: true }),
        'RemoveFinalizer(RevokeGivenUp) from Connection',
        at(noon + hours(1)),
      ],
      [
        'takes up first what a sign-in gave, however long ago',
        parting({ ...nothing, arrivals: [arrived()] }, {}, { suspend: true }),
        'Receive(SignedIn)',
        at(noon + minutes(59)),
      ],
      [
        'the same where a grant is held, since the later one is to be ended, too',
        parting({ arrivals: [arrived()] }),
        'Receive(SignedIn)',
      ],
      [
        'the same beside a grant that was left',
        parting({ grant: { ...held(), kind: 'Retained' }, arrivals: [arrived()] }),
        'Receive(SignedIn)',
      ],
      [
        'and ends that',
        parting({ grant: held({ taken: [signedIn] }), arrivals: [arrived()] }),
        'Revoke(ConnectionDeleted) All',
      ],
      [
        'but not over a record that cannot be looked into',
        parting({ grant: { kind: 'Unreadable', message: 'The key is gone.' }, arrivals: [arrived()] }),
        'Revoke(ConnectionDeleted) All',
      ],
      [
        'nor over a grant of another application',
        parting({ grant: { kind: 'OfAnotherApplication', clientID: 'sq0idp-OTHER' }, arrivals: [arrived()] }),
        'Revoke(ConnectionDeleted) All',
      ],
      [
        'and waits for a place that is somebody else’s',
        parting({ ...nothing, grant: notOwned, arrivals: [arrived()] }),
        'Wait(Deleting) 30 s',
      ],
      [
        'for no longer than an hour',
        parting({ ...nothing, grant: notOwned, arrivals: [arrived()] }),
        'RemoveFinalizer(RevokeGivenUp) from Connection',
        at(noon + hours(1)),
      ],
      [
        'takes up nothing that ended with the authorization, or is of another seller or connection',
        parting({
          grant: ended,
          tokenSecret: { kind: 'Absent', name: 'bakery' },
          arrivals: [arrived(), arrived({ connectionUID: 'earlier', merchantID: 'M-OTHER' })],
        }),
        'Dismiss(Disconnected)',
      ],
      [
        'removes what it took up before the record goes that remembers it',
        parting({
          grant: vacated({ taken: [signedIn], handled: { disconnect: asked } }),
          tokenSecret: { kind: 'Absent', name: 'bakery' },
          arrivals: [arrived()],
        }),
        'Dismiss(Taken)',
      ],
      [
        'waits for its turn to take a sign-in up',
        parting({ ...nothing, throttled: true, arrivals: [arrived()] }),
        'Wait(Deleting) 3600 s',
      ],
      [
        'waits after a sign-in could not be taken up',
        parting({ ...nothing, arrivals: [arrived()], history: aHistory({ failures: { Receive: aStreak() } }) }),
        'Wait(Deleting) 2 s',
      ],
      [
        'waits after what it took up could not be removed',
        parting({
          grant: vacated({ taken: [signedIn], handled: { disconnect: asked } }),
          tokenSecret: { kind: 'Absent', name: 'bakery' },
          arrivals: [arrived()],
          history: aHistory({ failures: { Dismiss: aStreak() } }),
        }),
        'Wait(Deleting) 2 s',
      ],
      [
        'gives up a sign-in that could not be stored within an hour',
        parting({ ...nothing, arrivals: [arrived()] }),
        'RemoveFinalizer(RevokeGivenUp) from Connection',
        at(noon + hours(1)),
      ],
      [
        'gives up a sign-in for which no Secret can be made in a namespace that goes',
        parting({ ...nothing, namespace: 'Ending', arrivals: [arrived()] }),
        'RemoveFinalizer(RevokeGivenUp) from Connection',
      ],
      [
        'gives up a sign-in that cannot be looked into',
        parting({ ...nothing, arrivals: [unreadable] }),
        'RemoveFinalizer(RevokeGivenUp) from Connection',
      ],
      [
        'waits for a code that may be under way to Square',
        parting({ ...nothing, arrivals: [claimed(noon + seconds(30))] }),
        'Wait(Deleting) 30 s',
      ],
      [
        'and no longer',
        parting({ ...nothing, arrivals: [claimed(noon)] }),
        'RemoveFinalizer(Disconnected) from Connection',
      ],
      [
        'leaves a grant alone that was not taken over',
        parting({ grant: { ...held(), kind: 'Retained' } }),
        'RemoveFinalizer(NotTakenOver) from Connection',
      ],
      [
        'goes without when the policy is Retain by now',
        parting({}, {}, { deletionPolicy: 'Retain' }),
        'RemoveFinalizer(RetainOnDeletion) from Connection',
      ],
      [
        'does nothing when somebody took the finalizer away',
        parting({}, { finalized: false }),
        'Wait(Deleting) 2419200 s',
      ],
      [
        'tries by a spec that cannot be understood',
        parting(closed, { spec: { ok: false, problem: 'x.' } }),
        'Revoke(ConnectionDeleted) All',
      ],
      [
        'is not held up for ever by Secrets that cannot be deleted',
        parting({ grant: ended, history: aHistory({ failures: { Finalize: aStreak({ count: partingTries }) } }) }),
        'RemoveFinalizer(Disconnected) from Connection',
        at(noon + hours(1)),
      ],
    ]),
  )('%s', check);

  it('without the policy, and without a finalizer, does nothing', () => {
    check('', anObservation({ connection: aConnection({ deleting: true }) }), 'Wait(Deleting) 2419200 s');
  });

  it.each<readonly [what: string, fact: Fact, reason: string]>([
    ['Square did not answer', { kind: 'Failed', failure: aFailure() }, 'SquareConnectionLost'],
    [
      'Square refuses the client',
      {
        kind: 'Failed',
        failure: aFailure({ class: 'ClientRefused', reason: 'ClientRefused' }),
        refusal: { since: noon, retryAt: noon + days(1) },
      },
      'ClientRefused',
    ],
    [
      'something else stands in the way',
      { kind: 'Hindered', hindrance: { reason: 'ApplicationNotFound', message: 'M.' } },
      'ApplicationNotFound',
    ],
  ])('counts a try: %s', (_what, fact, reason) => {
    const step = { kind: 'Revoke', because: 'ConnectionDeleted', scope: 'All' } as const;
    const after = absorb(parting({ history: tried(4) }), step, fact, at(noon));
    expect(after.history.failures.Revoke).toMatchObject({ count: 5, reason });
  });

  it('comes to its end by itself, whatever fails', () => {
    let o = parting();
    let now = at(noon);
    const steps: string[] = [];
    for (let i = 0; i < 100 && !steps.includes('RemoveFinalizer'); i++) {
      const step = decide(o, now);
      if (step.kind === 'Wait') {
        expect(step.until).toBeGreaterThan(now.square);
        now = at(step.until ?? Number.NaN);
        continue;
      }
      steps.push(step.kind);
      o = absorb(o, step, { kind: 'Failed', failure: aFailure() }, now);
    }
    expect(steps).toEqual([...Array.from({ length: partingTries }, () => 'Revoke'), 'RemoveFinalizer']);
    expect(now.square - noon).toBeLessThan(minutes(35));
  });
});

describe('what is said', () => {
  type Said = readonly [when: string, observation: Observation, ready: string, message: RegExp, kstatus: string];
  it.each<Said>([
    [
      'a disconnect is about to happen',
      anObservation({ connection: disconnecting }),
      'False/Disconnecting',
      /about to be ended/,
      'InProgress',
    ],
    [
      'a disconnect fails',
      anObservation({ connection: disconnecting, history: failing({ count: 3 }) }),
      'False/Disconnecting',
      /has not happened yet.*3 times in a row/,
      'InProgress',
    ],
    [
      'it is disconnected',
      anObservation({ grant: ended, tokenSecret: ours({ state: 'revoked' }) }),
      'False/Disconnected',
      /of merchant M-BAKERY was ended at Square at 2026-07-01T12:00:00Z.*new credential/,
      'InProgress',
    ],
    [
      'a new credential is refused then',
      anObservation({
        grant: ended,
        credential: aCredential(),
        history: aHistory({
          failures: { TakeUp: aStreak({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused' }) },
        }),
      }),
      'False/CredentialRefused',
      /new credential/,
      'Failed',
    ],
    [
      'its deletion fails',
      parting({ history: tried(2) }),
      'False/Revoking',
      /being deleted.*twice|being deleted.*2 times in a row.*given up after 10 tries/,
      'InProgress',
    ],
    [
      'its deletion is given up',
      parting({ history: tried(10) }),
      'False/RevokeGivenUp',
      /Given up after 10 tries.*goes on at Square.*bakery-sealed keeps the grant/,
      'Failed',
    ],
    [
      'its namespace goes, too',
      parting({ history: tried(10), namespace: 'Ending' }),
      'False/RevokeGivenUp',
      /goes on at Square: the seller can end it/,
      'Failed',
    ],
    [
      'it cannot be revoked',
      parting({ application: pkce }),
      'False/RevokeUnsupported',
      /application secret.*keeps the grant/,
      'Failed',
    ],
    ['it is ended and goes', parting({ grant: ended }), 'False/Disconnected', /being deleted/, 'InProgress'],
    [
      'it is deleted under Retain and kept by somebody else',
      anObservation({ connection: aConnection({ deleting: true }) }),
      'True/Valid',
      /valid and published/,
      'Current',
    ],
    [
      'it is deleted with a finalizer gone and no try',
      parting({}, { finalized: false }),
      'True/Valid',
      /valid and published/,
      'Current',
    ],
  ])('when %s', (_when, observation, ready, message, outcome) => {
    const status = summarize(observation, readStatus({}), at(noon));
    const said = status.conditions?.find(({ type }) => type === 'Ready');
    expect(`${said?.status}/${said?.reason}`).toBe(ready);
    expect(said?.message).toMatch(message);
    expect(said?.message).toMatch(/[.]$/);
    expect(kstatus(status, observation.connection.generation)).toBe(outcome);
  });

  it('of the token nothing is known any more once it is ended, and its revision guards against older records', () => {
    const status = summarize(
      anObservation({ grant: ended }),
      readStatus({ revision: 3, merchantID: 'M-BAKERY' }),
      at(noon),
    );
    const looks = Object.fromEntries((status.conditions ?? []).map(({ type, status: is }) => [type, is]));
    expect(looks).toMatchObject({ Valid: 'Unknown', Expired: 'Unknown', Revoked: 'Unknown', Published: 'False' });
    expect(status).toMatchObject({ revision: 4, sealedSecretName: 'bakery-sealed' });
    expect([status.merchantID, status.accessTokenExpiresAt]).toEqual([undefined, undefined]);
  });
});
