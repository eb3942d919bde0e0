import { html } from 'ghtml';
import type { Instant } from '../../clock.ts';
import { formTokenField } from '../csrf.ts';
import { type PermissionWords, permissionsInWords } from '../words/permissions.ts';
import type { Tone } from '../words/staff-state.ts';
import { absolute, relative } from '../words/times.ts';

const shapes: Readonly<Record<Tone, string>> = {
  good: '<circle cx="8" cy="8" r="7"/><path class="sign" d="m4.8 8.3 2.2 2.2 4.3-4.6"/>',
  busy: '<circle cx="8" cy="8" r="7"/><path class="sign" d="M8 4.3V8l2.5 1.7"/>',
  warn: '<path d="M8 1.2 15.4 14.4H.6Z"/><path class="sign" d="M8 6v3.6M8 12v.1"/>',
  bad: '<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z"/><path class="sign" d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8"/>',
  off: '<circle cx="8" cy="8" r="7"/><path class="sign" d="M5 8h6"/>',
};

/** A picture for a tone; the word beside it says the same. */
export const icon = (tone: Tone): string =>
  html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">!${shapes[tone]}</svg>`;

export const badge = (tone: Tone, word: string): string =>
  html`<span class="badge ${tone}">!${icon(tone)}${word}</span>`;

/** A time as people say it, and exactly when pointed at. The script keeps it up to date. */
export const time = (instant: Instant | undefined, now: Instant, none = '–'): string =>
  instant === undefined
    ? html`<span class="none">${none}</span>`
    : html`<time datetime="${new Date(instant).toISOString()}" data-now="${now}" title="${absolute(instant)}">${relative(instant, now)}</time>`;

/** A hidden field that proves where the form came from. */
export const proof = (token: string): string => html`<input type="hidden" name="${formTokenField}" value="${token}">`;

export interface Form {
  readonly action: string;
  readonly token: string;
  readonly label: string;
  readonly style?: 'primary' | 'danger' | 'plain';
}

/** A button that changes something: always a form that is posted. */
export const button = ({ action, token, label, style = 'plain' }: Form): string =>
  html`<form method="post" action="${action}">!${proof(token)}<button class="button ${style}">${label}</button></form>`;

/** What Square is asked to allow, in sentences; with `names`, as Square calls it besides. */
export function permissionList(scopes: readonly string[], names: 'with names' | 'in words alone'): string {
  if (scopes.length === 0)
    return html`<p class="none">No permissions are named; Square then gives its default ones.</p>`;
  const all = permissionsInWords(scopes);
  const named = (name: string) => (names === 'with names' ? html` <code>${name}</code>` : '');
  const item = ({ name, may = '' }: PermissionWords) =>
    html`<li>${may.charAt(0).toUpperCase()}${may.slice(1)}!${named(name)}</li>`;
  const group = (title: string, items: readonly string[]) =>
    items.length === 0 ? '' : html`<h3>${title}</h3><ul class="permissions">!${items}</ul>`;
  const looks = all.filter(({ may, changes }) => may !== undefined && !changes).map(item);
  const changes = all.filter(({ changes }) => changes).map(item);
  const unknown = all.filter(({ may }) => may === undefined).map(({ name }) => html`<li><code>${name}</code></li>`);
  return (
    group('Look at', looks) + group('Change', changes) + group('Others, which this page knows by name only', unknown)
  );
}

/** A term and what it is, both HTML but the term. Left out where there is nothing to say. */
export const fact = (term: string, value: string | undefined): string =>
  value === undefined || value === '' ? '' : html`<div class="fact"><dt>${term}</dt><dd>!${value}</dd></div>`;

export const facts = (all: readonly string[]): string => html`<dl class="facts">!${all}</dl>`;

/** A sentence of the status, its times kept in one piece. */
export const prose = (message: string): string =>
  html`${message}`.replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z/g, '<span class="moment">$&</span>');
