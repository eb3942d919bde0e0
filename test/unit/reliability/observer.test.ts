import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../reliability/observer.ts';
import type { TokenRequest } from '../../reliability/script.ts';
import type { Stage } from '../../reliability/stage.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';

let square: Simulator;
let access: { value: string; expiresAt?: number; merchantID: string };
let other: typeof access;
let refreshToken: string;
beforeAll(async () => {
  square = await startSimulator();
  const { clientID } = square.addApplication();
  const { merchantID } = square.addSeller();
  const grant = square.grant({ clientID, merchantID });
  [access, refreshToken] = [grant.accessToken, grant.refreshToken.value];
  other = square.grant({ clientID, merchantID }).accessToken;
});
afterAll(() => square.stop());

interface Seen {
  readonly connections?: readonly object[];
  readonly secrets?: readonly object[];
  readonly events?: readonly object[];
  readonly log?: string;
  readonly tokenRequests?: readonly TokenRequest[];
}

/** A stage on which nothing plays, with what was seen of it. */
function stageWith({ log = '', tokenRequests = [], ...seen }: Seen): Stage {
  const versions = (collection: string, namespace: string) =>
    namespace === 'home' ? ((seen as Record<string, readonly object[]>)[collection] ?? []) : [];
  return {
    square,
    namespace: 'home',
    operatorNamespace: 'own',
    live: { versions },
    script: { tokenRequests },
    processes: [{ log: [log], running: () => false, paused: () => false }],
  } as unknown as Stage;
}

const encoded = (data: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));

const published = (data: Readonly<Record<string, string>> = {}, revision = '1') => ({
  type: 'Opaque',
  metadata: {
    name: 'shop',
    uid: 'uid',
    resourceVersion: '7',
    annotations: { 'square-operator.dev/connection': 'shop', 'square-operator.dev/revision': revision },
  },
  data: encoded({
    'access-token': access.value,
    'expires-at': `${new Date(access.expiresAt ?? 0).toISOString().slice(0, 19)}Z`,
    'merchant-id': access.merchantID,
    environment: 'Production',
    'base-url': square.url,
    ...data,
  }),
});

const connection = (conditions: Readonly<Record<string, string>>) => ({
  metadata: { name: 'shop', resourceVersion: '9' },
  status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status, reason: 'R' })) },
});

const request = (arrivedAt: number, endedAt: number, presented = 'token'): TokenRequest => {
  return { replica: 0, presented, arrivedAt, endedAt, deliveredAt: endedAt };
};

const sound = { answerInDoubt: false };

describe('the observer', () => {
  test('has nothing to say where all is well', async () => {
    const stage = stageWith({
      connections: [connection({ Ready: 'True', Valid: 'True', Revoked: 'False' })],
      secrets: [published()],
      events: [{ metadata: { name: 'e' }, note: 'A new token.' }],
      log: '{"msg":"connection reconciled"}',
      tokenRequests: [request(1, 2), request(3, 4)],
    });
    expect((await judge(stage, sound)).violations).toEqual([]);
  });

  const faults: [what: string, seen: () => Seen, says: RegExp][] = [
    ['two exchanges at once', () => ({ tokenRequests: [request(1, 5), request(3, 7)] }), /under way at once/],
    ['an exchange that never ended', () => ({ tokenRequests: [request(1, Infinity), request(3, 7)] }), /at once/],
    [
      'a false revocation',
      () => ({ connections: [connection({ Revoked: 'True', Ready: 'False' })] }),
      /nothing was revoked/,
    ],
    [
      'a revoked token called valid',
      () => ({ connections: [connection({ Revoked: 'True', Valid: 'True' })] }),
      /dead and valid/,
    ],
    [
      'an expired one called ready',
      () => ({ connections: [connection({ Expired: 'True', Ready: 'True' })] }),
      /dead and valid/,
    ],
    [
      'a token that Square never issued',
      () => ({ secrets: [published({ 'access-token': 'EAAAmade-up' })] }),
      /no token of Square/,
    ],
    [
      'the end of another token',
      () => ({ secrets: [published({ 'expires-at': '2020-01-01T00:00:00Z' })] }),
      /mixes generations: expires-at/,
    ],
    ['a value that is left over', () => ({ secrets: [published({ more: 'x' })] }), /mixes generations: more/],
    [
      'another token under one revision',
      () => ({ secrets: [published(), published({ 'access-token': other.value })] }),
      /another token under revision 1/,
    ],
    ['a token in the log', () => ({ log: `{"msg":"got ${refreshToken}"}` }), /shows in log of process 1/],
    ['a token in an event', () => ({ events: [{ metadata: { name: 'e' }, note: access.value }] }), /shows in events e/],
    ['a refresh token for workloads', () => ({ secrets: [published({ more: refreshToken })] }), /shows in Secret shop/],
  ];
  test.each(faults)('sees %s', async (_what, seen, says) => {
    const { violations } = await judge(stageWith(seen()), sound);
    expect(violations.join('\n')).toMatch(says);
  });

  test('takes a revocation for true from the moment of the disconnect', async () => {
    const stage = stageWith({
      connections: [connection({ Ready: 'True' }), connection({ Revoked: 'True', Ready: 'False' })],
    });
    expect((await judge(stage, { ...sound, revokedFrom: 1 })).violations).toEqual([]);
    expect((await judge(stage, { ...sound, revokedFrom: 2 })).counts.falseRevoked).toBe(1);
  });
});

test('a spent token may be presented once more where its answer is in doubt, and never twice', async () => {
  const own = await startSimulator();
  try {
    const { clientID } = own.addApplication();
    const { merchantID } = own.addSeller();
    const { refreshToken: spent } = own.grant({ clientID, merchantID, flow: 'PKCE' });
    const body = JSON.stringify({ client_id: clientID, grant_type: 'refresh_token', refresh_token: spent.value });
    const present = () =>
      fetch(`${own.url}/oauth2/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const said = async (answerInDoubt: boolean) =>
      (await judge({ ...stageWith({}), square: own }, { answerInDoubt })).violations;
    await present();
    expect(await said(false)).toEqual([]);
    await present();
    expect(await said(true)).toEqual([]);
    expect(await said(false)).toEqual([expect.stringContaining('although its answer had come')]);
    await present();
    expect(await said(true)).toEqual([expect.stringContaining('2 times again')]);
  } finally {
    await own.stop();
  }
});
