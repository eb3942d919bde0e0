import { describe, expect, test } from 'vitest';
import { days, hours, minutes } from '../../../src/clock.ts';
import type { FaultSpec } from '../../simulator/faults.ts';
import type { App, Party, Scene } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';
import { refreshUnstored } from '../../support/unstored.ts';
import type { World } from '../../support/world.ts';

/** Sellers of PKCE: each of their refresh tokens works once. */
function createSellers(world: World, scene: Scene) {
  let app: Promise<App> | undefined;
  const pkce = () => (app ??= scene.application('pkce', { flow: 'PKCE', clientSecretRef: null }));
  const requests = ({ merchantID }: Party) => world.square.ledger.tokenRequests({ merchantID });
  return {
    connected: async () => await scene.connected({ app: await pkce(), flow: 'PKCE' }),
    connect: async () => await scene.connect({ app: await pkce(), flow: 'PKCE' }),
    strike: ({ merchantID }: Party, effect: FaultSpec['effect'], times = 1) =>
      world.square.faults.add({ endpoint: 'token', merchantID, effect, times }),
    issued: (party: Party) => requests(party).filter(({ outcome }) => outcome === 'issued'),
    refused: (party: Party) => requests(party).filter(({ outcome }) => outcome === 'refused'),
    signInAgain: async ({ clientID, merchantID, credential }: Party) => {
      const { refreshToken } = world.square.grant({ clientID, merchantID, flow: 'PKCE' });
      await scene.edit('secrets', credential, { stringData: { token: refreshToken.value } });
    },
    /** Resolves once workloads read what Square issued last. */
    newestIsPublished: (party: Party) =>
      world.live.until('the newest token is published', () => {
        const issued = requests(party).filter(({ outcome }) => outcome === 'issued');
        return scene.values(party.name)['access-token'] === issued.at(-1)?.accessToken;
      }),
    escrow: async () => {
      const path = `/api/v1/namespaces/${world.operatorNamespace}/secrets?fieldSelector=type=square-operator.dev/escrow`;
      return (await world.api.ask<{ items: unknown[] }>('GET', path)).items.length;
    },
  };
}

