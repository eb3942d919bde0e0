import { describe, expect, it } from 'vitest';
import { days, hours, minutes, seconds } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import { arrivalInstants, pinOf } from '../../../src/domain/arrivals.ts';
import type { Attempt } from '../../../src/domain/attempt.ts';
import { callsFrom } from '../../../src/domain/calls.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Grant } from '../../../src/domain/grant.ts';
import { forgetMended } from '../../../src/domain/mended.ts';
import type { Arrival, Observation } from '../../../src/domain/observation.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import {
  aConnection,
  aGrant,
  aHistory,
  aNewObservation,
  anObservation,
  aStreak,
  at,
  held,
  noon,
  vacated,
} from '../../support/builders.ts';

const secret = `bakery-incoming-${'a'.repeat(32)}`;
const id = `sign-in/${'a'.repeat(32)}`;

const arrival = (fields: Partial<Grant> = {}, more: Partial<Arrival> = {}): Arrival => {
  const accessToken = { ...aGrant().accessToken, issuedAt: noon - minutes(1) };
  const grant = aGrant({ generation: 1, taken: [id], accessToken, ...fields });
  return { secret, until: noon + hours(23), content: { kind: 'Grant', grant }, ...more };
};
const claim = (until: number): Arrival => ({
  secret,
  until,
  content: { kind: 'Claim', underWayUntil: until - hours(1) + minutes(1.5) },
});

const awaiting = (...arrivals: Arrival[]) => aNewObservation({ credential: { kind: 'None' }, arrivals });
const beside = (fields: Partial<Grant>, ...arrivals: Arrival[]) => anObservation({ grant: held(fields), arrivals });
const attempt: Attempt = { id: 'x', holder: 'other', startedAt: noon, presents: 'Held', unanswered: 0 };
const ended = (at: number) => vacated({ sealedAt: at, disconnected: { at, merchantID: 'M-BAKERY' } });

const rows: readonly (readonly [string, Observation, string])[] = [
  ['is taken up when nothing was held', awaiting(arrival()), 'Receive SignedIn'],
  ['takes the place of what is held', beside({}, arrival()), 'Receive SignedIn'],
  ['that was taken up is removed', beside({ taken: [id] }, arrival()), 'Dismiss Taken'],
  ['that was put back from a backup never acts again', beside({ taken: ['x', id, 'y'] }, arrival()), 'Dismiss Taken'],
  ['of another seller changes nothing', beside({}, arrival({ merchantID: 'M-OTHER' })), 'Dismiss OtherMerchant'],
  [
    'of another seller than the spec pins is refused when nothing is held',
    { ...awaiting(arrival()), connection: aConnection({}, { merchantID: 'M-PINNED' }) },
    'Dismiss OtherMerchant',
  ],
  [
    'of the pinned seller takes the place of another one’s grant',
    {
      ...beside({ merchantID: 'M-OLD' }, arrival({ merchantID: 'M-NEW' })),
      connection: aConnection({}, { merchantID: 'M-NEW' }),
    },
    'Receive SignedIn',
  ],
  ['of an earlier connection is refused', awaiting(arrival({ connectionUID: 'earlier' })), 'Dismiss OtherConnection'],
  [
    'of another application is refused',
    awaiting(arrival({}, { content: { kind: 'OfAnotherApplication' } })),
    'Dismiss OtherApplication',
  ],
  ['that was not taken up in time is refused', awaiting(arrival({}, { until: noon })), 'Dismiss Expired'],
  [
    'from before the authorization was ended is dead',
    { ...awaiting(arrival()), grant: ended(noon - seconds(10)) },
    'Dismiss Disconnected',
  ],
  [
    'from after the authorization was ended is taken up',
    { ...awaiting(arrival()), grant: ended(noon - minutes(2)) },
    'Receive SignedIn',
  ],
  [
    'is taken up when the authorization was ended at a time that is yet to come: nobody knows which was first',
    { ...awaiting(arrival()), grant: ended(noon + hours(6)) },
    'Receive SignedIn',
  ],
  [
    'of the seller whose grant an earlier connection left is taken up',
    { ...awaiting(arrival()), grant: { kind: 'Retained', grant: aGrant(), keyID: 'k' } },
    'Receive SignedIn',
  ],
  [
    'of another seller than that is refused',
    { ...awaiting(arrival({ merchantID: 'M-OTHER' })), grant: { kind: 'Retained', grant: aGrant(), keyID: 'k' } },
    'Dismiss OtherMerchant',
  ],
  [
    'waits while another process may be rotating',
    { ...beside({}, arrival()), attempt: { kind: 'Open', attempt, until: noon + seconds(30) } },
    'Wait NothingDue',
  ],
  [
    'does not wait for a rotation whose answer is lost',
    { ...beside({}, arrival()), attempt: { kind: 'Over', attempt } },
    'Receive SignedIn',
  ],
  [
    'waits while nothing may be overwritten',
    { ...awaiting(arrival()), grant: { kind: 'Unreadable', message: 'x' } },
    'Wait GrantBlocked',
  ],
  [
    'waits for a suspended connection',
    { ...awaiting(arrival()), connection: aConnection({}, { suspend: true }) },
    'Wait Suspended',
  ],
  [
    'waits for the application',
    { ...awaiting(arrival()), application: { kind: 'Missing', ref: 'shop/pos' } },
    'Wait AwaitingAuthorization',
  ],
  [
    'waits for what Square gave before',
    { ...beside({}, arrival()), unsettled: { since: noon, message: 'x', kept: 'Escrow' } },
    'Wait GrantNotStored',
  ],
  [
    'comes after a disconnect that was asked for',
    {
      ...beside({}, arrival()),
      connection: aConnection({ requests: { disconnect: new Date(noon).toISOString() } }),
    },
    'Revoke DisconnectRequested',
  ],
  ['that is only claimed is waited for', awaiting(claim(noon + 1)), 'Wait AwaitingAuthorization'],
  ['that was claimed in vain is removed', awaiting(claim(noon)), 'Dismiss Abandoned'],
  [
    'ends the link that the seller came by',
    { ...beside({ taken: [id] }, arrival()), link: { expiresAt: noon + 1 } },
    'EndLink Connected',
  ],
];

