import { describe, expect, it } from 'vitest';
import { days, minutes, seconds } from '../../../src/clock.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Grant } from '../../../src/domain/grant.ts';
import type { Arrival, Observation } from '../../../src/domain/observation.ts';
import { tellSetAside } from '../../../src/domain/set-aside.ts';
import {
  aConnection,
  aCredential,
  aGrant,
  aHistory,
  anObservation,
  aStreak,
  at,
  held,
  noon,
  vacated,
} from '../../support/builders.ts';

const secret = `bakery-incoming-${'a'.repeat(32)}`;

/** What the credential of another seller gave. */
const aside = (fields: Partial<Grant> = {}, until = noon + days(90)): Arrival => {
  const accessToken = { ...aGrant().accessToken, issuedAt: noon - minutes(1) };
  const grant = aGrant({ generation: 1, merchantID: 'M-OTHER', taken: ['new'], accessToken, ...fields });
  return { secret, until, content: { kind: 'SetAside', grant } };
};

/** It lies beside a grant that is held, of which nothing is due. */
const beside = (fields: Partial<Observation> = {}, spec = {}): Observation =>
  anObservation({
    connection: aConnection({}, spec),
    credential: aCredential(),
    arrivals: [aside()],
    ...fields,
  });
const wanted = { credential: { refreshToken: { secretRef: { name: 'bakery-token', key: 'token' } } } };
const notThere = { credential: { kind: 'None' } } as const;
const unopened: Arrival = { secret, until: Number.POSITIVE_INFINITY, content: { kind: 'SetAside' } };
const otherPinned = { merchantID: 'M-OTHER' };
const attempt = { id: 'x', holder: 'other', startedAt: noon, presents: { credential: 'new' }, unanswered: 0 } as const;
const disconnected = { at: noon - seconds(10), merchantID: 'M-BAKERY' };
const vacant = vacated({ disconnected });
/** The credential was given when somebody had what was held ended. */
const left = vacated({ disconnected, taken: ['new'] });
const unpublished = { kind: 'Absent', name: 'bakery' } as const;

const rows: readonly (readonly [string, Observation, string])[] = [
  ['waits, and the credential is not presented again', beside(), 'Wait NothingDue'],
  [
    'keeps the credential from being presented by whoever finds a request that was not concluded',
    beside({ attempt: { kind: 'Over', attempt } }),
    'Wait NothingDue',
  ],
  ['waits while the credential cannot be looked at', beside({ credential: unread() }, wanted), 'Wait NothingDue'],
  ['takes the place of what is held once its seller is pinned', beside({}, otherPinned), 'Receive MerchantMatches'],
  ['is taken up when what was held was ended', beside({ grant: vacant }), 'Receive MerchantMatches'],
  [
    'waits when that was ended, and its seller is not the pinned one',
    beside({ grant: vacant, tokenSecret: { kind: 'Absent', name: 'bakery' } }, { merchantID: 'M-BAKERY' }),
    'Wait CredentialRefused',
  ],
  ['waits when that was ended on request', beside({ grant: left, tokenSecret: unpublished }), 'Wait Disconnected'],
  [
    'is taken up when that was ended on request, once its seller is pinned',
    beside({ grant: left, tokenSecret: unpublished }, otherPinned),
    'Receive MerchantMatches',
  ],
  [
    'that was taken up and ended is removed',
    beside({ grant: vacated({ disconnected: { ...disconnected, merchantID: 'M-OTHER' }, taken: ['new'] }) }),
    'Dismiss Taken',
  ],
  ['that was taken up is removed', beside({ grant: held({ taken: ['new'] }) }), 'Dismiss Taken'],
  [
    'that was taken up leaves the link for the seller',
    beside({ grant: held({ taken: ['new'] }), link: { expiresAt: noon + 1 } }),
    'Dismiss Taken',
  ],
  ['goes when another credential is given', beside({ arrivals: [aside({ taken: ['x'] })] }), 'Dismiss OtherCredential'],
  ['goes when none is wanted', beside({ credential: { kind: 'None' } }), 'Dismiss OtherCredential'],
  ['waits while the Secret of the credential is not there', beside(notThere, wanted), 'Wait NothingDue'],
  [
    'waits without it when what was held was ended, too',
    beside({ ...notThere, grant: vacant, tokenSecret: { kind: 'Absent', name: 'bakery' } }, wanted),
    'Wait Disconnected',
  ],
  [
    'is taken up without it once its seller is pinned',
    beside(notThere, { ...wanted, ...otherPinned }),
    'Receive MerchantMatches',
  ],
  [
    'that cannot be looked into stays, and keeps nothing from being tried',
    beside({ arrivals: [unopened] }),
    'TakeUp CredentialNew',
  ],
  ['of an earlier connection goes', beside({ arrivals: [aside({ connectionUID: 'x' })] }), 'Dismiss OtherCredential'],
  ['that has ended goes', beside({ arrivals: [aside({}, noon)] }), 'Dismiss Expired'],
  [
    'is no part of what a deletion ends',
    beside({ connection: aConnection({ deleting: true, finalized: true }, { deletionPolicy: 'Revoke' }) }),
    'Revoke ConnectionDeleted',
  ],
  [
    'is no part of what a deletion ends when nothing else is left, either',
    beside({
      connection: aConnection({ deleting: true, finalized: true }, { deletionPolicy: 'Revoke' }),
      grant: { kind: 'Absent' },
      tokenSecret: { kind: 'Absent', name: 'bakery' },
    }),
    'RemoveFinalizer Disconnected',
  ],
];

