import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { hours } from '../../src/clock.ts';
import { barriers } from '../support/accessibility.ts';
import { ready } from '../support/operator.ts';
import { refused } from '../support/square-answers.ts';
import { decideAtSquare, goToSquare, signIn } from './stage.ts';
import { browserSuite } from './suite.ts';

browserSuite('whoever the seller is, and however they browse', {}, (stage, world, scene) => {
  const says = (page: Page, title: string) => page.getByRole('heading', { name: title }).waitFor();
  const connected = 'Your Square account is connected';
  const disconnected = 'Your Square account is disconnected';

  test('an application with PKCE gets a token without its secret, and renews it', async () => {
    const app = await stage.application({ flow: 'PKCE' });
    const name = await stage.awaiting(app);
    const who = stage.seller();
    const visitor = await stage.visitor();
    await signIn(visitor, await stage.link(name), who);
    await says(visitor.page, connected);
    const [exchange] = world.square.requests.entries({ endpoint: 'token', clientID: app.clientID });
    expect(Object.keys(exchange?.body ?? {})).toContain('code_verifier');
    expect(Object.keys(exchange?.body ?? {})).not.toContain('client_secret');
    expect(scene.status(name).refreshTokenExpiresAt).toBeDefined();
    await scene.request(name, 'refresh');
    await world.live.until('it is renewed', () => scene.status(name).revision === 2);
    expect(world.square.ledger.spentAgain()).toEqual([]);
  });

  test('in the sandbox Square sends the browser on to another of its pages first', async () => {
    const name = await stage.awaiting(await stage.application({ environment: 'Sandbox' }));
    const visitor = await stage.visitor();
    await signIn(visitor, await stage.link(name), stage.seller('Sandbox'));
    await says(visitor.page, connected);
    await visitor.page.getByText('Test account').waitFor();
    expect(scene.values(name)['environment']).toBe('Sandbox');
  });

  test('without scripts a seller signs in, sees it work, and disconnects', async () => {
    const name = await stage.awaiting(await stage.application());
    const who = stage.seller();
    const { page } = await stage.visitor({ javaScriptEnabled: false });
    await page.goto(await stage.link(name));
    await page.getByRole('button', { name: 'Sign in with Square' }).click();
    await decideAtSquare(page, who);
    await says(page, connected);
    await page.getByRole('link', { name: 'Disconnect …' }).click();
    await page.getByRole('link', { name: 'Keep it' }).click();
    await says(page, connected);
    await page.getByRole('link', { name: 'Disconnect …' }).click();
    await page.getByRole('button', { name: 'Yes, disconnect' }).click();
    await says(page, disconnected);
    await scene.becomes(name, { Ready: 'False/Disconnected' });
  });

  test('by the keyboard alone a seller signs in, and disconnects after a question', async () => {
    const name = await stage.awaiting(await stage.application());
    const who = stage.seller();
    const { page } = await stage.visitor();
    const focused = () => page.evaluate('document.activeElement.textContent.trim()');
    async function tabTo(words: string): Promise<void> {
      for (let tabs = 0; (await focused()) !== words; tabs += 1) {
        if (tabs === 40) throw new Error(`"${words}" cannot be reached`);
        await page.keyboard.press('Tab');
      }
    }
    await page.goto(await stage.link(name));
    await tabTo('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo('Sign in with Square');
    await page.keyboard.press('Enter');
    await decideAtSquare(page, who);
    await says(page, connected);
    await tabTo('Disconnect …');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Disconnect your Square account?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await focused()).toBe('Disconnect …');
    await page.keyboard.press('Enter');
    await tabTo('Yes, disconnect');
    await page.keyboard.press('Enter');
    await says(page, disconnected);
    expect(scene.revocations(who)).toHaveLength(1);
  });

  test('comes back to a replica that did not send them, and does not lead', async () => {
    const name = await stage.awaiting(await stage.application());
    const who = stage.seller();
    const visitor = await stage.visitor();
    const link = await stage.link(name);
    const [leader] = world.operators;
    await goToSquare(visitor, link);
    const standby = await world.startOperator();
    expect([leader?.isLeader(), standby.isLeader()]).toEqual([true, false]);
    await ready(standby);
    await decideAtSquare(visitor.page, who);
    await says(visitor.page, connected);
    expect(standby.log.join('')).toContain('a seller has signed in');
    expect(scene.tokenRequests(who)).toBe(1);
  });

  test('every page of theirs is open to all, in light and dark, on a phone and on a wide screen', async () => {
    const name = await stage.awaiting(
      await stage.application({ scopes: ['MERCHANT_PROFILE_READ', 'ORDERS_WRITE', 'NEW_READ'] }),
    );
    const who = stage.seller();
    const visitor = await stage.visitor();
    const { page } = visitor;
    const found: string[] = [];
    const look = async (what: string) => {
      for (const barrier of await barriers(page)) found.push(`${what}: ${barrier}`);
    };
    await page.goto(stage.page(name));
    await look('without a link');
    await page.goto(await stage.link(name));
    await look('before');
    await signIn(visitor, stage.page(name), who, 'Deny');
    await says(page, 'The access was not allowed');
    await look('denied');
    await signIn(visitor, stage.page(name), who);
    await says(page, connected);
    await look('connected');
    await page.getByRole('link', { name: 'Disconnect …' }).click();
    await page.getByRole('dialog').waitFor();
    await look('the question');
    await page.goto(`${stage.page(name)}/disconnect`);
    await look('the question as a page');
    const party = await seller(name);
    const heal = scene.strike(party, { endpoint: 'token', effect: refused });
    await scene.request(name, 'refresh');
    await scene.becomes(name, { Ready: 'True/ReauthorizationNeeded' });
    heal();
    await page.goto(stage.page(name));
    await says(page, 'Please sign in again');
    await look('to be renewed');
    world.square.disconnect(party);
    await scene.pass(hours(2));
    await scene.becomes(name, { Ready: 'False/Revoked' });
    await page.goto(stage.page(name));
    await says(page, 'Square says that access was withdrawn');
    await look('ended at Square');
    await page.goto(stage.address('/nothing'));
    await look('nothing there');
    expect(found).toEqual([]);
  });

  const seller = async (name: string) => {
    const { merchantID = '' } = scene.status(name);
    const [entry] = world.square.requests.entries({ merchantID, endpoint: 'token' });
    return { merchantID, clientID: entry?.clientID ?? '' };
  };
});
