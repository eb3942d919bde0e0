import { describe, expect, test } from 'vitest';
import { formatInstant, hours } from '../../../src/clock.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import type { ConnectionSeen } from '../../../src/web/deps.ts';
import { listConnections, readListQuery, rowsPerPage, versionOf, writeListQuery } from '../../../src/web/list.ts';
import { aConnection, noon } from '../../support/builders.ts';

const seen = (name: string, ready: string, more: object = {}): [string, ConnectionSeen] => {
  const [status, reason = ''] = ready.split('/');
  const time = formatInstant(noon);
  const condition = (type: string, is: string, why: string) => ({
    type,
    status: is as 'True',
    reason: why,
    message: 'x',
    lastTransitionTime: time,
  });
  const well =
    status === 'True'
      ? [condition('Valid', 'True', 'Accepted'), condition('Renewable', 'True', 'RefreshTokenSealed')]
      : [];
  const stored = readStatus({ conditions: [condition('Ready', status ?? '', reason), ...well], ...more });
  return [`shop/${name}`, { connection: aConnection({ name }), stored }];
};

const many = new Map([
  seen('b10', 'True/Valid', { merchantName: 'Zebra', accessTokenIssuedAt: formatInstant(noon - hours(1)) }),
  seen('b9', 'True/Valid', { merchantName: 'Äpfel', accessTokenIssuedAt: formatInstant(noon - hours(9)) }),
  seen('a', 'False/AwaitingAuthorization'),
  seen('c', 'False/Revoked', { merchantID: 'M-GONE' }),
  seen('d', 'False/Suspended'),
]);
const noApplications = { get: () => undefined };
const list = (query: Readonly<Record<string, unknown>>, connections: ReadonlyMap<string, ConnectionSeen> = many) =>
  listConnections({ connections, applications: noApplications }, () => true, readListQuery(query));
const names = (query: Readonly<Record<string, unknown>>) => list(query).rows.map(({ name }) => name);

describe('the list', () => {
  test('shows first what needs somebody', () => {
    expect(names({})).toEqual(['c', 'a', 'd', 'b9', 'b10']);
    expect(list({}).counts).toEqual({ all: 5, attention: 1, working: 2, waiting: 1, resting: 1 });
  });

  test.each<[query: Record<string, unknown>, order: string[]]>([
    [{ sort: 'name' }, ['a', 'b9', 'b10', 'c', 'd']],
    [{ sort: 'name', dir: 'desc' }, ['d', 'c', 'b10', 'b9', 'a']],
    [{ sort: 'age' }, ['b10', 'b9', 'a', 'c', 'd']],
    [{ sort: 'age', dir: 'desc' }, ['b9', 'b10', 'a', 'c', 'd']],
    [{ sort: 'business' }, ['b9', 'b10', 'a', 'c', 'd']],
    [{ state: 'working', sort: 'name' }, ['b9', 'b10']],
    [{ q: 'm-gone' }, ['c']],
    [{ q: 'awaiting' }, ['a']],
    [{ q: ' ZEB ' }, ['b10']],
    [{ q: 'none of them' }, []],
    [{ sort: 'no such', state: ['x'], dir: {}, page: '-1' }, ['c', 'a', 'd', 'b9', 'b10']],
  ])('in order of %j', (query, order) => {
    expect(names(query)).toEqual(order);
  });

  test('has pages, and the last one for whoever asks beyond', () => {
    const fleet = new Map(Array.from({ length: rowsPerPage + 5 }, (_, i) => seen(`s${i}`, 'True/Valid')));
    expect(list({ page: '99' }, fleet)).toMatchObject({ page: 2, pages: 2, rows: { length: 5 } });
  });
});

describe('its version', () => {
  test('is the same for the same rows, and another once one of them has changed, came or went', () => {
    const version = (connections: ReadonlyMap<string, ConnectionSeen>) => versionOf(list({}, connections));
    const before = version(new Map([seen('a', 'True/Valid')]));
    expect(version(new Map([seen('a', 'True/Valid')]))).toBe(before);
    const others = [
      [seen('a', 'False/Revoked')],
      [seen('a', 'True/Valid', { accessTokenIssuedAt: formatInstant(noon) })],
      [seen('a', 'True/Valid'), seen('b', 'True/Valid')],
      [],
    ].map((all) => version(new Map(all)));
    expect(new Set([before, ...others]).size).toBe(5);
  });

  test.each([{}, { q: 'bakery' }, { state: 'attention', sort: 'age', dir: 'desc', page: '3' }, { dir: 'desc' }])(
    'of a query %j is asked for by an address that means the same',
    (query) => {
      expect(readListQuery(writeListQuery(readListQuery(query)))).toEqual(readListQuery(query));
    },
  );
});
