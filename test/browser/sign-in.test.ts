import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { minutes } from '../../src/clock.ts';
import type { Seller } from '../support/invitations.ts';
import { decideAtSquare, goToSquare, signIn } from './stage.ts';
import { browserSuite } from './suite.ts';

browserSuite('a seller who signs in', {}, (stage, world, scene) => {
  const tokenRequests = (who: Seller) => scene.tokenRequests(who);
  const says = (page: Page, title: string | RegExp) => page.getByRole('heading', { name: title }).waitFor();
  const callbacks = () => world.frontDoor?.exchanges.filter(({ url }) => url.startsWith('/oauth/callback?')) ?? [];
  const connected = 'Your Square account is connected';

  /** A seller with a link to a connection that waits for them. */
  async function invited() {
    const app = await stage.application();
    const name = await stage.awaiting(app);
    return {
      name,
      clientID: app.clientID,
      who: stage.seller(),
      link: await stage.link(name),
      visitor: await stage.visitor(),
    };
  }
  /** The same, signed in and with the workload's token there. */
  async function established() {
    const all = await invited();
    await signIn(all.visitor, all.link, all.who);
    await scene.becomes(all.name, { Ready: 'True/Valid' });
    return all;
  }
  /** The same, and by now Square has ended what was allowed. */
  async function endedAtSquare() {
    const all = await established();
    world.square.disconnect({ clientID: all.clientID, merchantID: all.who.merchantID });
    await scene.request(all.name, 'refresh');
    await scene.becomes(all.name, { Ready: 'False/Revoked' });
    return { ...all, link: await stage.link(all.name) };
  }
  /** What must not change when a sign-in goes wrong. */
  const held = (name: string) => ({ values: scene.values(name), revision: scene.status(name).revision });

  test('comes from the link to a page that says that it works, and the workload has its token', async () => {
    const { name, who, link, visitor } = await invited();
    await signIn(visitor, link, who);
    await says(visitor.page, connected);
    expect(visitor.page.url()).toBe(stage.page(name));
    await scene.becomes(name, { Ready: 'True/Valid' });
    expect(scene.values(name)['merchant-id']).toBe(who.merchantID);
    await visitor.page.getByText(who.businessName).waitFor();
    expect(tokenRequests(who)).toBe(1);
    await world.live.until('the link is gone', () => scene.secret(`${name}-connect-link`) === undefined);
    const other = await stage.visitor();
    expect((await other.page.goto(link))?.status()).toBe(401);
    await says(other.page, 'This page opens with a personal link');
    expect(other.page.url()).toBe(stage.page(name));
  });

  test('and says no is told so, and may come back and allow it', async () => {
    const { name, who, link, visitor } = await invited();
    await signIn(visitor, link, who, 'Deny');
    await says(visitor.page, 'The access was not allowed');
    expect(visitor.page.url()).toBe(stage.page(name));
    expect(tokenRequests(who)).toBe(0);
    await visitor.page.getByRole('button', { name: 'Sign in with Square' }).click();
    await decideAtSquare(visitor.page, who);
    await says(visitor.page, connected);
  });

  test('and opens the callback again, goes back, and loads pages again, has signed in once', async () => {
    const { name, who, visitor } = await established();
    const before = held(name);
    const callback = stage.address(callbacks().at(-1)?.url ?? '');
    await visitor.page.goto(callback);
    expect(visitor.page.url()).not.toContain('code=');
    await visitor.page.goBack();
    await visitor.page.reload();
    await visitor.page.goto(stage.page(name));
    await says(visitor.page, connected);
    const thief = await stage.visitor();
    await thief.page.goto(callback);
    await says(thief.page, 'This sign-in was not begun here');
    expect(thief.page.url()).toBe(stage.address('/oauth/result'));
    expect([tokenRequests(who), held(name)]).toEqual([1, before]);
  });

  test('and clicks twice is at Square once', async () => {
    const { who, link, visitor } = await invited();
    await visitor.page.goto(link);
    await visitor.page.getByRole('button', { name: 'Sign in with Square' }).dblclick();
    await decideAtSquare(visitor.page, who);
    await says(visitor.page, connected);
    expect(tokenRequests(who)).toBe(1);
  });

  test('with a code that comes too late is asked to do it once more, and what was held is as it was', async () => {
    const { name, who, visitor, link } = await endedAtSquare();
    const before = held(name);
    await goToSquare(visitor, link);
    await visitor.page.getByLabel('Seller account').selectOption(who.merchantID);
    await visitor.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    // The way back leads nowhere for a while.
    world.frontDoor?.lead(0);
    await visitor.page.getByRole('button', { name: 'Allow' }).click();
    await visitor.page.getByText('Bad gateway').waitFor();
    world.frontDoor?.lead(world.operators[0]?.webPort ?? 0);
    world.square.clock.advance(minutes(6));
    await visitor.page.reload();
    await says(visitor.page, 'Square did not accept the sign-in');
    expect(held(name)).toEqual(before);
  });

  test('while Square is down is told to come back, and can', async () => {
    const { who, link, visitor } = await invited();
    const fault = world.square.faults.add({
      endpoint: 'token',
      effect: { kind: 'answer', status: 503, shape: 'HTML' },
    });
    await signIn(visitor, link, who);
    await says(visitor.page, 'Square did not answer');
    world.square.faults.remove(fault);
    await visitor.page.getByRole('button', { name: 'Sign in with Square' }).click();
    await decideAtSquare(visitor.page, who);
    await says(visitor.page, connected);
  });

  test('with another account than the one before is refused, and what was held is as it was', async () => {
    const { name, who, visitor, link } = await endedAtSquare();
    const before = held(name);
    await signIn(visitor, link, stage.seller());
    await says(visitor.page, 'That is another Square account');
    await scene.settle();
    expect(held(name)).toEqual(before);
    await signIn(visitor, link, who);
    await scene.becomes(name, { Ready: 'True/Valid' });
    expect(held(name)).toMatchObject({ revision: 2, values: { 'merchant-id': who.merchantID } });
  });

  test('beside another one with the same link: one of them has the connection, whole', async () => {
    const { name, link, who: first, visitor: one } = await invited();
    const second = stage.seller();
    const two = await stage.visitor();
    await goToSquare(one, link);
    await goToSquare(two, link);
    await Promise.all([decideAtSquare(one.page, first), decideAtSquare(two.page, second)]);
    await scene.becomes(name, { Ready: 'True/Valid' });
    await scene.settle();
    const { merchantID } = scene.status(name);
    expect([first.merchantID, second.merchantID]).toContain(merchantID);
    expect(held(name)).toMatchObject({ revision: 1, values: { 'merchant-id': merchantID } });
    const [winner, loser] = merchantID === first.merchantID ? [one, two] : [two, one];
    for (const { page } of [winner, loser]) await page.goto(stage.page(name));
    await says(winner.page, connected);
    // Refused at the callback, or stored as well and not taken up.
    await says(loser.page, /^(That is another Square account|Another Square account is connected here)$/);
  });
});
