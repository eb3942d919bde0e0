import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import type { Lack } from './needs.ts';

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const program = process.env['CHROMIUM'] ?? candidates.find((path) => existsSync(path));

export const chromiumLack: Lack =
  program === undefined
    ? 'Chromium is not installed: apt-get install chromium, or name a program in CHROMIUM'
    : undefined;

/** Nothing is asked of anybody but this machine: no name can be resolved, and what calls home is off. */
const aloneHere = [
  '--host-resolver-rules=MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-client-side-phishing-detection',
  '--metrics-recording-only',
  '--no-pings',
  '--no-first-run',
  '--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication,InterestFeedContentSuggestions',
];

/** Chromium's own sandbox does not work for root, nor where processes may make no namespaces. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    ...(program === undefined ? {} : { executablePath: program }),
    chromiumSandbox: false,
    args: [...aloneHere, '--disable-gpu', '--disable-dev-shm-usage'],
  });
