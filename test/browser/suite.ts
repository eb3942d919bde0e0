import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { chromiumLack, launchChromium } from '../support/chromium.ts';
import { testUnless } from '../support/needs.ts';
import type { Scene } from '../support/scene.ts';
import { operatorSuite } from '../support/suite.ts';
import { aVisitor, type Visitor } from '../support/visitor.ts';
import type { World, WorldOptions } from '../support/world.ts';
import { createStage, type Stage } from './stage.ts';

/** A suite with a world of its own, and real browsers before it. Every visit ends without a fault and without a stranger. */
export function browserSuite(
  title: string,
  options: WorldOptions,
  body: (stage: Stage, world: World, scene: Scene) => void,
): void {
  if (chromiumLack !== undefined) {
    describe(title, () => testUnless(chromiumLack, 'in a real browser', async () => {}, 0));
    return;
  }
  operatorSuite(title, { web: 'http', ...options }, (world, scene) => {
    const visitors: Visitor[] = [];
    let browser: Browser | undefined;
    beforeAll(async () => void (browser = await launchChromium()));
    const visitor = async (wish?: BrowserContextOptions) => {
      if (browser === undefined) throw new Error('the browser is not there yet');
      const one = await aVisitor(browser, { ignoreHTTPSErrors: true, ...wish });
      visitors.push(one);
      return one;
    };
    body(createStage(world, scene, visitor), world, scene);
    afterEach(async ({ task }) => {
      const seen = visitors.splice(0);
      if (task.result?.state === 'fail') process.stderr.write(`${task.name}\n${await sightOf(seen, world)}\n`);
      await Promise.all(seen.map((one) => one.leave()));
      expect(seen.flatMap(({ faults, foreign }) => [...faults, ...foreign])).toEqual([]);
    });
    afterAll(() => browser?.close());
  });
}

/** What they had before them, for whoever reads of a failure. */
async function sightOf(visitors: readonly Visitor[], { frontDoor, operators }: World): Promise<string> {
  const pages = visitors.map(async ({ page, faults }) => {
    const text = await page.innerText('body', { timeout: 1_000 }).catch(String);
    return `${page.url()}\n${text}\n${faults.join('\n')}`;
  });
  const asked = frontDoor?.exchanges.slice(-12).map(({ method, url, status }) => `${method} ${url} ${status}`) ?? [];
  const log = operators.flatMap((operator) => operator.log.slice(-12));
  return [...(await Promise.all(pages)), ...asked, ...log].join('\n');
}
