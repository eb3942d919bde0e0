import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { createInvitations } from '../../support/invitations.ts';
import { aConnection } from '../../support/objects.ts';
import { ready } from '../../support/operator.ts';
import { type Right, staffToken } from '../../support/staff-token.ts';
import { operatorSuite } from '../../support/suite.ts';
import { openPerson, type Person } from '../../support/web-person.ts';

const options = {
  web: 'http',
  namespaces: { north: {} },
} as const;

operatorSuite('the web pages', options, (world, scene) => {
  const invitations = createInvitations(world, scene);
  const url = () => world.frontDoor?.url ?? '';
  const north = () => world.others['north'] ?? '';
  const staff = async (name: string, rights: readonly Right[]) => {
    const person = openPerson(url());
    const token = await staffToken(world, name, rights);
    await person.get('/connections');
    expect((await person.submit('/sign-in', { token })).status).toBe(303);
    return { person, token };
  };

  const looking = ['get', 'list'];

  describe('staff', () => {
    test('of no rights sees nothing; of one namespace that one; of all rights everything', async () => {
      const party = await scene.connected({ name: 'visible' });
      await scene.create('connections', aConnection(north(), 'elsewhere', { applicationRef: { name: 'app' } }));
      await scene.becomes('elsewhere', { Ready: 'False/ApplicationNotFound' }, north());

      const { person: nobody } = await staff('nobody', []);
      expect((await nobody.get('/connections')).text).not.toMatch(/visible|elsewhere/);
      expect((await nobody.get(`/connections/${world.namespace}/visible`)).status).toBe(404);

      const { person: viewer } = await staff('viewer', [{ verbs: looking, namespace: world.namespace }]);
      const { text } = await viewer.get('/connections');
      expect(text).toContain('visible');
      expect(text).not.toContain('elsewhere');
      expect((await viewer.get(`/connections/${north()}/elsewhere`)).status).toBe(404);
      const own = await viewer.get(`/connections/${world.namespace}/visible`);
      expect(own.text).toContain(party.merchantID);
      expect(own.text).toContain('You may look');
      expect((await viewer.post(`/connections/${world.namespace}/visible/refresh`)).status).toBe(403);
      expect(scene.tokenRequests(party)).toBe(1);

      const { person: editor } = await staff('editor', [{ verbs: [...looking, 'patch'] }]);
      const all = await editor.get('/connections');
      expect(all.text).toContain('visible');
      expect(all.text).toContain('elsewhere');
    });

    test('asks for a refresh, suspends and resumes; an event says who', async () => {
      const party = await scene.connected({ name: 'managed' });
      const { person } = await staff('manager', [{ verbs: [...looking, 'patch'], namespace: world.namespace }]);
      const page = `/connections/${world.namespace}/managed`;
      await person.get(page);
      expect(await person.submit('/refresh')).toMatchObject({ status: 303, location: page });
      await world.live.until('it is refreshed', () => scene.status('managed').revision === 2);
      const { note } = await scene.event('managed', 'RefreshRequested');
      expect(note).toContain(`system:serviceaccount:${world.operatorNamespace}:manager`);

      await person.get(page);
      await person.submit('/suspend');
      await scene.becomes('managed', { Ready: 'False/Suspended' });
      await person.get(page);
      await person.submit('/resume');
      await scene.becomes('managed', { Ready: 'True/Valid' });

      await person.get(`${page}/disconnect`);
      await person.submit('/disconnect');
      await scene.becomes('managed', { Ready: 'False/Disconnected' });
      expect(scene.revocations(party)).toHaveLength(1);
    });

    test('is let in by a token for these pages alone, and out when the account is gone', async () => {
      const person = openPerson(url());
      const forApi = await staffToken(
        world,
        'api-user',
        [{ verbs: looking }],
        ['https://kubernetes.default.svc.cluster.local'],
      );
      for (const token of [forApi, forApi.slice(0, -4), 'no token']) {
        await person.get('/connections');
        expect((await person.submit('/sign-in', { token })).status).toBe(401);
      }
      const both = await staffToken(
        world,
        'both',
        [{ verbs: looking }],
        ['square-operator', 'https://other.example.com'],
      );
      await person.get('/connections');
      expect((await person.submit('/sign-in', { token: both })).text).toContain('for something else');

      const { person: leaver, token } = await staff('leaver', [{ verbs: looking }]);
      expect((await leaver.get('/connections')).status).toBe(200);
      const path = `/api/v1/namespaces/${world.operatorNamespace}/serviceaccounts/leaver`;
      await world.api.ask('DELETE', path);
      // The API server itself remembers for ten seconds whom it has let in.
      const spec = { token, audiences: ['square-operator'] };
      const reviews = '/apis/authentication.k8s.io/v1/tokenreviews';
      const known = () => world.api.ask<{ status: { authenticated?: boolean } }>('POST', reviews, { body: { spec } });
      while ((await known()).status.authenticated === true) await pause(200);
      // Another replica has not asked about them yet.
      await ready(await world.startOperator());
      expect((await leaver.get('/connections')).text).toContain('You are signed out');
    });

    test('is told at once when something changes', async () => {
      await scene.connected({ name: 'watched' });
      const { person } = await staff('watcher', [{ verbs: looking, namespace: world.namespace }]);
      const path = `/connections/${world.namespace}/watched/events`;
      const answer = await request(`${url()}${path}`, { headers: { cookie: person.cookie() } });
      expect(answer.headers['content-type']).toBe('text/event-stream');
      const told = (async () => {
        let text = '';
        for await (const chunk of answer.body) if ((text += String(chunk)).includes('event: changed')) return text;
        return text;
      })();
      await scene.edit('connections', 'watched', { spec: { suspend: true } });
      expect(await told).toContain('event: changed');
      expect((await openPerson(url()).get(path)).status).toBe(401);
    });
  });

  describe('a seller', () => {
    async function waiting(spec: object = {}) {
      const name = await invitations.awaiting(await invitations.application(), spec);
      return { ...invitations.seller(), name, page: `/connect/${world.namespace}/${name}` };
    }

    /** As the platform team gets it: on the page of the connection, which shows it once its watch has told of it. */
    async function linkFor(name: string): Promise<string> {
      const { person } = await staff(`links-${name}`, [{ verbs: [...looking, 'patch'], namespace: world.namespace }]);
      const page = `/connections/${world.namespace}/${name}`;
      await person.get(page);
      await person.submit('/connect');
      return await eventually('the page shows the link', async () => {
        const { text } = await person.get(page);
        return /value="(http[^"]+link[^"]+)"/.exec(text)?.[1]?.replaceAll('&#61;', '=');
      });
    }
    async function seller(link: string) {
      const person = openPerson(url());
      expect((await person.get(link)).status).toBe(303);
      return person;
    }
    /** Allows it at Square; gives the address of the callback. */
    async function allow(person: Person, page: string, merchantID: string): Promise<string> {
      await person.get(page);
      const { location: authorizeURL = '' } = await person.submit('/authorize');
      return world.square.signIn({ authorizeURL, merchantID }).callbackURL;
    }

    test('opens the link, signs in, and a moment later the workload has its token', async () => {
      const { page, merchantID, businessName, name } = await waiting();
      const link = await linkFor(name);
      const person = await seller(link);
      const before = await person.get(page);
      expect(before.text).toContain('Sign in with Square');
      expect(before.text).toContain('See your payments and refunds');
      const callback = await allow(person, page, merchantID);
      expect(await person.get(callback)).toMatchObject({ status: 303, location: page });
      expect((await person.get(page)).text).toMatch(/Your connection is being set up|Your Square account is connected/);
      await scene.becomes(name, { Ready: 'True/Valid' });
      const after = await person.get(page);
      expect(after.text).toContain('Your Square account is connected');
      expect(after.text).toContain(businessName);

      const asked = scene.tokenRequests({ merchantID });
      expect(await person.get(callback)).toMatchObject({ status: 303 });
      expect((await person.get(page)).text).toContain('completed before');
      const thief = openPerson(url());
      expect(await thief.get(callback)).toMatchObject({ location: '/oauth/result' });
      expect((await thief.get('/oauth/result')).text).toContain('not begun here');
      expect(scene.tokenRequests({ merchantID })).toBe(asked);
      await world.live.until('the link is over', () => scene.secret(`${name}-connect-link`) === undefined);
      const late = await seller(link);
      expect((await late.get(page)).status).toBe(401);

      await person.get(`${page}/disconnect`);
      await person.submit('/disconnect');
      await scene.becomes(name, { Ready: 'False/Disconnected' });
      expect((await scene.event(name, 'DisconnectRequested')).note).toContain('by the seller');
      expect((await person.get(page)).text).toContain('Your Square account is disconnected');
    });

    test('who says no, and another one than the pinned seller, are told so, and nothing is harmed', async () => {
      const pinned = world.square.addSeller({ businessName: 'The pinned one' }).merchantID;
      const { page, merchantID, name } = await waiting({ merchantID: pinned });
      const person = await seller(await linkFor(name));
      await person.get(page);
      const { location = '' } = await person.submit('/authorize');
      const state = new URL(location).searchParams.get('state') ?? '';
      await person.get(`/oauth/callback?error=access_denied&state=${state}`);
      expect((await person.get(page)).text).toContain('The access was not allowed');
      await person.get(await allow(person, page, merchantID));
      expect((await person.get(page)).text).toContain('That is another Square account');
      await scene.becomes(name, { Ready: 'False/AwaitingAuthorization' });
      await person.get(await allow(person, page, pinned));
      await scene.becomes(name, { Ready: 'True/Valid' });
    });
  });

  test('no page that anybody was shown holds a token, and no log line a query', () => {
    const pages = (world.frontDoor?.exchanges ?? []).map(({ body }) => body);
    expect(pages.length).toBeGreaterThan(20);
    const secrets = [...world.square.secrets()];
    for (const page of pages) for (const secret of secrets) expect(page).not.toContain(secret);
    for (const { log } of world.operators) expect(log.join('')).not.toMatch(/[?&](?:link|code|state|q)=/);
  });
});
