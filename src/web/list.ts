import { hash } from 'node:crypto';
import type { Environment } from '../api/connection.ts';
import type { Instant } from '../clock.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import type { View } from '../kube/view.ts';
import type { ApplicationSeen, ConnectionSeen } from './deps.ts';
import { type StaffState, staffState, type Tone } from './words/staff-state.ts';

/** What the staff list can be narrowed to. */
export const filters = ['all', 'attention', 'working', 'waiting', 'resting'] as const;
export type Filter = (typeof filters)[number];

/** Without a wish: what needs somebody first. */
export const sortings = ['state', 'name', 'business', 'age', 'expires', 'refresh', 'checked'] as const;
export type Sorting = (typeof sortings)[number];

export interface ListQuery {
  readonly search: string;
  readonly filter: Filter;
  readonly sort: Sorting;
  readonly descending: boolean;
  /** From 1 on. */
  readonly page: number;
}

export interface Row {
  readonly namespace: string;
  readonly name: string;
  readonly business: string;
  readonly merchantID: string;
  readonly application: string;
  readonly environment: Environment | undefined;
  readonly state: StaffState;
  readonly issuedAt: Instant | undefined;
  readonly expiresAt: Instant | undefined;
  readonly nextRefreshAt: Instant | undefined;
  readonly verifiedAt: Instant | undefined;
}

export interface Listed {
  readonly rows: readonly Row[];
  /** How many there are of each filter, under the same search. */
  readonly counts: Readonly<Record<Filter, number>>;
  readonly page: number;
  readonly pages: number;
}

export const rowsPerPage = 100;

/** Changes whenever a page of the list does; the same on every replica that sees the same. */
export function versionOf({ rows, counts, page, pages }: Listed): string {
  const shown = rows.map((row) => [
    row.namespace,
    row.name,
    row.business,
    row.merchantID,
    row.application,
    row.environment,
    row.state,
    row.issuedAt,
    row.expiresAt,
    row.nextRefreshAt,
    row.verifiedAt,
  ]);
  return hash('sha256', JSON.stringify([shown, counts, page, pages]), 'base64url').slice(0, 22);
}

/** Any query is one: what cannot be understood counts as not given. */
export function readListQuery(query: unknown): ListQuery {
  const given = (typeof query === 'object' && query !== null ? query : {}) as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : '');
  const oneOf = <T extends string>(all: readonly T[], name: string) => all.find((one) => one === text(name)) ?? all[0];
  return {
    search: text('q').trim().slice(0, 100),
    filter: oneOf(filters, 'state') ?? 'all',
    sort: oneOf(sortings, 'sort') ?? 'state',
    descending: text('dir') === 'desc',
    page: /^[1-9]\d{0,4}$/.test(text('page')) ? Number(text('page')) : 1,
  };
}

/** The query of an address, as `readListQuery` understands it; `page`: 1 where nothing else is said. */
export const writeListQuery = ({ search, filter, sort, descending, page }: ListQuery): Record<string, string> => ({
  ...(search !== '' && { q: search }),
  ...(filter !== 'all' && { state: filter }),
  ...((sort !== 'state' || descending) && { sort, dir: descending ? 'desc' : 'asc' }),
  ...(page > 1 && { page: String(page) }),
});

/** The rows of a page of the list: of those that `visible` lets through, and of no others not even the number. */
export function listConnections(
  views: {
    readonly connections: Pick<View<ConnectionSeen>, 'entries'>;
    readonly applications: Pick<View<ApplicationSeen>, 'get'>;
  },
  visible: (namespace: string) => boolean,
  query: ListQuery,
): Listed {
  const found: Line[] = [];
  for (const [key, seen] of views.connections.entries()) {
    if (!visible(splitKey(key).namespace ?? '')) continue;
    const row = rowOf(seen);
    if (matches(row, query.search.toLowerCase())) found.push(row);
  }
  const counts = { all: 0, attention: 0, working: 0, waiting: 0, resting: 0 };
  for (const { state } of found) {
    counts.all += 1;
    counts[filterOf[state.tone]] += 1;
  }
  const kept = query.filter === 'all' ? found : found.filter(({ state }) => filterOf[state.tone] === query.filter);
  kept.sort(comparison(query));
  const pages = Math.max(1, Math.ceil(kept.length / rowsPerPage));
  const page = Math.min(query.page, pages);
  const shown = kept.slice((page - 1) * rowsPerPage, page * rowsPerPage);
  const environmentOf = ({ seen, key }: Line) => {
    const { spec } = seen.connection;
    return views.applications.get(key)?.spec?.environment ?? (spec.ok ? spec.value.environment : undefined);
  };
  return { rows: shown.map((line) => ({ ...line, environment: environmentOf(line) })), counts, page, pages };
}

