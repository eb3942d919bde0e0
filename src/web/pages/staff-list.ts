import { html } from 'ghtml';
import type { Environment } from '../../api/connection.ts';
import type { Instant } from '../../clock.ts';
import { type Filter, filters, type Listed, type ListQuery, type Row, type Sorting, writeListQuery } from '../list.ts';
import { staffPath } from '../paths.ts';
import { span } from '../words/times.ts';
import { badge, time } from './parts.ts';

export interface StaffListView {
  readonly base: string;
  readonly query: ListQuery;
  readonly listed: Listed;
  /** Square's time. */
  readonly squareNow: (environment: Environment | undefined) => Instant;
}

const filterWords: Readonly<Record<Filter, string>> = {
  all: 'All',
  attention: 'Need attention',
  working: 'Working',
  waiting: 'Waiting',
  resting: 'Resting',
};

const columns: readonly (readonly [title: string, sort: Sorting | undefined])[] = [
  ['Connection', 'name'],
  ['State', 'state'],
  ['Business', 'business'],
  ['Application', undefined],
  ['Token age', 'age'],
  ['Expires', 'expires'],
  ['Next refresh', 'refresh'],
  ['Checked', 'checked'],
];

/** All connections that somebody may see, on pages of a hundred. */
export function staffListPage(view: StaffListView): string {
  const { base, query, listed } = view;
  return html`
<div class="list-head">
<h1>Connections</h1>
<form method="get" action="${base}/connections" role="search" class="search">
<label for="q" class="hidden">Search</label>
<input id="q" name="q" type="search" value="${query.search}" placeholder="Name, business, application, reason" autocomplete="off">
!${query.filter === 'all' ? '' : html`<input type="hidden" name="state" value="${query.filter}">`}
!${query.sort === 'state' && !query.descending ? '' : html`<input type="hidden" name="sort" value="${query.sort}"><input type="hidden" name="dir" value="${query.descending ? 'desc' : 'asc'}">`}
<button class="button plain">Search</button>
</form>
</div>
<div id="live-list" data-region>
<nav class="filters" aria-label="Filter by state"><ul>!${filters.map((filter) => filterLink(view, filter))}</ul></nav>
!${listed.rows.length === 0 ? empty(view) : table(view)}
!${listed.pages > 1 ? paging(view) : ''}
</div>
<p class="live-state small" data-live-state hidden>Live: changes show by themselves.</p>`;
}

/** The address of the list with some of its query changed. */
function address({ base, query }: StaffListView, change: Partial<ListQuery>): string {
  const parameters = new URLSearchParams(writeListQuery({ ...query, page: 1, ...change })).toString();
  return `${base}/connections${parameters === '' ? '' : `?${parameters}`}`;
}

function filterLink(view: StaffListView, filter: Filter): string {
  const current = view.query.filter === filter;
  return html`<li><a href="${address(view, { filter })}" class="${filter}"!${current ? ' aria-current="true"' : ''}>${filterWords[filter]} <span class="count">${view.listed.counts[filter]}</span></a></li>`;
}

function table(view: StaffListView): string {
  const head = columns.map(([title, sort]) =>
    sort === undefined ? html`<th role="columnheader" scope="col">${title}</th>` : sortable(view, title, sort),
  );
  return html`<div class="table-frame"><table role="table" class="connections">
<caption class="hidden">Connections, page ${view.listed.page} of ${view.listed.pages}</caption>
<thead role="rowgroup"><tr role="row">!${head}</tr></thead>
<tbody role="rowgroup">!${view.listed.rows.map((row) => tableRow(view, row))}</tbody>
</table></div>`;
}

function sortable(view: StaffListView, title: string, sort: Sorting): string {
  const { query } = view;
  const current = query.sort === sort;
  const descending = current && !query.descending;
  const order = current ? html` aria-sort="${query.descending ? 'descending' : 'ascending'}"` : '';
  const arrow = current ? (query.descending ? '↓' : '↑') : '';
  return html`<th role="columnheader" scope="col"!${order}><a href="${address(view, { sort, descending })}">${title}<span class="arrow" aria-hidden="true">${arrow}</span></a></th>`;
}

const none = html`<span class="none">–</span>`;

const cell = (label: string, value: string, kind = ''): string =>
  html`<td role="cell" data-label="${label}" class="${kind}!${value === none ? ' blank' : ''}">!${value}</td>`;

function tableRow({ base, squareNow }: StaffListView, row: Row): string {
  const now = squareNow(row.environment);
  const { namespace, name, business, merchantID, application, state } = row;
  const age = row.issuedAt === undefined ? none : html`${span(Math.max(0, now - row.issuedAt))}`;
  const at = (instant: Instant | undefined) => (instant === undefined ? none : time(instant, now));
  const id = merchantID === '' ? '' : html`<span class="under mono">${merchantID}</span>`;
  const who = business === '' && id === '' ? none : html`<span>${business}!${id}</span>`;
  const todo = state.remedy === '' ? '' : html`<span class="remedy">${state.remedy}</span>`;
  return html`<tr role="row" class="tone-${state.tone}">
<th role="rowheader" scope="row" class="name-cell"><a href="${staffPath(base, row)}">${name}<span class="hidden"> in </span></a><span class="under">${namespace}</span></th>
!${cell('State', html`!${badge(state.tone, state.word)}!${todo}`, 'state-cell')}
!${cell('Business', who)}
!${cell('Application', application === '' ? none : html`${application}`, 'minor')}
!${cell('Token age', age, 'number')}
!${cell('Expires', at(row.expiresAt), 'number')}
!${cell('Next refresh', at(row.nextRefreshAt), 'number minor')}
!${cell('Checked', at(row.verifiedAt), 'number minor')}
</tr>`;
}

function empty(view: StaffListView): string {
  const { search, filter } = view.query;
  const narrowed = search !== '' || filter !== 'all';
  if (narrowed) {
    return html`<div class="card empty"><h2>Nothing matches</h2><p>No connection that you may see is like that.</p><div class="actions"><a class="button plain" href="${view.base}/connections">Show all</a></div></div>`;
  }
  return html`<div class="card empty"><h2>No connections</h2><p>There are none, or the cluster does not let you list any. To see those of a namespace, you need the right to <code>list</code> <code>squareconnections</code> in it.</p></div>`;
}

function paging(view: StaffListView): string {
  const { page, pages } = view.listed;
  const link = (to: number, words: string, rel: string) =>
    to < 1 || to > pages
      ? html`<span class="none">${words}</span>`
      : html`<a rel="${rel}" class="button plain" href="${address(view, { page: to })}">${words}</a>`;
  return html`<nav class="paging" aria-label="Pages">!${link(page - 1, 'Previous', 'prev')}<span>Page ${page} of ${pages}</span>!${link(page + 1, 'Next', 'next')}</nav>`;
}
