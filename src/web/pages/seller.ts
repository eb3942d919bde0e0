import { html } from 'ghtml';
import { type Instant, seconds } from '../../clock.ts';
import type { ApplicationSeen } from '../deps.ts';
import type { Look } from '../look.ts';
import { sellerPath } from '../paths.ts';
import type { SignInOutcome } from '../sign-in-port.ts';
import { outcomeWords } from '../words/outcomes.ts';
import { type SellerState, sellerState } from '../words/seller-state.ts';
import { absolute } from '../words/times.ts';
import { badge, button, fact, facts, permissionList, proof, time } from './parts.ts';

export interface SellerView {
  readonly base: string;
  readonly look: Look;
  readonly application: ApplicationSeen | undefined;
  /** Square's time. */
  readonly now: Instant;
  readonly formToken: string;
  /** What became of the sign-in from which the browser comes. */
  readonly outcome?: SignInOutcome | undefined;
}

/** Whether the page is about to change by itself. */
export const isMoving = ({ look, outcome }: Pick<SellerView, 'look' | 'outcome'>): boolean =>
  stateOf(look, outcome).moving || look.pending.disconnect !== undefined;

/** What a shop owner sees of their connection. */
export function sellerPage(view: SellerView): string {
  const { base, look, formToken, outcome } = view;
  const state = stateOf(look, outcome);
  const path = sellerPath(base, look.ref);
  const { title, says, tone, word, before, connected } = state;
  return html`
<div id="live-seller" data-region>
!${outcome === undefined || (outcome.kind === 'Connected' && !state.moving) ? '' : outcomeBanner(outcome)}
<article class="card hero tone-${tone}">
<p class="state">!${badge(tone, word)}!${isSandbox(view) ? html`<span class="chip">Test account</span>` : ''}</p>
<h1>${title}</h1>
<p class="lead">${says}</p>
!${before === undefined ? '' : html`<p class="todo">Please sign in before <strong>${absolute(before)}</strong>.</p>`}
!${signInButton(state, path, formToken)}
!${factsOf(view, state)}
</article>
!${permissions(view, state)}
!${connected ? disconnectSection(path, formToken, look) : ''}
!${forPlatformTeam(view)}
</div>`;
}

function stateOf(look: Look, outcome: SignInOutcome | undefined): SellerState {
  const state = sellerState(look.told, look.deleting);
  const personal = look.spec?.credential?.personalAccessToken !== undefined;
  if (personal) return { ...state, offers: 'None' };
  if (outcome?.kind !== 'Connected' || state.connected || state.offers === 'None' || isTakenUp(outcome, look))
    return state;
  const words = { word: 'Setting up', title: 'Your connection is being set up', says: 'This takes a few seconds.' };
  return { ...state, ...words, tone: 'busy', offers: 'None', moving: true };
}

/** Whether the status speaks of what this sign-in gave: it tells of times in whole seconds. */
const isTakenUp = ({ issuedAt }: { readonly issuedAt: Instant }, { told }: Look): boolean =>
  told.issuedAt !== undefined && told.issuedAt + seconds(1) > issuedAt;

const isSandbox = ({ application, look }: SellerView): boolean =>
  (application?.spec?.environment ?? look.spec?.environment) === 'Sandbox';

function outcomeBanner(outcome: SignInOutcome): string {
  const { tone, word, title, says, todo } = outcomeWords(outcome);
  const detail = 'message' in outcome ? html`<p class="small">For the platform team: ${outcome.message}</p>` : '';
  return html`<section class="banner ${tone}" role="status" aria-label="Your sign-in">
<p class="state">!${badge(tone, word)}</p>
<h2>${title}</h2>
<p>${says} ${todo}</p>
!${detail}
</section>`;
}

function signInButton({ offers }: SellerState, path: string, token: string): string {
  if (offers === 'None') return '';
  const label = offers === 'Connect' ? 'Sign in with Square' : 'Sign in again with Square';
  return html`<div class="actions">!${button({ action: `${path}/authorize`, token, label, style: 'primary' })}</div>
<p class="small">You sign in at Square itself. This page never sees your password.</p>`;
}

function factsOf({ look, now }: SellerView, { connected }: SellerState): string {
  const { told } = look;
  const name = told.merchantName ?? told.merchantID;
  const business = name === undefined ? undefined : html`<strong>${name}</strong>`;
  const all = [
    fact('Business', business),
    fact('Last checked', told.lastVerifyTime === undefined ? undefined : time(told.lastVerifyTime, now)),
    fact('Renewed', connected && told.issuedAt !== undefined ? time(told.issuedAt, now) : undefined),
  ].filter((one) => one !== '');
  return all.length === 0 ? '' : facts(all);
}

function permissions({ look, application }: SellerView, { connected, offers }: SellerState): string {
  if (!connected && offers === 'None') return '';
  const wanted = [...(application?.spec?.scopes ?? []), ...(look.spec?.scopes ?? [])];
  const scopes = connected ? (look.told.scopes ?? wanted) : wanted;
  return html`<section class="card" aria-labelledby="permissions">
<h2 id="permissions">${connected ? 'What is allowed' : 'What you are asked to allow'}</h2>
!${permissionList(scopes, 'in words alone')}
</section>`;
}

function disconnectSection(path: string, token: string, { pending }: Look): string {
  const asked = pending.disconnect !== undefined;
  if (asked) {
    const says = 'You asked for the connection to be ended. Square is being told; this page shows it when it is done.';
    return html`<section class="card quiet" role="status"><h2>Disconnecting</h2><p>${says}</p></section>`;
  }
  return html`<section class="card quiet" aria-labelledby="end">
<h2 id="end">End this connection</h2>
<p>Everything that uses your Square account through it stops working. You can connect again later.</p>
<div class="actions"><a class="button danger" href="${path}/disconnect" data-dialog="confirm-disconnect">Disconnect …</a></div>
</section>
<dialog id="confirm-disconnect" aria-labelledby="confirm-title">!${confirmation(path, token, html`<h2 id="confirm-title">${question}</h2>`)}</dialog>`;
}

const question = 'Disconnect your Square account?';

function confirmation(path: string, token: string, title: string): string {
  return html`!${title}
<p>Access ends within seconds, and everything that uses it stops working. You can connect again later, by a new link.</p>
<form method="post" action="${path}/disconnect" class="actions">!${proof(token)}
<button class="button danger-solid">Yes, disconnect</button>
<a class="button plain" href="${path}" data-close>Keep it</a>
</form>`;
}

/** The same question as a page of its own, for browsers without scripts. */
export const confirmDisconnectPage = (base: string, look: Look, token: string): string =>
  html`<article class="card">!${confirmation(sellerPath(base, look.ref), token, html`<h1>${question}</h1>`)}</article>`;

function forPlatformTeam({ look: { ref, status }, application }: SellerView): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return html`<details class="platform"><summary>For the platform team</summary>
<dl class="facts">
!${fact('Connection', html`<code>${ref.namespace}/${ref.name}</code>`)}
!${fact('Application', application && html`<code>${application.namespace}/${application.name}</code>`)}
!${fact('Ready', ready && html`<code>${ready.status} ${ready.reason}</code>`)}
!${fact('Message', ready && html`${ready.message}`)}
</dl></details>`;
}