const filterOf: Readonly<Record<Tone, Exclude<Filter, 'all'>>> = {
  good: 'working',
  warn: 'attention',
  bad: 'attention',
  busy: 'waiting',
  off: 'resting',
};

/** What of a row depends on the connection alone. */
interface Line extends Omit<Row, 'environment'> {
  readonly seen: ConnectionSeen;
  /** Of its application. */
  readonly key: Key;
  /** Sorts by namespace and name, numbers in them as numbers: names in Kubernetes are plain letters. */
  readonly order: string;
}

/** A view never changes: what changes is another. Of ten thousand connections few change from one page to the next. */
const lines = new WeakMap<ConnectionSeen, Line>();

function rowOf(seen: ConnectionSeen): Line {
  const known = lines.get(seen);
  if (known !== undefined) return known;
  const line = makeLine(seen);
  lines.set(seen, line);
  return line;
}

function makeLine(seen: ConnectionSeen): Line {
  const { connection, stored } = seen;
  const { namespace, name, spec } = connection;
  const ref = spec.ok ? spec.value.applicationRef : undefined;
  const elsewhere = ref?.namespace !== undefined && ref.namespace !== namespace;
  return {
    namespace,
    name,
    business: stored.merchantName ?? '',
    merchantID: stored.merchantID ?? '',
    application: ref === undefined ? '' : elsewhere ? `${ref.namespace}/${ref.name}` : ref.name,
    seen,
    key: ref === undefined ? '' : keyFrom(ref.namespace ?? namespace, ref.name),
    order: `${namespace}/${name}`.replaceAll(/[0-9]+/g, (digits) => digits.padStart(12, '0')),
    state: staffState(stored, connection.deleting),
    issuedAt: stored.issuedAt,
    expiresAt: stored.expiresAt,
    nextRefreshAt: stored.nextRefreshAt,
    verifiedAt: stored.lastVerifyTime,
  };
}

const matches = ({ namespace, name, business, merchantID, application, state }: Line, search: string): boolean =>
  search === '' ||
  [`${namespace}/${name}`, business, merchantID, application, state.word, state.reason].some((text) =>
    text.toLowerCase().includes(search),
  );

const weights: Readonly<Record<Tone, number>> = { bad: 0, warn: 1, busy: 2, off: 3, good: 4 };
const byText = new Intl.Collator('en', { numeric: true });

/** What is not known comes last, whichever way; connections that are alike are in the order of their names. */
function comparison({ sort, descending }: ListQuery): (a: Line, b: Line) => number {
  const byName = (a: Line, b: Line) => (a.order < b.order ? -1 : Number(a.order > b.order));
  const way = descending ? -1 : 1;
  const byTime = (of: (row: Line) => Instant | undefined) => (a: Line, b: Line) => {
    const [x, y] = [of(a), of(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return way * (x - y);
  };
  const orders: Readonly<Record<Sorting, (a: Line, b: Line) => number>> = {
    name: (a, b) => way * byName(a, b),
    state: (a, b) =>
      way *
      (weights[a.state.tone] - weights[b.state.tone] ||
        (a.state.word === b.state.word ? 0 : byText.compare(a.state.word, b.state.word))),
    business: (a, b) =>
      Number(a.business === '') - Number(b.business === '') || way * byText.compare(a.business, b.business),
    // The oldest token is the one that was issued first.
    age: byTime(({ issuedAt }) => (issuedAt === undefined ? undefined : -issuedAt)),
    expires: byTime(({ expiresAt }) => expiresAt),
    refresh: byTime(({ nextRefreshAt }) => nextRefreshAt),
    checked: byTime(({ verifiedAt }) => verifiedAt),
  };
  return (a, b) => orders[sort](a, b) || byName(a, b);
}
