import type { FastifyHelmetOptions } from '@fastify/helmet';
import { days } from '../clock.ts';

/**
 * Where a form may lead: Square's authorize page, and wherever it sends the browser on to, since browsers hold redirects
 * after a form to `form-action`, too. Square's pages lie on sibling hosts of the API (`connect.squareup.com` sends on to
 * `squareup.com` and others of that domain).
 */
export function formTargets(squareURLs: readonly string[]): string[] {
  const targets = squareURLs.flatMap((text) => {
    const { origin, hostname, protocol } = new URL(text);
    const domain = /^connect\.([^.]+\..+)$/.exec(hostname)?.[1];
    return domain === undefined ? [origin] : [origin, `${protocol}//${domain}`, `${protocol}//*.${domain}`];
  });
  return [...new Set(targets)];
}

/** Nothing from elsewhere, nothing inline, nobody frames us, and no address of ours is told to anyone. */
export function securityHeaders(externalURL: string, squareURLs: readonly string[]): FastifyHelmetOptions {
  const https = externalURL.startsWith('https:');
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'", ...formTargets(squareURLs)],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: https && { maxAge: days(365) / 1_000, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  };
}
