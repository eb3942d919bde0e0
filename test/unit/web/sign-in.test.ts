import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { putIncomingIntoEscrow } from '../../../src/secrets/escrow.ts';
import { sealGrant } from '../../../src/secrets/grant.ts';
import { incomingPlace, openIncoming, setAsidePlace, takenOf } from '../../../src/secrets/incoming.ts';
import { openIssued } from '../../../src/secrets/journal-record.ts';
import { textOf } from '../../../src/secrets/secret-text.ts';
import { aGrant, anApplication } from '../../support/builders.ts';
import { aSignInStage, externalURL, type SignInStage } from './sign-in-stage.ts';

/** What lies in the Secrets of sign-ins. */
const stored = ({ secrets, ring, known }: SignInStage) =>
  secrets().map((secret) => {
    const jwe = textOf(secret, 'grant.jwe');
    if (jwe === undefined) return 'Claim';
    const binding = { namespace: 'shop', name: 'bakery', environment: 'Production', clientID: known.clientID } as const;
    const opened = openIncoming(ring, binding, jwe);
    return opened.ok ? opened.value : opened.problem;
  });

describe('an authorization request', () => {
  test('asks for the permissions of application and connection, with a state and the exact redirect URL', async () => {
    const stage = await aSignInStage({ spec: { scopes: ['ORDERS_READ'] } });
    const began = await stage.signIns.begin(stage.ref());
    if (!began.ok) throw new Error(began.why);
    const url = new URL(began.location);
    expect(`${url.origin}${url.pathname}`).toBe(`${stage.simulator.url}/oauth2/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: stage.known.clientID,
      scope: 'MERCHANT_PROFILE_READ ORDERS_READ',
      session: 'false',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      redirect_uri: `${externalURL}/oauth/callback`,
    });
    expect(began.expiresAt - stage.clock.wall()).toBe(minutes(10));
    expect(began.cookie).not.toContain(url.searchParams.get('state'));
    expect(began.cookie.length).toBeLessThan(3_000);
  });

  test('has a challenge where the application uses PKCE', async () => {
    const { signIns, ref } = await aSignInStage({ flow: 'PKCE' });
    const began = await signIns.begin(ref());
    expect(began.ok && new URL(began.location).searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
  });

  test('is another one each time', async () => {
    const { signIns, ref } = await aSignInStage();
    const states = await Promise.all([1, 2, 3].map(() => signIns.begin(ref())));
    expect(new Set(states.map((began) => began.ok && new URL(began.location).searchParams.get('state'))).size).toBe(3);
  });

  const obstacles: readonly (readonly [string, string, (stage: SignInStage) => void])[] = [
    ['a connection that is gone', 'ConnectionGone', ({ server }) => server.remove('squareconnections', 'bakery')],
    ['a suspended connection', 'Suspended', ({ connect }) => connect({ suspend: true })],
    [
      'a personal access token',
      'PersonalAccessToken',
      ({ connect }) => connect({ credential: { personalAccessToken: { secretRef: { name: 'pat', key: 'token' } } } }),
    ],
    [
      'an application that is not there',
      'ApplicationNotReady',
      ({ resolved }) => void (resolved.application = { kind: 'Missing', ref: 'shop/pos' }),
    ],
    [
      'an application whose secret Square refuses',
      'ApplicationNotReady',
      ({ resolved }) => void (resolved.application = anApplication({ refusal: { since: 0, retryAt: 0 } })),
    ],
    [
      'a sealed grant that cannot be opened',
      'GrantBlocked',
      ({ server }) =>
        server.put('secrets', {
          metadata: { name: 'bakery-sealed', namespace: 'shop' },
          type: 'square-operator.dev/sealed-grant',
          data: { 'grant.jwe': Buffer.from('a.b.c.d.e').toString('base64') },
        }),
    ],
  ];
  test.each(obstacles)('is not made for %s (%s)', async (_, why, obstruct) => {
    const stage = await aSignInStage();
    const ref = stage.ref();
    obstruct(stage);
    expect(await stage.signIns.begin(ref)).toMatchObject({ ok: false, why });
  });

  test('is not made once twenty were tried, and no code of others is sent to Square then', async () => {
    const stage = await aSignInStage();
    const waiting = await stage.signIn();
    for (let i = 0; i < 20; i += 1) {
      const began = await stage.signIns.begin(stage.ref());
      if (!began.ok) throw new Error(began.why);
      const state = new URL(began.location).searchParams.get('state') ?? '';
      await stage.signIns.complete({ state, code: 'made-up' }, began.cookie);
    }
    const asked = stage.asked();
    const why = 'TooManySignIns';
    expect(await stage.signIns.begin(stage.ref())).toMatchObject({ ok: false, why });
    expect(await stage.signIns.complete(waiting.callback, waiting.cookie)).toMatchObject({ kind: 'Refused', why });
    expect([stage.secrets().length, stage.asked()]).toEqual([20, asked]);
  });

  test('is made for a connection that began with a refresh token, which never acts again', async () => {
    const refreshToken = { secretRef: { name: 'imported', key: 'token' } };
    const { signIns, ref } = await aSignInStage({ spec: { credential: { refreshToken } } });
    expect(await signIns.begin(ref())).toMatchObject({ ok: true });
  });

  test('is for the connection that is meant, not for a later one of its name', async () => {
    const { signIns, ref } = await aSignInStage();
    expect(await signIns.begin({ ...ref(), uid: 'an earlier one' })).toMatchObject({
      ok: false,
      why: 'ConnectionGone',
    });
  });
});

describe.each(['Code', 'PKCE'] as const)('a seller who signs in (%s)', (flow) => {
  test('leaves a sealed grant for the controller, and nothing in the journal', async () => {
    const stage = await aSignInStage({ flow });
    const { callback, cookie } = await stage.signIn();
    const outcome = await stage.signIns.complete(callback, cookie);
    const { merchantID } = stage.seller;
    expect(outcome).toEqual({ kind: 'Connected', connection: stage.ref(), issuedAt: expect.any(Number), merchantID });
    expect(stored(stage)).toMatchObject([
      { kind: 'OAuth', merchantID: stage.seller.merchantID, connectionUID: stage.ref().uid, generation: 1 },
    ]);
    expect(stage.secrets()[0]?.metadata.ownerReferences).toMatchObject([{ uid: stage.ref().uid }]);
    expect(stage.pages()).toEqual([]);
  });

  test('may land on another replica than the one that sent them off', async () => {
    const stage = await aSignInStage({ flow });
    const { callback, cookie } = await stage.signIn();
    expect(await stage.replica().signIns.complete(callback, cookie)).toMatchObject({ kind: 'Connected' });
  });
});

describe('a callback', () => {
  test('that comes twice exchanges its code once', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    const other = stage.replica();
    const outcomes = await Promise.all([
      stage.signIns.complete(callback, cookie),
      other.signIns.complete(callback, cookie),
      stage.signIns.complete(callback, cookie),
    ]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['AlreadyUsed', 'AlreadyUsed', 'Connected']);
    expect(await other.signIns.complete(callback, cookie)).toEqual({ kind: 'AlreadyUsed', connection: stage.ref() });
    expect(stage.asked()).toBe(1);
    expect(stored(stage)).toMatchObject([{ kind: 'OAuth' }]);
  });

  test('that comes again after the grant was taken up, and its Secret removed, is known by the record', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    await stage.signIns.complete(callback, cookie);
    const [secret] = stage.secrets();
    const [grant] = stored(stage);
    if (secret === undefined || typeof grant !== 'object') throw new Error('nothing is stored');
    const binding = {
      namespace: 'shop',
      name: 'bakery',
      environment: 'Production',
      clientID: stage.known.clientID,
    } as const;
    stage.server.put('secrets', {
      metadata: { name: 'bakery-sealed', namespace: 'shop' },
      type: 'square-operator.dev/sealed-grant',
      data: { 'grant.jwe': Buffer.from(sealGrant(stage.ring, binding, grant)).toString('base64') },
    });
    stage.server.remove('secrets', secret.metadata.name);
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'AlreadyUsed' });
    expect(stage.asked()).toBe(1);
    expect([stage.secrets(), stage.pages()]).toEqual([[], []]);
  });

  test('of a seller who said no asks nothing of Square', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    const denied = { state: callback.state, error: 'access_denied' };
    expect(await stage.signIns.complete(denied, cookie)).toEqual({ kind: 'Denied', connection: stage.ref() });
    expect(stage.asked()).toBe(0);
    expect(stage.secrets()).toEqual([]);
  });

  test('of another browser, or of an earlier sign-in in this one, is turned away', async () => {
    const stage = await aSignInStage();
    const [one, other] = [await stage.signIn(), await stage.signIn()];
    expect(await stage.signIns.complete(one.callback, undefined)).toEqual({ kind: 'OtherBrowser' });
    expect(await stage.signIns.complete(one.callback, other.cookie)).toMatchObject({ kind: 'OtherBrowser' });
    expect(await stage.signIns.complete({ code: one.callback.code }, one.cookie)).toMatchObject({
      kind: 'OtherBrowser',
    });
    expect(stage.asked()).toBe(0);
    expect(await stage.signIns.complete(other.callback, other.cookie)).toMatchObject({ kind: 'Connected' });
  });

  test('after ten minutes is too late', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.clock.jumpWall(minutes(10));
    expect(await stage.signIns.complete(callback, cookie)).toEqual({ kind: 'Expired' });
    expect(stage.asked()).toBe(0);
  });

  test('whose code came late, or is made up, changes nothing', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.simulator.clock.advance(minutes(6));
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'CodeRefused' });
    const second = await stage.signIn();
    const forged = { ...second.callback, code: 'sq0cgp-made-up' };
    expect(await stage.signIns.complete(forged, second.cookie)).toMatchObject({ kind: 'CodeRefused' });
    expect(stored(stage)).toEqual(['Claim', 'Claim']);
    expect(stage.pages()).toEqual([]);
  });

  test('of another seller than the pinned one is refused at once, and nothing is stored', async () => {
    const stage = await aSignInStage({ spec: { merchantID: 'M-PINNED' } });
    const { callback, cookie } = await stage.signIn();
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'OtherMerchant' });
    expect(stored(stage)).toEqual(['Claim']);
    expect(stage.pages()).toEqual([]);
  });

  test('of a second seller on the same link is refused while the first waits to be taken up', async () => {
    const stage = await aSignInStage();
    const rival = stage.simulator.addSeller({ businessName: 'Rival' });
    const [one, other] = [await stage.signIn(), await stage.signIn(rival.merchantID)];
    expect(await stage.signIns.complete(one.callback, one.cookie)).toMatchObject({ kind: 'Connected' });
    expect(await stage.signIns.complete(other.callback, other.cookie)).toMatchObject({ kind: 'OtherMerchant' });
  });

  test.each([[false], [true]])(
    'of a second seller is refused while the first lies in escrow: set aside %s',
    async (aside) => {
      const stage = await aSignInStage();
      const connection = stage.ref();
      const { clientID } = stage.known;
      const place = incomingPlace(connection, 'an-earlier-state');
      const taken = [aside ? 'refreshToken:digest' : takenOf(place.secret)];
      const grant = aGrant({ connectionUID: connection.uid, clientID, merchantID: 'M-RIVAL', taken });
      const binding = { namespace: 'shop', name: 'bakery', environment: grant.environment, clientID };
      const where = aside ? setAsidePlace(connection, taken[0] ?? '') : place;
      await putIncomingIntoEscrow({ client: stage.client, ring: stage.ring, namespace: 'ops' }, where, binding, grant);
      const { callback, cookie } = await stage.signIn();
      expect(await stage.signIns.complete(callback, cookie)).toMatchObject({
        kind: aside ? 'Connected' : 'OtherMerchant',
      });
    },
  );

  test('for a connection that got another application meanwhile is refused', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.resolved.application = anApplication({ ref: 'shop/other', clientID: 'sq0idp-OTHER' });
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({
      kind: 'Refused',
      why: 'ApplicationNotReady',
    });
    expect(stage.asked()).toBe(0);
  });

  test('for a connection that was deleted meanwhile is refused', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.server.remove('squareconnections', 'bakery');
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'Refused', why: 'ConnectionGone' });
    expect(stage.asked()).toBe(0);
  });

  test('for a connection that was suspended meanwhile is stored all the same', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.connect({ suspend: true });
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'Connected' });
  });

  test('of any text at all is answered, and asks nothing of Square', async () => {
    const stage = await aSignInStage();
    const { cookie } = await stage.signIn();
    const parameter = fc.option(fc.string(), { nil: undefined });
    const query = fc.record({ state: parameter, code: parameter, error: parameter });
    await fc.assert(
      fc.asyncProperty(query, fc.oneof(parameter, fc.constant(cookie)), async (callback, text) => {
        const { kind } = await stage.signIns.complete(callback, text);
        expect(kind).toBe('OtherBrowser');
      }),
    );
    expect(stage.asked()).toBe(0);
  });
});

describe('when Square', () => {
  test('cannot be reached for a moment, the code is sent once more', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.simulator.faults.add({ endpoint: 'token', times: 1, effect: { kind: 'answer', status: 429 } });
    const outcome = stage.signIns.complete(callback, cookie);
    while (stage.clock.timers() === 0) await new Promise((resolve) => setImmediate(resolve));
    await stage.clock.advance(seconds(1));
    expect(await outcome).toMatchObject({ kind: 'Connected' });
  });

  test('loses its answer, the code is not sent again', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.simulator.faults.add({ endpoint: 'token', times: 1, effect: { kind: 'drop', when: 'after' } });
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'SquareUnreachable' });
    expect(stage.asked()).toBe(1);
    expect(stage.pages()).toEqual([]);
  });

  test('refuses the client, that is the fault of the application', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.simulator.rotateSecret({ clientID: stage.known.clientID });
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'ApplicationFault' });
  });

  test('answers what nobody understands, the answer stays in the journal', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    const effect = { kind: 'answer', status: 200, shape: 'Raw', body: '{"odd":true}' } as const;
    stage.simulator.faults.add({ endpoint: 'token', times: 1, effect });
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'SquareRefused' });
    expect(stage.pages()).toHaveLength(1);
  });
});

describe('when the API server', () => {
  test.each(['Forbidden', 'Unreachable'] as const)('is %s, the code is not used', async (fault) => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.trouble.writes = fault;
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'NotStored', safe: false });
    expect(stage.asked()).toBe(0);
    expect(stage.pages()).toEqual([]);
    delete stage.trouble.writes;
    expect(await stage.signIns.complete(callback, cookie)).toMatchObject({ kind: 'Connected' });
  });

  test('loses the answer to the claim, the claim still is this one', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    stage.trouble.writes = 'AnswerLost';
    const outcome = stage.signIns.complete(callback, cookie);
    while (stage.asked() === 0) await new Promise((resolve) => setImmediate(resolve));
    delete stage.trouble.writes;
    await stage.clock.advance(seconds(1));
    expect(await outcome).toMatchObject({ kind: 'Connected' });
    expect(stage.asked()).toBe(1);
  });

  test('takes no more writes after the exchange, the grant waits in the journal and is stored without end', async () => {
    const stage = await aSignInStage();
    const { callback, cookie } = await stage.signIn();
    const outcome = stage.signIns.complete(callback, cookie);
    while (stage.asked() === 0) await new Promise((resolve) => setImmediate(resolve));
    stage.trouble.writes = 'Forbidden';
    while (stage.clock.timers() < 2) await new Promise((resolve) => setImmediate(resolve));
    await stage.clock.advance(seconds(60));
    expect(await outcome).toMatchObject({ kind: 'NotStored', safe: true, merchantID: stage.seller.merchantID });
    expect(stage.counted.at(-1)).toBe('Waiting');
    const [page = ''] = stage.pages();
    expect(openIssued(stage.ring, page)).toMatchObject({ ok: true, value: { grantType: 'authorization_code' } });
    expect(stage.incoming.count()).toBe(1);
    delete stage.trouble.writes;
    await stage.clock.advance(seconds(20));
    await stage.incoming.safe();
    expect(stored(stage)).toMatchObject([{ kind: 'OAuth' }]);
    expect(stage.pages()).toEqual([]);
  });
});

test('how sign-ins began and ended is counted', async () => {
  const stage = await aSignInStage();
  const { callback, cookie } = await stage.signIn();
  for (const _ of [1, 2]) await stage.signIns.complete(callback, cookie);
  await stage.signIns.complete({ ...callback, error: 'access_denied' }, cookie);
  await stage.signIns.complete(callback, undefined);
  stage.connect({ suspend: true });
  await stage.signIns.begin(stage.ref());
  expect(stage.counted).toEqual(['Begun', 'Connected', 'AlreadyUsed', 'Denied', 'OtherBrowser', 'Suspended']);
});

test('nothing that is logged holds a token, a code or a state', async () => {
  const stage = await aSignInStage();
  const { callback, cookie } = await stage.signIn();
  await stage.signIns.complete(callback, cookie);
  await stage.signIns.complete(callback, cookie);
  const text = inspect(stage.log, { depth: 9 });
  expect(text).not.toMatch(/EAAA|EQAA|sq0c/);
  expect(text).not.toContain(callback.state);
});

test('once it drains it takes no code, and waits for the callbacks under way', async () => {
  const stage = await aSignInStage();
  const [one, other] = [await stage.signIn(), await stage.signIn()];
  const outcome = stage.signIns.complete(one.callback, one.cookie);
  await stage.signIns.drain();
  expect(stored(stage)).toMatchObject([{ kind: 'OAuth' }]);
  expect(await outcome).toMatchObject({ kind: 'Connected' });
  expect(await stage.signIns.complete(other.callback, other.cookie)).toMatchObject({ kind: 'NotStored', safe: false });
  expect(stage.asked()).toBe(1);
});