operatorSuite('a refresh token that works once', { gateway: true }, (world, scene) => {
  const { connected, connect, strike, signInAgain, issued, refused, newestIsPublished, escrow } = createSellers(
    world,
    scene,
  );
  const asked = (name: string) =>
    (world.gateway?.requests() ?? [])
      .filter(({ path }) => new RegExp(`/${name}(-sealed)?(/status)?(\\?|$)`).test(path))
      .map(
        ({ method, path }) =>
          `${method} ${path
            .replace(/^.*\/namespaces\/[^/]+\//, '')
            .replace(/\?.*dryRun.*/, ' as a dry run')
            .replace(/\?.*$/, '')}`,
      );

  /** Nothing of Square answers for the seller but what is asked for tokens. */
  function silence({ merchantID }: Party) {
    const effect = { kind: 'drop', when: 'before' } as const;
    const faults = (['status', 'locations'] as const).map((endpoint) =>
      world.square.faults.add({ endpoint, merchantID, effect }),
    );
    return { end: () => faults.forEach((fault) => world.square.faults.remove(fault)) };
  }

  test('is refreshed with four writes and a dry run, and is sealed anew each time', async () => {
    const party = await connected();
    await scene.settle();
    world.gateway?.clear();
    await scene.pass(days(7));
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(asked(party.name)).toEqual([
      `PATCH secrets/${party.name} as a dry run`,
      `PATCH secrets/${party.name}-sealed`,
      `PATCH secrets/${party.name}-sealed`,
      `PATCH secrets/${party.name}`,
      `PATCH squareconnections/${party.name}/status`,
    ]);
    expect(issued(party)).toHaveLength(2);
    await newestIsPublished(party);
  });

  /** Square gives another seller of the application a token, and what that is a sign of has been acted on. */
  async function anotherIsGiven() {
    await scene.pass(minutes(1));
    await connected();
    await scene.pass(minutes(31));
  }

  describe('whose answer is lost', () => {
    test('is presented once more when Square has given a token to another, and all is well when it had not taken it', async () => {
      const party = await connected();
      strike(party, { kind: 'drop', when: 'before' });
      await scene.request(party.name, 'refresh');
      await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'Unknown/RotationInDoubt' });
      const asked = scene.tokenRequests(party);
      await scene.pass(hours(2));
      expect(scene.tokenRequests(party)).toBe(asked);
      await anotherIsGiven();
      await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True' });
      expect(issued(party)).toHaveLength(2);
      await newestIsPublished(party);
    });

    test('is presented once more and no more: the token in use stays published, and the status says what was lost', async () => {
      const party = await connected();
      const before = scene.values(party.name)['access-token'];
      strike(party, { kind: 'drop', when: 'after' });
      await scene.request(party.name, 'refresh');
      await scene.becomes(party.name, { Renewable: 'Unknown/RotationInDoubt' });
      await anotherIsGiven();
      const connection = await scene.becomes(party.name, {
        Ready: 'True/ReauthorizationNeeded',
        Valid: 'True',
        Revoked: 'False',
        Renewable: 'False/RotationOutcomeLost',
      });
      const { message } = connection.status?.conditions?.find(({ type }) => type === 'Renewable') ?? {};
      expect(message).toMatch(/sign in again before \d{4}-/);
      expect(scene.values(party.name)['access-token']).toBe(before);
      await scene.pass(days(3));
      expect(refused(party)).toHaveLength(1);
      await signInAgain(party);
      await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True' });
      await newestIsPublished(party);
    });

    test('is not presented again to a Square that answers nothing', async () => {
      const party = await connected();
      strike(party, { kind: 'drop', when: 'before' });
      const outage = silence(party);
      await scene.request(party.name, 'refresh');
      await scene.becomes(party.name, { Renewable: 'Unknown/RotationInDoubt' });
      const before = scene.tokenRequests(party);
      for (let i = 0; i < 3; i += 1) await scene.pass(minutes(20));
      expect(scene.tokenRequests(party)).toBe(before);
      outage.end();
      for (let i = 0; i < 4; i += 1) await scene.pass(hours(7));
      await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True' });
      expect(issued(party)).toHaveLength(2);
    });

    test('of a credential: it is tried once more, and the seller is asked for when it is used up', async () => {
      const party = await connect();
      strike(party, { kind: 'drop', when: 'after' });
      await world.live.until('the lost answer is told', () => scene.status(party.name).lastFailure !== undefined);
      await anotherIsGiven();
      await scene.becomes(party.name, { Ready: 'False/RotationOutcomeLost' });
      expect([issued(party).length, refused(party).length]).toEqual([1, 1]);
      await signInAgain(party);
      await scene.becomes(party.name, { Ready: 'True/Valid' });
    });
  });

  test('is not asked with again while what issues tokens answers nothing, whatever a gateway says for it', async () => {
    // Alone with its application: a token of another seller, due in the same second, would bear witness that Square issues.
    const app = await scene.application('alone', { flow: 'PKCE', clientSecretRef: null });
    const party = await scene.connected({ app, flow: 'PKCE' });
    const gateway = strike(party, { kind: 'answer', status: 504, shape: 'HTML' }, 4);
    const outage = silence(party);
    const before = scene.tokenRequests(party);
    await scene.pass(days(7));
    for (let i = 0; i < 4; i += 1) await scene.pass(minutes(90));
    expect(scene.tokenRequests(party)).toBe(before + 1);
    await scene.becomes(party.name, { Renewable: 'Unknown/RotationInDoubt' });
    world.square.faults.remove(gateway);
    outage.end();
    for (let i = 0; i < 3; i += 1) await scene.pass(hours(7));
    await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True/RefreshTokenSealed' });
    expect(issued(party)).toHaveLength(2);
    expect(refused(party)).toHaveLength(0);
    await newestIsPublished(party);
  });

  test('is presented once more and no more when a gateway answers for a Square that acted', async () => {
    const party = await connected();
    strike(party, { kind: 'answer', when: 'after', status: 504, shape: 'HTML' });
    await scene.pass(days(7));
    await anotherIsGiven();
    await scene.becomes(party.name, { Ready: 'True/ReauthorizationNeeded', Renewable: 'False/RotationOutcomeLost' });
    expect(refused(party)).toHaveLength(1);
    await signInAgain(party);
    await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True' });
  });

  test('is not spent in an outage that Square tells of, however often it is asked with', async () => {
    const party = await connected();
    const code = 'SERVICE_UNAVAILABLE';
    strike(party, { kind: 'answer', status: 503, shape: 'V2', code, category: 'API_ERROR' }, 4);
    await scene.pass(days(7));
    for (let i = 0; i < 6; i += 1) await scene.pass(minutes(90));
    await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True/RefreshTokenSealed' });
    expect(issued(party)).toHaveLength(2);
    expect(refused(party)).toHaveLength(0);
    await newestIsPublished(party);
  });

  test('whose successor cannot be stored lies in escrow, and no longer when it is stored', async () => {
    const party = await connected();
    const sealed = await refreshUnstored(world, scene, party);
    await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'Unknown/GrantNotStored' });
    while ((await escrow()) === 0) await scene.settle();
    const { text } = (await world.operators.at(-1)?.get('metrics')) ?? { text: '' };
    expect(text).toMatch(/^square_operator_rotation_in_doubt 1$/m);
    await scene.remove('secrets', sealed);
    await scene.event(party.name, 'GrantStored');
    await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True/RefreshTokenSealed' });
    while ((await escrow()) > 0) await scene.settle();
    expect(issued(party)).toHaveLength(2);
    await newestIsPublished(party);
  });

  test('of another seller outlives a namespace without room and the disk of its process', async () => {
    const party = await connected();
    const { clientID } = party;
    const { merchantID } = world.square.addSeller();
    const { refreshToken } = world.square.grant({ clientID, merchantID, flow: 'PKCE' });
    const kept = () =>
      world.live
        .all('secrets', world.namespace)
        .filter(({ metadata: { name } }) => name.startsWith(`${party.name}-incoming-`));
    const presented = () => world.square.ledger.tokenRequests({ presented: refreshToken.value }).length;
    const told = (what: string) => () => scene.status(party.name).lastFailure?.message.includes(what);
    await scene.pass(minutes(1));
    world.gateway?.refuse(({ method, path }) => method === 'POST' && path.includes(`/${world.namespace}/secrets`));
    await scene.edit('secrets', party.credential, { stringData: { token: refreshToken.value } });
    await world.live.until('why is told', told('is written again until it is: '));
    expect([kept().length, await escrow()]).toEqual([0, 1]);
    await world.operators.at(-1)?.stop();
    await world.startOperator();
    await scene.pass(hours(2));
    expect(presented()).toBe(1);
    expect(told('is written again until it is: ')()).toBe(true);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    world.gateway?.refuse();
    await world.live.until('it is kept beside the connection', () => kept().length === 1);
    while ((await escrow()) > 0) await scene.settle();
    await scene.edit('connections', party.name, { spec: { merchantID } });
    await world.live.until('it is taken up', () => scene.status(party.name).merchantID === merchantID);
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    expect(presented()).toBe(1);
  });
});

