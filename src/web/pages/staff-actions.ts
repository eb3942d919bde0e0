import { html } from 'ghtml';
import { type Instant, minutes, parseInstant } from '../../clock.ts';
import type { ConnectLink } from '../../secrets/connect-link.ts';
import type { Look } from '../look.ts';
import { staffPath } from '../paths.ts';
import { absolute } from '../words/times.ts';
import { button, proof } from './parts.ts';

export interface ActionsView {
  readonly base: string;
  readonly look: Look;
  readonly formToken: string;
  /** Whether the cluster lets them change this connection. */
  readonly mayChange: boolean;
  /** Only for who may change the connection: whoever has it can sign in for it. */
  readonly link: ConnectLink | undefined;
  /** The wall clock: requests are told by it. */
  readonly wall: Instant;
}

/** So long after it was asked for, a link is still waited for. */
const linkComesWithin = minutes(1);

/** Whether a link was just asked for, and is not there yet; an earlier one ends with it. */
export function linkIsComing({ look, wall }: Pick<ActionsView, 'look' | 'wall'>): boolean {
  const asked = parseInstant(look.connectRequested ?? '');
  return asked !== undefined && Math.abs(wall - asked) < linkComesWithin;
}

/** What somebody may do with the connection, each by a form. */
export function actions(view: ActionsView): string {
  if (!view.mayChange) {
    return html`<section class="card quiet" aria-labelledby="actions"><h2 id="actions">Actions</h2><p>You may look, but not change anything: that takes the right to <code>patch</code> this connection.</p></section>`;
  }
  if (view.look.deleting) return '';
  return html`<section class="card acts" aria-labelledby="actions"><h2 id="actions">Actions</h2>!${linkPart(view)}!${buttons(view)}</section>`;
}

function linkPart(view: ActionsView): string {
  const { base, look, formToken: token, link } = view;
  const personal = look.spec?.credential?.personalAccessToken !== undefined;
  if (personal) return '';
  const make = button({
    action: `${staffPath(base, look.ref)}/connect`,
    token,
    label: link === undefined ? 'Make a link for the seller' : 'Make a new link',
    style: link === undefined ? 'primary' : 'plain',
  });
  if (linkIsComing(view)) {
    return html`<div class="link-part" role="status"><p>The link is being made …</p><p class="small"><a href="${staffPath(base, look.ref)}">Look again</a></p></div>`;
  }
  if (link === undefined) {
    return html`<div class="link-part">!${make}<p class="small">Whoever has it can sign in for this connection, for one hour or until somebody has.</p></div>`;
  }
  return html`<div class="link-part">
<label for="seller-link">Link for the seller</label>
<div class="copy"><input id="seller-link" type="text" readonly value="${link.url}"><button type="button" class="button primary" data-copy="seller-link" hidden>Copy</button></div>
<p class="small">Good for one sign-in, until ${absolute(link.expiresAt)}. Send it to the seller alone: whoever has it can sign in.</p>
!${make}</div>`;
}

function buttons({ base, look, formToken: token }: ActionsView): string {
  const path = staffPath(base, look.ref);
  const suspended = look.spec?.suspend === true;
  const holds = look.told.issuedAt !== undefined;
  const toggle = suspended
    ? button({ action: `${path}/resume`, token, label: 'Resume' })
    : button({ action: `${path}/suspend`, token, label: 'Suspend' });
  const refresh = holds && !suspended ? button({ action: `${path}/refresh`, token, label: 'Refresh now' }) : '';
  const disconnect =
    holds && !suspended
      ? html`<a class="button danger" href="${path}/disconnect" data-dialog="confirm-disconnect">Disconnect …</a><dialog id="confirm-disconnect" aria-labelledby="confirm-title">!${confirmation(path, token, look, html`<h2 id="confirm-title">${question(look)}</h2>`)}</dialog>`
      : '';
  return html`<div class="actions">!${refresh}!${toggle}!${disconnect}</div>`;
}

const question = ({ ref, told }: Look): string => `Disconnect ${told.merchantName ?? ref.name}?`;

function confirmation(path: string, token: string, { ref }: Look, title: string): string {
  return html`!${title}
<p>Square ends every token that the application holds for this seller. Workloads that use <code>${ref.namespace}/${ref.name}</code>, and any other connection of this seller and application, stop working within seconds.</p>
<form method="post" action="${path}/disconnect" class="actions">!${proof(token)}
<button class="button danger-solid">Disconnect</button>
<a class="button plain" href="${path}" data-close>Cancel</a>
</form>`;
}

/** The same question as a page of its own, for browsers without scripts. */
export const confirmStaffDisconnectPage = (base: string, look: Look, token: string): string =>
  html`<article class="card">!${confirmation(staffPath(base, look.ref), token, look, html`<h1>${question(look)}</h1>`)}</article>`;