describe('a sign-in', () => {
  it.each(rows)('%s', (_, o, does) => {
    const step = decide(o, at(noon));
    expect(`${step.kind} ${step.because}`).toBe(does);
  });

  it.each([
    ['is taken up where nothing is held', awaiting(arrival({}, { until: noon })), 'Receive SignedIn'],
    ['waits beside a grant that is held', beside({}, arrival({}, { until: noon })), 'Verify Unproven'],
    [
      'waits beside a grant that an earlier connection left',
      {
        ...awaiting(arrival({}, { until: noon })),
        grant: { kind: 'Retained', grant: aGrant(), keyID: 'k' },
      } as const,
      'Wait RetainedGrantFound',
    ],
    [
      'waits for the application',
      { ...awaiting(arrival({}, { until: noon })), application: { kind: 'Missing', ref: 'shop/pos' } } as const,
      'Wait AwaitingAuthorization',
    ],
    ['is not abandoned', awaiting(claim(noon)), 'Wait AwaitingAuthorization'],
  ])('that is too old by a clock that Square has not borne out %s', (_, o, does) => {
    const step = decide({ ...o, history: aHistory({ proof: { kind: 'None' } }) }, at(noon, { confirmed: false }));
    expect(`${step.kind} ${step.because}`).toBe(does);
  });

  it('is looked at again when it ends, and when another process must have ended', () => {
    expect(arrivalInstants(awaiting(arrival()), at(noon))).toEqual([noon + hours(23)]);
    const busy = { ...beside({}, arrival()), attempt: { kind: 'Open', attempt, until: noon + seconds(30) } } as const;
    expect(decide(busy, at(noon))).toMatchObject({ until: noon + seconds(30) });
  });

  it('of whom Square has not said who it is costs a question only under a pin', () => {
    const { merchantID: _, ...unnamed } = aGrant({ taken: [id] });
    const o = awaiting({ secret, until: noon + 1, content: { kind: 'Grant', grant: unnamed } });
    const step = { kind: 'Receive', secret, because: 'SignedIn' } as const;
    expect(callsFrom(step, o)).toBe(2);
    expect(callsFrom(step, awaiting(arrival()))).toBe(0);
    const named = absorb(o, step, { kind: 'ArrivalNamed', secret, merchantID: 'M-OTHER' }, at(noon));
    expect(decide({ ...named, connection: aConnection({}, { merchantID: 'M-BAKERY' }) }, at(noon))).toMatchObject({
      because: 'OtherMerchant',
    });
  });

  it('that is taken up makes all that was known of the earlier token void', () => {
    const o = beside({}, arrival());
    const failing = { ...o, history: aHistory({ failures: { Refresh: aStreak({ class: 'RefreshTokenRefused' }) } }) };
    const step = decide(failing, at(noon));
    const after = absorb(
      failing,
      step,
      { kind: 'Sealed', grant: held({ generation: 4, taken: [id] }), how: 'TakenUp', answers: {} },
      at(noon),
    );
    expect(after.history).toMatchObject({ revision: 4, proof: { kind: 'None' }, failures: {} });
    expect(decide(after, at(noon))).toMatchObject({ kind: 'Dismiss', because: 'Taken' });
    const gone = absorb(after, decide(after, at(noon)), { kind: 'Dismissed', secret }, at(noon));
    expect(gone).not.toHaveProperty('arrivals');
    expect(decide(gone, at(noon))).toMatchObject({ kind: 'Verify', because: 'Unproven' });
  });

  it('is pinned to the seller of the spec before that of the grant', () => {
    expect(pinOf(anObservation())).toBe('M-BAKERY');
    expect(pinOf(anObservation({ connection: aConnection({}, { merchantID: 'M' }) }))).toBe('M');
    expect(pinOf(awaiting())).toBeUndefined();
  });
});

