import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { minutes } from '../../../src/clock.ts';
import { createInvitations } from '../../support/invitations.ts';
import { textsOf } from '../../support/objects.ts';
import type { App, Scene } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';
import { openPerson, type Person } from '../../support/web-person.ts';
import type { World } from '../../support/world.ts';

/** What sellers do, and what becomes of it. */
function createSellers(world: World, scene: Scene) {
  const invitations = createInvitations(world, scene);
  const origin = () => world.frontDoor?.url ?? '';
  const seller = () => invitations.seller().merchantID;

  /** Opens the page by the link; whoever has none is shown nothing. */
  async function arrive(url: string): Promise<Person> {
    const person = openPerson(origin());
    const { location = '' } = await person.get(url.slice(origin().length));
    expect(location).not.toContain('link=');
    await person.get(location);
    return person;
  }
  /** On to Square and to the callback's address, which is not followed yet. */
  async function allow(person: Person, merchantID: string): Promise<string> {
    const { status, location = '' } = await person.submit('/authorize');
    expect(status).toBe(303);
    return world.square.signIn({ authorizeURL: location, merchantID }).callbackURL;
  }
  async function signIn(name: string, merchantID: string): Promise<{ person: Person; callback: string }> {
    const person = await arrive(await invitations.link(name));
    const callback = await allow(person, merchantID);
    await person.get(callback);
    return { person, callback };
  }
  /** The seller ends it at Square, and the operator learns of it. Requests are later than the token, in whole seconds. */
  async function revoked({ clientID }: App, name: string, merchantID: string): Promise<void> {
    world.square.disconnect({ clientID, merchantID });
    await pause(1_100);
    await scene.request(name, 'refresh');
    await scene.becomes(name, { Ready: 'False/Revoked' });
  }
  const arrivals = (name: string) =>
    world.live.all('secrets', world.namespace).filter(({ metadata }) => metadata.name.startsWith(`${name}-incoming-`));
  const exchanges = (app: App) =>
    world.square.requests.entries({ endpoint: 'token' }).filter(({ body }) => body?.['client_id'] === app.clientID);
  return { ...invitations, seller, arrive, allow, signIn, revoked, arrivals, exchanges };
}

const withPages = { gateway: true, web: 'http' } as const;

