import { describe, expect, test } from 'vitest';
import { connectionPage } from '../../../src/cli/connection-page.ts';
import { eventsOf } from '../../../src/cli/events.ts';
import { overview } from '../../../src/cli/overview.ts';
import { createScreen } from '../../../src/cli/screen.ts';
import { see } from '../../../src/cli/seen.ts';
import { widthOf } from '../../../src/cli/table.ts';
import { connectionTable } from '../../../src/cli/verbs/list.ts';
import { aCondition, anObject, noon, paper, refused, valid } from './fixtures.ts';

const screenOf = (columns: number) => createScreen({ stdout: paper(columns), stderr: paper(), color: false, env: {} });
const widest = (text: string) => Math.max(...text.split('\n').map(widthOf));

const event = {
  metadata: { name: 'bakery.1', namespace: 'shop' },
  type: 'Warning',
  reason: 'RefreshRefused',
  note: 'Square refused the refresh token: it was revoked. Have the seller sign in again before 2026-07-30T12:00:00Z.',
  eventTime: '2026-07-01T10:00:00.000000Z',
  series: { count: 3, lastObservedTime: '2026-07-01T11:00:00.000000Z' },
  regarding: { uid: 'uid-of-shop-bakery' },
};

describe.each([80, 120])('at %d columns', (columns) => {
  test('the page of a connection that needs somebody', async () => {
    const seen = see(anObject({ status: refused() }));
    const page = connectionPage(screenOf(columns), seen, { events: eventsOf([event], 'uid-of-shop-bakery') }, noon);
    expect(widest(page)).toBeLessThanOrEqual(columns);
    await expect(`${page}\n`).toMatchFileSnapshot(`pages/refused-${columns}.txt`);
  });

  test('the page of one that works', async () => {
    const page = connectionPage(screenOf(columns), see(anObject({ status: valid() })), { events: [] }, noon);
    expect(widest(page)).toBeLessThanOrEqual(columns);
    await expect(`${page}\n`).toMatchFileSnapshot(`pages/valid-${columns}.txt`);
  });

  test('the overview and the list of a fleet', async () => {
    const waiting = { observedGeneration: 1, conditions: [aCondition('Ready', 'False', 'AwaitingAuthorization', '')] };
    const fleet = [
      ...Array.from({ length: 14 }, (_, i) =>
        see(anObject({ name: `store-${i + 1}`, status: i < 13 ? refused() : valid() })),
      ),
      see(anObject({ name: 'a-connection-with-a-really-long-name-as-they-come-from-generators', status: waiting })),
      see(anObject({ name: 'new' })),
    ];
    const text = overview(screenOf(columns), fleet, true, noon);
    const list = connectionTable(screenOf(columns), fleet, true, noon, false);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    expect(widest(list)).toBeLessThanOrEqual(columns);
    await expect(`${text}\n\n${list}\n`).toMatchFileSnapshot(`pages/fleet-${columns}.txt`);
  });
});

test('events of an earlier object of that name are not told, and repeated ones are counted', () => {
  const other = { ...event, regarding: { uid: 'another' } };
  expect(eventsOf([other, event], 'uid-of-shop-bakery')).toEqual([
    expect.objectContaining({ at: '2026-07-01T11:00:00.000000Z', count: 3, reason: 'RefreshRefused' }),
  ]);
});

test('an object that nobody has looked at says so', () => {
  const page = connectionPage(screenOf(100), see(anObject()), { events: [] }, noon);
  expect(page).toContain('not seen by the operator yet');
  expect(page).toContain('kubectl square doctor');
});

test('an object of another version, or damaged, is shown as far as it goes', () => {
  const odd = see({ ...anObject({ status: valid() }), spec: { applicationRef: 'pos' } });
  expect(connectionPage(screenOf(100), odd, { events: [] }, noon)).toContain('Valid (Ready True)');
  const restored = see(anObject({ status: { conditions: 'none' } }));
  expect(connectionPage(screenOf(100), restored, { events: [] }, noon)).toContain('not seen by the operator yet');
});