describe('a Secret of a sign-in that the API server does not let go', () => {
  const refusal = { kind: 'Unwritten', message: 'DELETE it: 403 Forbidden.' } as const;
  const accessToken = { ...aGrant().accessToken, issuedAt: noon - days(29), expiresAt: noon + days(1) };
  const old = { grant: held({ accessToken }) };
  const ofAnother = arrival({ merchantID: 'M-OTHER' });
  const says = (o: Observation, now = at(noon)) => {
    const step = decide(o, now);
    return `${step.kind} ${step.because}`;
  };
  const refused = (o: Observation) => absorb(o, decide(o, at(noon)), refusal, at(noon));

  it.each([
    ['a link that has ended', { link: { expiresAt: noon } }, 'EndLink Expired'],
    [
      'the link that the seller came by',
      { grant: held({ accessToken, taken: [id] }), arrivals: [arrival()], link: { expiresAt: noon + hours(1) } },
      'EndLink Connected',
    ],
    ['a claim that nobody filled', { arrivals: [claim(noon)] }, 'Dismiss Abandoned'],
    ['a sign-in of another seller', { arrivals: [ofAnother] }, 'Dismiss OtherMerchant'],
  ] as const)('keeps no token from being renewed, or ended: %s', (_, more, first) => {
    const o = anObservation({ ...old, ...more });
    expect(says(o)).toBe(first);
    const after = refused(o);
    expect(says(after)).toBe('Refresh Due');
    const disconnect = aConnection({ requests: { disconnect: new Date(noon).toISOString() } });
    expect(says({ ...after, connection: disconnect })).toBe('Revoke DisconnectRequested');
    const again = decide({ ...after, grant: held('grant' in more ? { taken: [id] } : {}) }, at(noon));
    expect(again).toMatchObject({ kind: 'Wait', because: 'NothingDue' });
    const until = again.kind === 'Wait' ? (again.until ?? 0) : 0;
    expect(until - noon).toBeLessThanOrEqual(seconds(3));
    expect(says(after, at(until))).toBe(first);
  });

  it('is tried again every few minutes, and is told as long as it lasts', () => {
    let o = anObservation({ link: { expiresAt: noon } });
    let now = at(noon);
    for (let tries = 0; tries < 20; ) {
      const step = decide(o, now);
      if (step.kind === 'Wait') {
        const until = step.until ?? 0;
        expect(until - now.square).toBeGreaterThan(0);
        expect(until - now.square).toBeLessThanOrEqual(minutes(6));
        now = at(until);
      } else {
        if (step.kind === 'EndLink') tries++;
        o = forgetMended(absorb(o, step, step.kind === 'EndLink' ? refusal : { kind: 'Verified' }, now), now);
      }
    }
    const { lastFailure } = summarize(o, readStatus({}), now);
    expect(lastFailure).toMatchObject({ operation: 'Dismiss', count: 20, message: refusal.message });
    const gone = absorb(o, { kind: 'EndLink', because: 'Expired' }, { kind: 'LinkEnded' }, now);
    expect(gone.history.failures).toEqual({});
  });

  it('is not told any more once somebody else has taken it away', () => {
    const { link: _, ...o } = refused(anObservation({ link: { expiresAt: noon } }));
    expect(forgetMended(o, at(noon)).history.failures).toEqual({});
  });

  it('makes no sign-in count that is refused', () => {
    const pinned = refused({ ...awaiting(ofAnother), connection: aConnection({}, { merchantID: 'M-PINNED' }) });
    expect(says(pinned)).toBe('Wait AwaitingAuthorization');
    expect(says(refused(beside({}, ofAnother)))).toBe('Wait NothingDue');
    expect(says(refused(beside({ taken: [id] }, arrival())))).toBe('Wait NothingDue');
  });

  it('lets the next sign-in be taken up', () => {
    const next = { ...arrival({ taken: ['sign-in/b'] }), secret: 'bakery-incoming-b' };
    expect(decide(refused(beside({}, ofAnother, next)), at(noon))).toMatchObject({
      kind: 'Receive',
      secret: next.secret,
    });
  });
});

