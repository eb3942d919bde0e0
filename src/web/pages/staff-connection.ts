import { html } from 'ghtml';
import { conditionTypes } from '../../api/conditions.ts';
import type { Condition, LastFailure } from '../../api/connection.ts';
import { type Instant, parseInstant } from '../../clock.ts';
import type { ApplicationSeen } from '../deps.ts';
import type { Look } from '../look.ts';
import { staffState } from '../words/staff-state.ts';
import { badge, fact, facts, permissionList, prose, time } from './parts.ts';
import { type ActionsView, actions } from './staff-actions.ts';

export interface StaffConnectionView extends ActionsView {
  readonly look: Look;
  readonly application: ApplicationSeen | undefined;
  /** Square's time. */
  readonly now: Instant;
}

/** One connection, for the platform team: what is so, why, and what can be done. */
export function staffConnectionPage(view: StaffConnectionView): string {
  const { base, look, now, wall } = view;
  const { namespace, name } = look.ref;
  const state = staffState(look.told, look.deleting);
  const ready = look.status.conditions?.find(({ type }) => type === 'Ready');
  return html`
<nav class="crumbs" aria-label="Where you are"><a href="${base}/connections">Connections</a> <span aria-hidden="true">/</span> <span>${namespace}</span> <span aria-hidden="true">/</span> <span aria-current="page">${name}</span></nav>
<div id="live-connection" data-region class="columns">
<div class="column">
<article class="card hero tone-${state.tone}">
<p class="state">!${badge(state.tone, state.word)}!${look.deleting ? html`<span class="chip">Being deleted</span>` : ''}</p>
<h1>${look.told.merchantName ?? name}</h1>
<p class="lead">!${prose(ready?.message ?? state.means)}</p>
!${state.remedy === '' ? '' : html`<p class="todo"><strong>What to do:</strong> ${state.remedy}</p>`}
!${pending(view)}
</article>
!${conditionsCard(look.status.conditions ?? [], wall)}
!${failuresCard([look.status.lastFailure, ...(look.status.otherFailures ?? [])], now)}
!${permissionsCard(view)}
</div>
<div class="column side">
!${actions(view)}
!${tokenCard(view)}
!${placeCard(view)}
</div>
</div>
<p class="live-state small" data-live-state hidden>Live: changes show by themselves.</p>`;
}

function pending({ look, wall }: StaffConnectionView): string {
  const words = { refresh: 'A new access token', disconnect: 'The end of the authorization' } as const;
  const lines = (['refresh', 'disconnect'] as const).flatMap((intent) => {
    const at = look.pending[intent];
    const asked = at === undefined ? undefined : parseInstant(at);
    return asked === undefined
      ? []
      : [html`<li>${words[intent]} was asked for !${time(asked, wall)} and is not answered yet.</li>`];
  });
  return lines.length === 0 ? '' : html`<ul class="pending" role="status">!${lines}</ul>`;
}

function conditionsCard(conditions: readonly Condition[], wall: Instant): string {
  if (conditions.length === 0) return '';
  const rows = conditions.map(
    ({ type, status, reason, message, lastTransitionTime }) => html`<tr role="row">
<th role="rowheader" scope="row">!${condition(type, status)}</th>
<td role="cell" data-label="Reason"><code>${reason}</code></td>
<td role="cell" data-label="Message">!${prose(message)}</td>
<td role="cell" data-label="Since" class="number">!${time(parseInstant(lastTransitionTime), wall)}</td>
</tr>`,
  );
  return html`<section class="card" aria-labelledby="conditions"><h2 id="conditions">Conditions</h2>
<table role="table" class="conditions"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Condition</th><th role="columnheader" scope="col">Reason</th><th role="columnheader" scope="col">Message</th><th role="columnheader" scope="col">Since</th></tr></thead>
<tbody role="rowgroup">!${rows}</tbody></table></section>`;
}

/** `Valid` is well when True, `Expired` when False; Unknown is neither. */
function condition(type: string, status: Condition['status']): string {
  const known = Object.hasOwn(conditionTypes, type) ? conditionTypes[type as keyof typeof conditionTypes] : undefined;
  const good = known?.polarity === 'negative' ? 'False' : 'True';
  const passing = type === 'Reconciling' && status === 'True';
  const tone = status === good ? 'good' : status === 'Unknown' ? 'off' : passing ? 'busy' : 'bad';
  return badge(tone, `${type}: ${status}`);
}

function failuresCard(failures: readonly (LastFailure | undefined)[], now: Instant): string {
  const rows = failures.flatMap((failure) =>
    failure === undefined
      ? []
      : [
          html`<li><p><strong>${failure.operation}</strong> failed ${failure.count === 1 ? 'once' : `${failure.count} times in a row`}, last !${time(parseInstant(failure.time), now)}: <code>${failure.reason}</code></p><p class="small">!${prose(failure.message)}</p></li>`,
        ],
  );
  if (rows.length === 0) return '';
  return html`<section class="card" aria-labelledby="failures"><h2 id="failures">Failures in a row</h2><ul class="failures">!${rows}</ul></section>`;
}

const code = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : html`<code>${text}</code>`;

function tokenCard({ look, now }: StaffConnectionView): string {
  const { told, status } = look;
  const at = (instant: Instant | undefined) => (instant === undefined ? undefined : time(instant, now));
  const none = told.issuedAt === undefined ? html`<p class="none">There is no access token.</p>` : '';
  return html`<section class="card" aria-labelledby="token"><h2 id="token">Access token</h2>!${none}!${facts([
    fact('Issued', at(told.issuedAt)),
    fact('Expires', at(told.expiresAt)),
    fact('Next refresh', at(told.nextRefreshAt)),
    fact('Last checked', at(told.lastVerifyTime)),
    fact('Refresh token ends', at(told.refreshTokenExpiresAt)),
    fact('Revision', status.revision === undefined ? undefined : html`${status.revision}`),
  ])}</section>`;
}

function placeCard({ look, application }: StaffConnectionView): string {
  const { status, told, spec, ref } = look;
  const environment = application?.spec?.environment ?? spec?.environment;
  const named = spec?.applicationRef;
  const owner = named && `${named.namespace ?? ref.namespace}/${named.name}`;
  return html`<section class="card" aria-labelledby="place"><h2 id="place">Where it is</h2>!${facts([
    fact('Connection', code(`${ref.namespace}/${ref.name}`)),
    fact('Business', told.merchantName === undefined ? undefined : html`${told.merchantName}`),
    fact('Merchant ID', code(told.merchantID)),
    fact('Application', code(owner)),
    fact('Environment', environment && html`${environment}`),
    fact('Token Secret', code(status.secretName)),
    fact('Sealed grant', code(status.sealedSecretName)),
    fact('Sealing key', code(status.sealingKeyID)),
    fact('On deletion', spec && html`${spec.deletionPolicy === 'Revoke' ? 'revoked at Square' : 'retained'}`),
  ])}</section>`;
}

function permissionsCard({ look, application }: StaffConnectionView): string {
  const granted = look.told.scopes;
  const wanted = [...(application?.spec?.scopes ?? []), ...(look.spec?.scopes ?? [])];
  if (granted === undefined && wanted.length === 0) return '';
  return html`<section class="card" aria-labelledby="permissions"><h2 id="permissions">${granted === undefined ? 'Permissions wanted' : 'Permissions granted'}</h2>!${permissionList(granted ?? wanted, 'with names')}</section>`;
}
