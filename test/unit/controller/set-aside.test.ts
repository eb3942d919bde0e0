import { describe, expect, test } from 'vitest';
import { connectionOfIncomingSecret } from '../../../src/api/names.ts';
import { days, minutes } from '../../../src/clock.ts';
import { createIndex } from '../../../src/controller/index-by.ts';
import type { Sight } from '../../../src/controller/observe.ts';
import { observeArrivals } from '../../../src/controller/observe-arrivals.ts';
import { dismiss, receive } from '../../../src/controller/receive.ts';
import { setAside } from '../../../src/controller/set-aside.ts';
import type { Grant, RefreshToken } from '../../../src/domain/grant.ts';
import type { Application, Arrival, GrantState, Observation } from '../../../src/domain/observation.ts';
import { token } from '../../../src/domain/token.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { type KubeObject, keyOf } from '../../../src/kube/resource.ts';
import { claimSignIn, projectIncoming, takenOf } from '../../../src/secrets/incoming.ts';
import {
  aConnection,
  aCredential,
  aGrant,
  aHistory,
  anApplication,
  anObservation,
  aStreak,
  at,
  held,
  vacated,
} from '../../support/builders.ts';
import { aGrant as aSealed, canary, day } from '../secrets/fixtures.ts';
import { anIncomingStage, binding } from '../secrets/incoming-stage.ts';

const expiresAt = day + days(90);
const application = anApplication({ environment: binding.environment, clientID: binding.clientID });

const exceeded = new KubeError({ status: 403, reason: 'Forbidden', message: 'exceeded quota', mayHaveActed: false });

/** What Square gave for a credential of another seller; `again`: the same refresh token; `full`: there is no room for it. */
async function given(again = false, full = false) {
  const stage = anIncomingStage();
  if (full) stage.trouble.error = exceeded;
  const { server, place, clock, settlement } = stage;
  const presented: RefreshToken = { value: token('EQAAone'), singleUse: true };
  const ends = again ? {} : { refreshTokenExpiresAt: expiresAt };
  const reply = {
    accessToken: token(canary),
    refreshToken: token(again ? 'EQAAone' : 'EQAAtwo'),
    merchantID: 'M-OTHER',
    ...ends,
  };
  const told: string[] = [];
  const settling = setAside(
    { clock, incoming: settlement },
    {
      binding,
      connectionUID: place.uid,
      requested: { scopes: [], shortLived: false },
      reply,
      issuedAt: day,
      presented,
      taken: 'refreshToken:digest',
    },
    async () => void told.push('settled'),
  );
  if (full) await clock.advance(minutes(1));
  const settled = await settling;
  const [stored] = server.all('secrets');
  return { ...stage, told, settled, stored };
}

describe('what a credential of another seller gave', () => {
  test('lies in a Secret of the connection, and may wait as long as its refresh token lives', async () => {
    const { stored, settled, told, ...stage } = await given();
    expect([settled, told]).toEqual([{ settled: 'Stored' }, ['settled']]);
    expect(connectionOfIncomingSecret(stored?.metadata.name ?? '')).toBe('bakery');
    expect(arrivals(stage, stored, application, day + days(80))).toMatchObject([
      {
        until: expiresAt,
        content: { kind: 'SetAside', grant: { merchantID: 'M-OTHER', taken: ['refreshToken:digest'] } },
      },
    ]);
  });

  test('counts from the beginning, wherever it lies: the credential is not presented while it cannot be stored', async () => {
    const { settled, told, ...stage } = await given(false, true);
    expect([settled, told]).toEqual([{ settled: 'Escrowed', refused: expect.stringContaining('quota') }, []]);
    const [seen] = arrivals(stage, undefined, application, day) ?? [];
    expect(seen).toMatchObject({
      until: expiresAt,
      content: {
        kind: 'SetAside',
        grant: { taken: ['refreshToken:digest'] },
        refused: expect.stringContaining('quota'),
      },
    });
    const other = anApplication({ clientID: 'sq0idp-OTHER' });
    expect(arrivals(stage, undefined, other, day)).toMatchObject([{ content: { kind: 'SetAside' } }]);
    const { clock, settlement, server } = stage;
    const deps = { incoming: settlement, watches: { incoming: { get: () => undefined } } } as never;
    const o = anObservation({ connection: aConnection({ namespace: 'shop', name: 'bakery', uid: stage.place.uid }) });
    const step = { kind: 'Dismiss', secret: seen?.secret ?? '', because: 'OtherCredential', message: 'M.' } as const;
    expect(await dismiss(deps, step, o)).toEqual({ kind: 'Dismissed', secret: seen?.secret });
    await clock.advance(minutes(1));
    expect([arrivals(stage, undefined, application, day), server.all('secrets'), told]).toEqual([
      undefined,
      [],
      ['settled'],
    ]);
  });

  test('has no end while it cannot be looked into', async () => {
    const { stored, ...stage } = await given();
    const missing = { kind: 'Missing', ref: 'shop/pos' } as const;
    for (const application of [missing, anApplication({ clientID: 'sq0idp-OTHER' })]) {
      expect(arrivals(stage, stored, application, day + days(80))).toEqual([
        { secret: stored?.metadata.name, until: Number.POSITIVE_INFINITY, content: { kind: 'SetAside' } },
      ]);
    }
  });

  test('is not kept when the credential gives it again', async () => {
    const { stored, settled, told } = await given(true);
    expect([stored, settled, told]).toEqual([undefined, undefined, []]);
  });

  test.each([
    ['once it is', 'bakery-incoming-b', held(), ['taken', 'new']],
    ['not when the seller of what is held signs in again', 'bakery-incoming-a', held(), ['taken', 'sign-in/a']],
    [
      'not when that seller comes back after a disconnect',
      'bakery-incoming-a',
      vacated({ taken: ['taken', 'new'] }),
      ['taken', 'sign-in/a'],
    ],
  ] as const)('counts as taken up %s', async (_, secret, grant, taken) => {
    expect(await takenWith(secret, grant)).toEqual(taken);
  });

  test('does not make the connection forget when its seller signed in last', async () => {
    const content: Arrival['content'] = { kind: 'SetAside', grant: aGrant({ taken: ['new'] }) };
    const o = anObservation({
      grant: held({ signedInAt: day }),
      credential: aCredential(),
      arrivals: [{ secret: 'bakery-incoming-b', until: day, content }],
    });
    expect((await received(o, 'bakery-incoming-b', 'MerchantMatches'))?.signedInAt).toBe(day);
    expect((await received(o, 'bakery-incoming-b', 'SignedIn'))?.signedInAt).toBe(aGrant().accessToken.issuedAt);
  });

  test('counts as taken up when its own seller signs in after it', async () => {
    expect(await takenWith('bakery-incoming-a', vacated(), 'M-OTHER')).toEqual(['sign-in/a', 'new']);
  });
});