describe('what a credential of another seller gave', () => {
  it.each(rows)('%s', (_, o, does) => {
    const step = decide(o, at(noon));
    expect(`${step.kind} ${step.because}`).toBe(does);
  });

  it('is told of as the credential of that seller, by whoever finds it', () => {
    const refused = aHistory({
      failures: { TakeUp: aStreak({ class: 'RefreshTokenRefused' }) },
      triedCredential: 'new',
    });
    for (const history of [aHistory(), refused]) {
      const told = tellSetAside(beside({ history }), noon);
      expect(told.history).toMatchObject({
        triedCredential: 'new',
        failures: { TakeUp: { class: 'OtherMerchant', merchantID: 'M-OTHER', count: 1, since: noon } },
      });
      expect(told.history.failures.TakeUp?.message).toContain(
        'merchant M-OTHER, but this connection is pinned to M-BAKERY',
      );
      expect(tellSetAside(told, noon + 1)).toBe(told);
    }
  });

  it('is not said to be kept once it is gone, but while it cannot be looked into', () => {
    const { history } = tellSetAside(beside(), noon);
    const kept = history.failures.TakeUp;
    const gone = tellSetAside(beside({ history, arrivals: [] }), noon + days(90)).history.failures.TakeUp;
    expect(kept?.message).toContain('is kept, sealed');
    expect(gone).toEqual({ ...kept, message: expect.not.stringContaining('kept') });
    const hidden = beside({ history, arrivals: [unopened] });
    expect(tellSetAside(hidden, noon + 1)).toBe(hidden);
  });

  it('is told of with why it could not be stored, as long as that is so', () => {
    const { secret, until, content } = aside();
    const refused = 'No room: exceeded quota.';
    const { history } = tellSetAside(
      beside({ arrivals: [{ secret, until, content: { ...content, refused } as Arrival['content'] }] }),
      noon,
    );
    expect(history.failures.TakeUp?.message).toMatch(
      /is kept, sealed.*is written again until it is: No room: exceeded quota\.$/,
    );
    const stored = tellSetAside(beside({ history }), noon + 1).history.failures.TakeUp;
    expect(stored).toMatchObject({ since: noon, message: expect.not.stringContaining('quota') });
  });

  it('is told of with the pin that is there now', () => {
    const { history } = tellSetAside(beside(), noon);
    const told = tellSetAside(beside({ history }, { merchantID: 'M-THIRD' }), noon + 1).history.failures.TakeUp;
    expect(told).toMatchObject({ since: noon, count: 1, message: expect.stringContaining('is pinned to M-THIRD') });
  });

  it('is not told of once its seller is pinned, or by another credential', () => {
    for (const o of [beside({}, otherPinned), beside({ credential: aCredential({ digest: 'x' }) })]) {
      expect(tellSetAside(o, noon)).toBe(o);
    }
  });
});

function unread() {
  return { kind: 'Problem', reason: 'CredentialSecretNotFound', message: 'It is not there.' } as const;
}