operatorSuite('a seller who signs in', withPages, (world, scene) => {
  const sellers = createSellers(world, scene);

  test.each(['Code', 'PKCE'] as const)('by a link has a token for the workload soon after (%s)', async (flow) => {
    const app = await sellers.application({ flow });
    const name = await sellers.awaiting(app);
    const waiting = scene.connection(name);
    expect(waiting.status?.authorizeURL).toBe(`${world.frontDoor?.url}/connect/${world.namespace}/${name}`);
    expect(waiting.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      `kubectl square connect ${name} -n ${world.namespace}`,
    );
    const merchantID = sellers.seller();
    await sellers.signIn(name, merchantID);
    await scene.becomes(name, { Ready: 'True/Valid', Revoked: 'False' });
    expect(scene.status(name)).toMatchObject({ merchantID, revision: 1 });
    expect(scene.values(name)).toMatchObject({ 'merchant-id': merchantID });
    expect(sellers.exchanges(app)).toHaveLength(1);
    // What is of no use any more goes: the Secret of the sign-in, and with it the link.
    await world.live.until(
      'both are gone',
      () => sellers.arrivals(name).length === 0 && sellers.linkOf(name) === undefined,
    );
    const value = await scene.request(name, 'refresh');
    await world.live.until('it is refreshed', () => scene.status(name).lastHandledRefreshRequest === value);
    await scene.becomes(name, { Ready: 'True/Valid' });
    expect(scene.status(name).revision).toBe(2);
  });

  test('comes back by reload, by the back button and by a double click, and nothing is done twice', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app);
    const person = await sellers.arrive(await sellers.link(name));
    const callback = await sellers.allow(person, sellers.seller());
    const cookies = person.cookie();
    await Promise.all([person.get(callback), person.get(callback)]);
    await scene.becomes(name, { Ready: 'True/Valid' });
    expect(cookies).not.toBe('');
    await person.get(callback);
    await scene.settle();
    expect(sellers.exchanges(app)).toHaveLength(1);
    expect(scene.status(name).revision).toBe(1);
  });

  test('again takes the place of what was held, and an event says so', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app);
    const merchantID = sellers.seller();
    await sellers.signIn(name, merchantID);
    await scene.becomes(name, { Ready: 'True/Valid' });
    const before = scene.values(name)['access-token'];
    await sellers.revoked(app, name, merchantID);
    await sellers.signIn(name, merchantID);
    await world.live.until('the new token is published', () => scene.values(name)['access-token'] !== before);
    await scene.becomes(name, { Ready: 'True/Valid', Revoked: 'False' });
    expect(await scene.event(name, 'SignedIn')).toMatchObject({ type: 'Normal' });
    expect(scene.status(name).revision).toBe(2);
  });

  test('as another one than the pinned is turned away, and what is held stays', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app);
    const merchantID = sellers.seller();
    await sellers.signIn(name, merchantID);
    await scene.becomes(name, { Ready: 'True/Valid' });
    await sellers.revoked(app, name, merchantID);
    const before = scene.values(name);
    await sellers.signIn(name, sellers.seller());
    await scene.settle();
    expect(scene.values(name)).toEqual(before);
    expect(scene.status(name)).toMatchObject({ merchantID, revision: 1 });
    expect(sellers.arrivals(name).map((secret) => textsOf(secret))).toEqual([{}]);
  });

  test('beside another one by the same link: the first has it, and the other is told', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app);
    const url = await sellers.link(name);
    const [one, other] = [await sellers.arrive(url), await sellers.arrive(url)];
    const [first, second] = [sellers.seller(), sellers.seller()];
    const [a, b] = [await sellers.allow(one, first), await sellers.allow(other, second)];
    await one.get(a);
    await other.get(b);
    await scene.becomes(name, { Ready: 'True/Valid' });
    await scene.settle();
    expect(scene.status(name)).toMatchObject({ merchantID: first, revision: 1 });
    expect(world.square.ledger.liveRefreshTokens({ clientID: app.clientID, merchantID: first })).not.toEqual([]);
  });

  test('while the connection is suspended since waits until it is resumed', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app);
    const person = await sellers.arrive(await sellers.link(name));
    const callback = await sellers.allow(person, sellers.seller());
    await scene.edit('connections', name, { spec: { suspend: true } });
    await scene.becomes(name, { Ready: 'False/Suspended' });
    await person.get(callback);
    await world.live.until('it waits', () => sellers.arrivals(name).length === 1);
    await scene.settle();
    expect(scene.secret(`${name}-sealed`)).toBeUndefined();
    await scene.edit('connections', name, { spec: { suspend: null } });
    await scene.becomes(name, { Ready: 'True/Valid' });
  });

  test('and was not taken up when the connection is deleted under Revoke has it ended at Square', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app, { deletionPolicy: 'Revoke' });
    const person = await sellers.arrive(await sellers.link(name));
    const merchantID = sellers.seller();
    const callback = await sellers.allow(person, merchantID);
    await scene.edit('connections', name, { spec: { suspend: true } });
    await scene.becomes(name, { Ready: 'False/Suspended' });
    await person.get(callback);
    const live = () => world.square.ledger.liveRefreshTokens({ clientID: app.clientID, merchantID });
    expect(live()).toHaveLength(1);
    await scene.remove('connections', name);
    await world.live.until(
      'the connection is gone',
      () => world.live.get('connections', world.namespace, name) === undefined,
    );
    expect(live()).toEqual([]);
    expect(scene.secret(`${name}-sealed`)).toBeUndefined();
  });

  test('after a disconnect connects again, as whichever seller', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app);
    const merchantID = sellers.seller();
    await sellers.signIn(name, merchantID);
    await scene.becomes(name, { Ready: 'True/Valid' });
    await pause(1_100);
    await scene.request(name, 'disconnect');
    await scene.becomes(name, { Ready: 'False/Disconnected' });
    world.square.clock.advance(minutes(1));
    await sellers.signIn(name, sellers.seller());
    await scene.becomes(name, { Ready: 'True/Valid' });
  });

  describe('while the API server takes no sealed grant', () => {
    test('has it stored as soon as it does', async () => {
      const app = await sellers.application();
      const name = await sellers.awaiting(app);
      const person = await sellers.arrive(await sellers.link(name));
      const callback = await sellers.allow(person, sellers.seller());
      world.gateway?.refuse(({ method, path }) => method === 'PATCH' && path.includes(`${name}-incoming-`));
      const answer = person.get(callback);
      await world.live.until('it is claimed', () => sellers.arrivals(name).length === 1);
      await pause(500);
      world.gateway?.refuse();
      await answer;
      await scene.becomes(name, { Ready: 'True/Valid' });
      expect(sellers.exchanges(app)).toHaveLength(1);
    });
  });

  test('an old request for a link is answered by saying so, and a link that ended is none', async () => {
    const app = await sellers.application();
    const name = await sellers.awaiting(app);
    const url = await sellers.link(name);
    await pause(1_100);
    await sellers.link(name);
    const person = openPerson(world.frontDoor?.url ?? '');
    const { location = '' } = await person.get(new URL(url).pathname + new URL(url).search);
    expect((await person.get(location)).status).toBe(401);
    await scene.request(name, 'connect', new Date(Date.now() - minutes(20)).toISOString());
    expect(await scene.event(name, 'RequestStale')).toMatchObject({ type: 'Warning' });
  });
});

// A replica that comes after a killed one would have to wait for the lease to run out.
const killed = { child: true, gateway: true, web: 'http', flags: ['--leader-elect=false'] } as const;

operatorSuite('a replica that is killed', killed, (world, scene) => {
  const sellers = createSellers(world, scene);

  test.each(['Code', 'PKCE'] as const)(
    'between the exchange and its being stored loses no sign-in (%s)',
    { timeout: 60_000 },
    async (flow) => {
      const app = await sellers.application({ flow });
      const name = await sellers.awaiting(app);
      const merchantID = sellers.seller();
      const person = await sellers.arrive(await sellers.link(name));
      const callback = await sellers.allow(person, merchantID);
      const incoming = `${name}-incoming-`;
      world.gateway?.refuse(({ method, path }) => method === 'PATCH' && path.includes(incoming));
      const answer = person.get(callback).catch(() => undefined);
      const patches = () =>
        world.gateway?.requests().filter(({ method, path }) => method === 'PATCH' && path.includes(incoming));
      while (patches()?.length === 0) await pause(20);
      await world.operators.at(-1)?.kill();
      await answer;
      world.gateway?.refuse();
      await world.startOperator();
      await scene.becomes(name, { Ready: 'True/Valid' });
      expect(scene.status(name).merchantID).toBe(merchantID);
      expect(sellers.exchanges(app)).toHaveLength(1);
      const value = await scene.request(name, 'refresh');
      await world.live.until('it is refreshed', () => scene.status(name).lastHandledRefreshRequest === value);
      await scene.becomes(name, { Ready: 'True/Valid' });
    },
  );
});