describe('a sign-in that cannot be taken up', () => {
  it.each([
    ['since its seller is not known', { kind: 'Hindered', hindrance: { reason: 'SellerNotNamed', message: 'M.' } }],
    ['since the record is not written', { kind: 'Unwritten', message: 'M.' }],
  ] as const)('%s keeps no token from being renewed, and is tried again', (_, fact) => {
    const accessToken = { ...aGrant().accessToken, issuedAt: noon - days(29), expiresAt: noon + days(1) };
    const o = beside({ accessToken }, arrival());
    const step = decide(o, at(noon));
    const after = forgetMended(absorb(o, step, fact, at(noon)), at(noon));
    expect(after.history.failures.Receive).toMatchObject({ count: 1, message: 'M.' });
    expect(decide(after, at(noon))).toMatchObject({ kind: 'Refresh', because: 'Due' });
    expect(decide(after, at(noon + seconds(3)))).toEqual(step);
    const { lastFailure } = summarize(after, readStatus({}), at(noon));
    expect(lastFailure).toMatchObject({ operation: 'Receive', message: 'M.' });
    const taken = absorb(
      after,
      step,
      { kind: 'Sealed', grant: held({ taken: [id] }), how: 'TakenUp', answers: {} },
      at(noon),
    );
    expect(taken.history.failures).toEqual({});
  });
});

describe('two sign-ins', () => {
  it('are taken up one after the other, and the later one stays', () => {
    const other = { ...arrival({ taken: ['sign-in/b'] }), secret: 'bakery-incoming-b', until: noon + hours(24) };
    const o = awaiting(arrival(), other);
    expect(decide(o, at(noon))).toMatchObject({ kind: 'Receive', secret });
    const taken = { ...o, grant: held({ taken: [id] }) };
    const step = decide(taken, at(noon));
    expect(step).toMatchObject({ kind: 'Dismiss', secret });
    const next = absorb(taken, step, { kind: 'Dismissed', secret }, at(noon));
    expect(decide(next, at(noon))).toMatchObject({ kind: 'Receive', secret: 'bakery-incoming-b' });
  });
});

describe('a link for the seller', () => {
  const asked = new Date(noon).toISOString();
  const requested = (fields: Partial<Observation> = {}) =>
    aNewObservation({
      credential: { kind: 'None' },
      connection: aConnection({ requests: { connect: asked } }),
      authorizeURL: 'https://square.example.com/connect/shop/bakery',
      ...fields,
    });

  it.each([
    ['is made on request', requested(), 'OfferLink ConnectRequested'],
    [
      'is made for a connection that has a grant, too',
      { ...requested(), grant: held({ sealedAt: noon - days(1) }) },
      'OfferLink ConnectRequested',
    ],
    [
      'is not made where there are no pages',
      anObservation({ connection: aConnection({ requests: { connect: asked } }) }),
      'Decline NoSignInPage',
    ],
    [
      'is not made where nothing may be overwritten',
      requested({ grant: { kind: 'Unreadable', message: 'x' } }),
      'Decline GrantBlocked',
    ],
    [
      'is not made for a personal access token',
      requested({
        connection: aConnection(
          { requests: { connect: asked } },
          { credential: { personalAccessToken: { sealed: 'x' } } },
        ),
      }),
      'Decline PersonalAccessToken',
    ],
    ['goes when it ends', { ...awaiting(), link: { expiresAt: noon } }, 'EndLink Expired'],
    ['stays until then', { ...awaiting(), link: { expiresAt: noon + 1 } }, 'Wait AwaitingAuthorization'],
  ] as const)('%s', (_, o, does) => {
    const step = decide(o, at(noon));
    expect(`${step.kind} ${step.because}`).toBe(does);
  });

  it('is asked for once', () => {
    const o = requested();
    const after = absorb(
      o,
      decide(o, at(noon)),
      { kind: 'Offered', secret: 'bakery-connect-link', expiresAt: noon + hours(1) },
      at(noon),
    );
    expect(after.history.handled.connect).toBe(asked);
    expect(decide(after, at(noon))).toMatchObject({ kind: 'Wait', until: noon + hours(1) });
  });
});