operatorSuite(
  'a refresh token that works once, and kill -9',
  { child: true, flags: ['--leader-elect=false'] },
  (world, scene) => {
    const { connected, issued, refused, newestIsPublished, escrow } = createSellers(world, scene);
    const killAndStart = async () => {
      await world.operators.at(-1)?.kill();
      await world.startOperator();
    };

    test('while its successor cannot be stored: the next process finds it', async () => {
      const party = await connected();
      const sealed = await refreshUnstored(world, scene, party);
      await killAndStart();
      await scene.becomes(party.name, { Renewable: 'Unknown/GrantNotStored' });
      await scene.remove('secrets', sealed);
      await world.live.until('the new token is published', () => scene.status(party.name).revision === 2);
      await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True/RefreshTokenSealed' });
      await newestIsPublished(party);
      expect([issued(party).length, refused(party).length]).toEqual([2, 0]);
      while ((await escrow()) > 0) await scene.settle();
    });

    test('between the note and the answer: the token is presented once more', async () => {
      const party = await connected();
      world.square.faults.add({
        endpoint: 'token',
        merchantID: party.merchantID,
        effect: { kind: 'hang', when: 'before' },
        times: 1,
      });
      const before = scene.tokenRequests(party);
      await scene.request(party.name, 'refresh');
      await world.live.until('Square is asked', () => scene.tokenRequests(party) > before);
      await killAndStart();
      await world.live.until('it is renewed', () => scene.status(party.name).revision === 2);
      await scene.becomes(party.name, { Ready: 'True/Valid', Renewable: 'True/RefreshTokenSealed' });
      expect(issued(party)).toHaveLength(2);
      await newestIsPublished(party);
    });
  },
);
