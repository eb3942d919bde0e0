// `node tools/screenshots.ts [--out DIR] [--all]`: pictures of the web pages, made by Debian's Chromium from the operator as it
// is, with a real API server and the Square simulator. Three of them are shown in the README, from
// docs/images; with --all there are more, of whole pages.
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createEnding } from '../demo/ending.ts';
import { openScreen } from '../demo/screen.ts';
import { runDir } from '../test/cluster/temp-dir.ts';
import type { Fleet } from './screenshots/fleet.ts';
import { startStage } from './screenshots/stage.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'docs/images' }, all: { type: 'boolean' } },
});
const out = resolve(values.out);
const ending = createEnding((error) => process.stderr.write(`while ending: ${String(error)}\n`));
const screen = openScreen(process.stdout, process.env);
const phone = { width: 390, height: 844 };
const wide = { width: 1440, height: 640 };

async function signInAsStaff(page: Page, webURL: string, fleet: Fleet): Promise<void> {
  await page.goto(`${webURL}/connections`);
  await page.fill('#token', await fleet.staffToken());
  await page.click('button.primary');
  await page.waitForURL(`${webURL}/connections`);
}

/** The seller comes by the link that the platform team has made, and signs in at Square. */
async function signInAsSeller(staff: Page, seller: Page, webURL: string, fleet: Fleet): Promise<void> {
  await staff.goto(webURL + fleet.waiting.staffPage);
  await staff.getByRole('button', { name: 'Make a link' }).click();
  await seller.goto(await staff.getByLabel('Link for the seller').inputValue());
  await shot(seller, 'seller-before');
  await seller.getByRole('button', { name: 'Sign in with Square' }).click();
  await seller.getByLabel('Seller account').selectOption({ label: fleet.waiting.business });
  await seller.getByRole('button', { name: 'Sign in' }).click();
  await seller.getByRole('button', { name: 'Allow' }).click();
  await seller.getByRole('heading', { name: 'Your Square account is connected' }).waitFor();
}

const shown = new Set(['seller-phone', 'connections-light', 'connections-dark']);

async function shot(page: Page, name: string): Promise<void> {
  if (!shown.has(name) && values.all !== true) return;
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(out, `${name}.png`), animations: 'disabled', fullPage: !shown.has(name) });
  process.stdout.write(`${name}.png\n`);
}

async function takeAll(browser: Browser, webURL: string, fleet: Fleet): Promise<void> {
  const open = async (viewport: { width: number; height: number }) =>
    (await browser.newContext({ viewport })).newPage();
  const [staff, seller] = [await open(wide), await open(phone)];
  await signInAsStaff(staff, webURL, fleet);
  await signInAsSeller(staff, seller, webURL, fleet);
  await shot(seller, 'seller-phone');
  for (const scheme of ['light', 'dark'] as const) {
    await staff.emulateMedia({ colorScheme: scheme });
    await seller.emulateMedia({ colorScheme: scheme });
    await staff.setViewportSize(wide);
    await staff.goto(`${webURL}/connections`);
    await staff.locator('[data-live-state]').waitFor();
    await shot(staff, `connections-${scheme}`);
    await staff.goto(webURL + fleet.ailing);
    await shot(staff, `connection-${scheme}`);
    await staff.setViewportSize(phone);
    await shot(staff, `connection-phone-${scheme}`);
    await staff.goto(`${webURL}/connections`);
    await shot(staff, `connections-phone-${scheme}`);
    await shot(seller, `seller-${scheme}`);
    await seller.getByRole('link', { name: 'Disconnect' }).click();
    await shot(seller, `seller-disconnect-${scheme}`);
    await seller.getByRole('link', { name: 'Keep it' }).click();
  }
}

const dir = await runDir();
ending.add(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
try {
  await mkdir(out, { recursive: true });
  const { fleet, webURL } = await startStage(dir, ending, screen);
  await fleet.settled();
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  ending.add(() => browser.close());
  await takeAll(browser, webURL, fleet);
} finally {
  await ending.run();
}
process.exit();
