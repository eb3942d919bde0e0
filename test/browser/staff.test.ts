import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers } from '../support/accessibility.ts';
import { enter, signIn } from './stage.ts';
import { browserSuite } from './suite.ts';

const looks = ['get', 'list', 'watch'];
const changes = [...looks, 'patch'];

browserSuite('the platform team', {}, (stage, world, scene) => {
  const list = () => stage.address('/connections');
  const pageOf = (name: string) => stage.address(`/connections/${world.namespace}/${name}`);
  const rowOf = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name} in `) });

  /** Somebody who is signed in, with those rights. */
  async function staff(verbs: readonly string[], at = list()) {
    const visitor = await stage.visitor();
    await enter(visitor, at, await stage.token(verbs));
    return visitor.page;
  }

  test('without any right sees nothing, and no hint of anything', async () => {
    const party = await scene.connected();
    const page = await staff([]);
    await page.getByRole('heading', { name: 'No connections' }).waitFor();
    for (const name of [party.name, 'no-such-connection']) {
      expect((await page.goto(pageOf(name)))?.status()).toBe(404);
      await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
    }
    await page.goto(list());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('that may look sees all of it, and can change nothing', async () => {
    const party = await scene.connected();
    const page = await staff(looks);
    await page.getByRole('link', { name: party.name }).click();
    await page.getByText('You may look, but not change anything').waitFor();
    await page.getByText(party.merchantID).first().waitFor();
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    expect((await page.goto(`${pageOf(party.name)}/disconnect`))?.status()).toBe(403);
  });

  test('that may change refreshes, suspends, resumes and disconnects', async () => {
    const party = await scene.connected();
    const page = await staff(changes);
    await page.getByRole('link', { name: party.name }).click();
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await world.live.until('it is refreshed', () => scene.status(party.name).revision === 2);
    await page.getByRole('button', { name: 'Suspend' }).click();
    await scene.becomes(party.name, { Ready: 'False/Suspended' });
    await page.getByRole('button', { name: 'Resume' }).click();
    await scene.becomes(party.name, { Ready: 'True/Valid' });
    await page.getByRole('link', { name: 'Disconnect …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
    expect(scene.revocations(party)).toHaveLength(1);
  });

  test('does all of that without scripts, too', async () => {
    const party = await scene.connected();
    const { page } = await stage.visitor({ javaScriptEnabled: false });
    await enter({ page }, list(), await stage.token(changes));
    await page.getByLabel('Search').fill(party.name);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name: `${party.name} in` }).click();
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await world.live.until('it is refreshed', () => scene.status(party.name).revision === 2);
    await page.getByRole('link', { name: 'Disconnect …' }).click();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await scene.becomes(party.name, { Ready: 'False/Disconnected' });
  });

  test('makes a link that a seller signs in with, and sees it work without loading the page again', async () => {
    const app = await stage.application();
    const name = await stage.awaiting(app);
    const who = stage.seller();
    const page = await staff(changes, pageOf(name));
    await page.goto(pageOf(name));
    await page.getByRole('button', { name: 'Make a link for the seller' }).click();
    const link = await page.getByLabel('Link for the seller').inputValue();
    await signIn(await stage.visitor(), link, who);
    await page.getByRole('heading', { name: who.businessName }).waitFor();
    expect(scene.status(name).merchantID).toBe(who.merchantID);
  });

  test('finds a connection among others, and sees the list change as they look', async () => {
    const [party, other] = await Promise.all([scene.connected(), scene.connected()]);
    const page = await staff(looks);
    await page.getByLabel('Search').fill(party.merchantID);
    await page.getByLabel('Search').press('Enter');
    await rowOf(page, party.name).waitFor();
    expect(await rowOf(page, other.name).count()).toBe(0);
    await page.getByText('Live: changes show by themselves').waitFor();
    await scene.edit('connections', party.name, { spec: { suspend: true } });
    await rowOf(page, party.name).filter({ hasText: 'Suspended' }).waitFor();
    await page.getByRole('link', { name: 'Connection', exact: true }).click();
    await page.getByRole('columnheader', { name: 'Connection' }).and(page.locator('[aria-sort=ascending]')).waitFor();
  });

  test('sees in the list what happened before the browser began to listen', async () => {
    const party = await scene.connected();
    const page = await staff(looks);
    await page.route(
      '**/connections/events*',
      async (route) => {
        await scene.edit('connections', party.name, { spec: { suspend: true } });
        await scene.becomes(party.name, { Ready: 'False/Suspended' });
        await route.continue();
      },
      { times: 1 },
    );
    await page.goto(`${list()}?q=${party.name}`);
    await rowOf(page, party.name).filter({ hasText: 'Suspended' }).waitFor();
  });

  test('that is signed out meanwhile is shown the way in, and nothing old', async () => {
    const party = await scene.connected();
    const page = await staff(looks);
    await page.route(
      '**/connections/events*',
      async (route) => {
        await page.context().clearCookies();
        await route.fulfill({ status: 401 });
      },
      { times: 1 },
    );
    await page.goto(`${list()}?q=${party.name}`);
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
  });

  test.each(['https://kubernetes.default.svc', 'another'])(
    'is not let in with a token for the audience %s',
    async (audience) => {
      const { page, context } = await stage.visitor();
      await enter({ page }, list(), await stage.token(changes, audience));
      await page.getByRole('alert').waitFor();
      expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('square-staff');
    },
  );

  test('finds every page open to all, in light and dark, on a phone and on a wide screen', async () => {
    const healthy = await scene.connected();
    const ended = await scene.connected();
    world.square.disconnect(ended);
    await scene.request(ended.name, 'refresh');
    await scene.becomes(ended.name, { Ready: 'False/Revoked' });
    const found: string[] = [];
    const look = async (page: Page, what: string) => {
      for (const barrier of await barriers(page)) found.push(`${what}: ${barrier}`);
    };
    const stranger = await stage.visitor();
    await enter(stranger, list(), 'no token at all');
    await stranger.page.getByRole('alert').waitFor();
    await look(stranger.page, 'a refused token');
    await look(await staff([]), 'an empty list');
    const page = await staff(changes);
    await rowOf(page, healthy.name).waitFor();
    await look(page, 'the list');
    await page.goto(`${list()}?q=nothing-like-it`);
    await look(page, 'nothing found');
    for (const { name } of [healthy, ended]) {
      await page.goto(pageOf(name));
      await look(page, `the page of ${scene.connection(name).status?.conditions?.[0]?.reason}`);
    }
    await page.getByRole('link', { name: 'Disconnect …' }).click();
    await page.getByRole('dialog').waitFor();
    await look(page, 'the question');
    await page.goto(`${pageOf(healthy.name)}/disconnect`);
    await look(page, 'the question as a page');
    expect(found).toEqual([]);
  });
});
