import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { reasons } from '../../../src/api/conditions.ts';
import { days, hours, minutes, seconds } from '../../../src/clock.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { knownPermissions, permissionsInWords } from '../../../src/web/words/permissions.ts';
import { sellerState } from '../../../src/web/words/seller-state.ts';
import { inWords, staffState } from '../../../src/web/words/staff-state.ts';
import { relative } from '../../../src/web/words/times.ts';
import { noon } from '../../support/builders.ts';

const told = (conditions: Readonly<Record<string, string>>) =>
  readStatus({
    conditions: Object.entries(conditions).map(([type, text]) => {
      const [status, reason = ''] = text.split('/');
      return { type, status: status as 'True', reason, message: '', lastTransitionTime: '2026-07-01T00:00:00Z' };
    }),
  });
const well = { Ready: 'True/Valid', Valid: 'True/Accepted', Renewable: 'True/RefreshTokenSealed' };

describe('permissions', () => {
  test('are told in words, those that only look first, each once; unknown ones by name', () => {
    expect(permissionsInWords(['NEW_ONE', 'ORDERS_WRITE', 'ORDERS_READ', 'ORDERS_READ', 'toString'])).toEqual([
      { name: 'ORDERS_READ', may: 'see your orders', changes: false },
      { name: 'ORDERS_WRITE', may: 'make and change orders', changes: true },
      { name: 'NEW_ONE', changes: false },
      { name: 'toString', changes: false },
    ]);
  });

  test('what reads is told as seeing, and what writes is not', () => {
    for (const { name, changes } of permissionsInWords(knownPermissions))
      expect([name, changes]).toEqual([name, !name.endsWith('_READ')]);
    expect(knownPermissions).toHaveLength(59);
  });
});

describe('states', () => {
  test.each<[conditions: Record<string, string>, staff: string, seller: string]>([
    [{}, 'busy', 'busy/None'],
    [well, 'good', 'good/None'],
    [{ ...well, Ready: 'True/ReauthorizationNeeded', Renewable: 'False/RefreshRefused' }, 'warn', 'warn/Reconnect'],
    [{ ...well, ScopesSatisfied: 'False/ScopesMissing' }, 'warn', 'warn/Reconnect'],
    [{ ...well, Ready: 'True/Unverified', Valid: 'Unknown/Unverified' }, 'warn', 'busy/None'],
    [{ Ready: 'False/AwaitingAuthorization' }, 'busy', 'off/Connect'],
    [{ Ready: 'False/Revoked', Revoked: 'True/AccessTokenRevoked' }, 'bad', 'bad/Reconnect'],
    [
      { Ready: 'False/Expired', Expired: 'True/AccessTokenExpired', Reconciling: 'True/Retrying' },
      'bad',
      'bad/Reconnect',
    ],
    [{ Ready: 'False/Disconnected' }, 'off', 'off/Connect'],
    [{ Ready: 'False/Suspended' }, 'off', 'off/None'],
    [{ Ready: 'False/TakingUp', Reconciling: 'True/Retrying' }, 'busy', 'busy/None'],
    [{ Ready: 'False/ApplicationNotReady' }, 'bad', 'bad/None'],
    [{ Ready: 'False/SomethingNew' }, 'bad', 'bad/None'],
    [{ Ready: 'False/constructor' }, 'bad', 'bad/None'],
    [{ ...well, Ready: 'True/constructor' }, 'good', 'good/None'],
  ])('%j', (conditions, staff, seller) => {
    expect(staffState(told(conditions), false).tone).toBe(staff);
    const state = sellerState(told(conditions), false);
    expect(`${state.tone}/${state.offers}`).toBe(seller);
  });

  test('a deletion ends something at Square only where the status says so', () => {
    expect(sellerState(told({ Ready: 'False/Revoking' }), true).title).toBe('Your account is being disconnected');
    for (const status of [told(well), told({}), told({ Ready: 'False/RevokeGivenUp' })]) {
      expect(sellerState(status, true)).toMatchObject({ title: 'This connection is being removed', offers: 'None' });
    }
  });

  test('what is not well beside a token that works has its remedy told', () => {
    const state = staffState(told({ ...well, ScopesSatisfied: 'False/ScopesMissing' }), false);
    expect(state).toMatchObject({ word: 'Valid', remedy: reasons.ScopesMissing.remedy });
    expect(staffState(told(well), false).remedy).toBe('');
  });

  test('every reason has words for both, and a remedy where it has one', () => {
    for (const [reason, { remedy }] of Object.entries(reasons)) {
      expect(staffState(told({ Ready: `False/${reason}` }), false)).toMatchObject({ word: inWords(reason), remedy });
      expect(sellerState(told({ Ready: `False/${reason}` }), false).title).not.toBe('');
    }
  });

  test('a shop owner reads nothing of clusters and tokens', () => {
    const jargon =
      /\b(kubernetes|cluster|token|secret|namespace|spec|grant|credential|refresh|OAuth|scope|operator)\b/i;
    for (const reason of Object.keys(reasons)) {
      for (const ready of [`False/${reason}`, `True/${reason}`]) {
        const { word, title, says } = sellerState(told({ Ready: ready }), false);
        expect(`${word} ${title} ${says}`).not.toMatch(jargon);
      }
    }
  });
});

describe('times', () => {
  const cases: readonly (readonly [away: number, words: string])[] = [
    [0, 'just now'],
    [-seconds(44), 'just now'],
    [-seconds(50), '1 minute ago'],
    [minutes(30), 'in 30 minutes'],
    [-minutes(89), '89 minutes ago'],
    [-hours(2), '2 hours ago'],
    [-hours(47), '47 hours ago'],
    [days(2), 'in 2 days'],
    [-days(400), '400 days ago'],
  ];
  test.each(cases)('%d ms are %s', (away, words) => {
    expect(relative(noon + away, noon)).toBe(words);
  });

  test("the browser's script says the same", () => {
    const script = readFileSync(new URL('../../../src/web/assets/app.js', import.meta.url), 'utf8');
    const source = /const units = [\s\S]*?\n}\n/.exec(script)?.[0] ?? '';
    const inBrowser = runInNewContext(`${source}; relative`) as typeof relative;
    for (const [away, words] of cases) expect(inBrowser(noon + away, noon)).toBe(words);
  });
});
