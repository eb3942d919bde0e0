import { html } from 'ghtml';
import { assetPaths } from '../assets.ts';

export interface Frame {
  /** Of the window: the product's name is put after it. */
  readonly title: string;
  /** HTML. */
  readonly main: string;
  readonly audience: 'seller' | 'staff';
  /** The path under which the pages lie; empty at the root of the host. */
  readonly base: string;
  /** Where the script listens for news of what the page shows. */
  readonly live?: string | undefined;
  /** Without scripts: look again after so many seconds. Only where something is about to change. */
  readonly again?: number | undefined;
  /** HTML beside the name of the product. */
  readonly aside?: string | undefined;
}

/** A whole page. Everything that it loads comes from this server. */
export function frame({ title, main, audience, base, live, again, aside = '' }: Frame): string {
  const assets = assetPaths(base);
  const name = audience === 'seller' ? 'Square connection' : 'Square connections';
  const brand = html`<span class="mark" aria-hidden="true">!${mark}</span><span>${name}</span>`;
  const home =
    audience === 'staff'
      ? html`<a class="brand" href="${base}/connections">!${brand}</a>`
      : html`<span class="brand">!${brand}</span>`;
  const refresh = again === undefined ? '' : html`<noscript><meta http-equiv="refresh" content="${again}"></noscript>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${title} · ${name}</title>
<link rel="icon" href="${assets.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.style}">
<script src="${assets.script}" defer></script>
!${refresh}
</head>
<body class="${audience}"!${live === undefined ? '' : html` data-live="${live}"`}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><div class="inner">!${home}!${aside}</div></header>
<main id="main" tabindex="-1">
!${main}
</main>
</body>
</html>
`;
}

/** Two links of a chain, in the colour of the text around them. */
const mark =
  '<svg viewBox="0 0 24 24" width="22" height="22" focusable="false"><path d="M9.5 14.5 14.5 9.5M10.8 7.2l2-2a4.2 4.2 0 0 1 6 6l-2 2M13.2 16.8l-2 2a4.2 4.2 0 0 1-6-6l2-2" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/></svg>';