describe('a sign-in that its Secret refuses', () => {
  test.each([
    ['is seen in the place of its claim', true, application, 'Grant'],
    ['is not seen before it was refused: its Secret comes', false, application, 'Claim'],
    [
      'of another application is told as such',
      true,
      anApplication({ clientID: 'sq0idp-OTHER' }),
      'OfAnotherApplication',
    ],
    ['cannot be looked into without its application', true, { kind: 'Missing', ref: 'shop/pos' }, 'Unreadable'],
  ] as const)('%s', async (_, isRefused, of, kind) => {
    const stage = anIncomingStage();
    const { client, clock, place, settlement, there, trouble } = stage;
    await claimSignIn(client, place, 'a-claim');
    const claim = there();
    trouble.error = exceeded;
    const grant = aSealed({ connectionUID: place.uid, taken: [takenOf(place.secret)] });
    void settlement.store({ place, binding, grant }, 0);
    if (isRefused) await clock.advance(minutes(1));
    expect(arrivals(stage, claim, of, day)).toMatchObject([{ secret: place.secret, content: { kind } }]);
  });
});

test.each([
  ['of a sign-in', {}],
  ['of what is set aside', { setAside: true as const }],
])('what nobody can open in the Secret %s does not hide what is to take its place', async (_, aside) => {
  const stage = anIncomingStage();
  const { clock, place: own, server, settlement, trouble } = stage;
  const place = { ...own, ...aside };
  const annotations = { 'square-operator.dev/set-aside': String('setAside' in aside) };
  const data = { 'grant.jwe': Buffer.from('torn').toString('base64') };
  const metadata = { name: place.secret, namespace: 'shop', annotations };
  server.put('secrets', { metadata, type: 'square-operator.dev/incoming-grant', data });
  trouble.error = exceeded;
  const grant = aSealed({ connectionUID: place.uid, taken: [takenOf(place.secret)] });
  void settlement.store({ place, binding, grant }, 0);
  await clock.advance(minutes(1));
  expect(arrivals(stage, stage.there(), application, day)).toMatchObject([
    { content: { grant: { taken: grant.taken } } },
  ]);
});

const told = aHistory({ failures: { TakeUp: aStreak({ class: 'OtherMerchant' }) }, triedCredential: 'new' });

/** What the record remembers once this was taken up, beside a sign-in `a` and what was set aside, `b`. */
async function takenWith(
  secret: string,
  grant: GrantState,
  merchantID = 'M-BAKERY',
): Promise<readonly string[] | undefined> {
  const signedIn: Arrival['content'] = { kind: 'Grant', grant: aGrant({ merchantID, taken: ['sign-in/a'] }) };
  const aside: Arrival['content'] = { kind: 'SetAside', grant: aGrant({ merchantID: 'M-OTHER', taken: ['new'] }) };
  const o = anObservation({
    grant,
    credential: aCredential(),
    history: merchantID === 'M-OTHER' ? aHistory() : told,
    arrivals: [
      { secret: 'bakery-incoming-a', until: day, content: signedIn },
      { secret: 'bakery-incoming-b', until: day, content: aside },
    ],
  });
  return (await received(o, secret, 'SignedIn'))?.taken;
}

/** The record as it is once that was received. */
async function received(
  o: Observation,
  secret: string,
  because: 'SignedIn' | 'MerchantMatches',
): Promise<Grant | undefined> {
  const { clock, ring } = anIncomingStage();
  const grants = { writing: () => () => {}, absorb: () => {} };
  const client = { create: async (_: unknown, object: KubeObject) => object };
  const deps = { client, clock, ring, watches: { grants } } as unknown as Parameters<typeof receive>[0];
  const sight = { environment: 'Production', view: { stored: { revision: 3 } } } as unknown as Sight;
  const fact = await receive(deps, { kind: 'Receive', secret, because }, sight, o);
  return fact.kind === 'Sealed' ? fact.grant.grant : undefined;
}

function arrivals(
  { ring, place, settlement }: Pick<ReturnType<typeof anIncomingStage>, 'ring' | 'place' | 'settlement'>,
  stored: Awaited<ReturnType<typeof given>>['stored'],
  of: Application,
  now: number,
) {
  const arrivalsOf = createIndex();
  if (stored !== undefined) arrivalsOf.set(keyOf(stored), ['shop/bakery']);
  const watches = { incoming: { get: () => stored && projectIncoming(stored) }, links: { get: () => undefined } };
  const connection = aConnection({ namespace: 'shop', name: 'bakery', uid: place.uid });
  return observeArrivals({ ring, watches, arrivalsOf, incoming: settlement } as never, connection, of, at(now))
    .arrivals;
}
