import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** Somebody with a browser of their own: own cookies, own window. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in their windows: script errors, and what a policy of ours refused. */
  readonly faults: string[];
  /** Addresses that were asked for elsewhere than on this machine. */
  readonly foreign: string[];
  leave(): Promise<void>;
}

/** What Chromium says of every answer from 400 on, which are pages of ours, too, and of none. What a policy refuses reads otherwise. */
const onlyAnError = /^Failed to load resource: (the server responded with a status of [45]\d\d|net::ERR_)/;

export async function aVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, ...options });
  context.setDefaultTimeout(15_000);
  const faults: string[] = [];
  const foreign: string[] = [];
  context.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (/^https?:$/.test(protocol) && !['127.0.0.1', 'localhost'].includes(hostname)) foreign.push(request.url());
  });
  context.on('weberror', (error) => void faults.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error' && !onlyAnError.test(message.text())) faults.push(message.text());
  });
  return { page: await context.newPage(), context, faults, foreign, leave: () => context.close() };
}
