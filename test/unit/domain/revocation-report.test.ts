import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { longestReports, reportsRemembered, revokers } from '../../../src/api/revocation-report.ts';
import {
  formatReports,
  parseReports,
  type RevocationReport,
  reportAbout,
  withReport,
} from '../../../src/domain/revocation-report.ts';
import { noon } from '../../support/builders.ts';

const aReport = (fields: Partial<RevocationReport> = {}): RevocationReport => ({
  eventID: '00000000-0000-4000-8000-000000000001',
  revokedAt: noon,
  revoker: 'MERCHANT',
  ...fields,
});

/** What becomes of reports that arrive one after another. */
const remembered = (arriving: readonly RevocationReport[]) =>
  arriving.reduce<readonly RevocationReport[]>((reports, report) => withReport(reports, report) ?? reports, []);

const reports = fc.uniqueArray(
  fc.record<RevocationReport>({
    eventID: fc.stringMatching(/^[!-~]{1,64}$/),
    revokedAt: fc.integer({ min: 0, max: Date.UTC(9999, 0) }),
    revoker: fc.constantFrom(...revokers),
  }),
  { selector: ({ eventID }) => eventID, maxLength: 8 },
);

describe('the annotation', () => {
  it('names event, time and revoker', () => {
    expect(formatReports([aReport({ revokedAt: noon + 246 })])).toBe(
      '[{"eventID":"00000000-0000-4000-8000-000000000001","revokedAt":"2026-07-01T12:00:00.246Z","revoker":"MERCHANT"}]',
    );
  });

  it('reads as it was written, and is short', () => {
    fc.assert(
      fc.property(reports, (arriving) => {
        const kept = remembered(arriving);
        const written = formatReports(kept);
        expect(written.length).toBeLessThanOrEqual(longestReports);
        expect(parseReports(written)).toEqual(kept);
      }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '[{'],
    ['no list', '{"eventID":"1"}'],
    ['a time that is none', formatReports([aReport()]).replace(/2026[^"]*/, 'yesterday')],
    ['a revoker that is none', formatReports([aReport()]).replace('MERCHANT', 'SOMEBODY')],
    ['an event without an ID', formatReports([aReport()]).replace(/0000[^"]*/, '')],
    ['too many', JSON.stringify(Array.from({ length: reportsRemembered + 1 }, () => ({})))],
    ['too much', ' '.repeat(longestReports) + formatReports([aReport()])],
  ])('with %s has no reports', (_, annotation) => {
    expect(parseReports(annotation)).toEqual([]);
  });

  it('may hold anything', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => Array.isArray(parseReports(text))));
  });
});

describe('a report', () => {
  it('that is remembered says nothing new, whatever else it says', () => {
    expect(withReport([aReport()], aReport({ revokedAt: noon + 1, revoker: 'SQUARE' }))).toBeUndefined();
  });

  it('that is older than all that can be remembered says nothing new', () => {
    const full = Array.from({ length: reportsRemembered }, (_, i) => aReport({ eventID: `${i}`, revokedAt: noon + i }));
    expect(withReport(full, aReport({ eventID: 'late', revokedAt: noon - 1 }))).toBeUndefined();
    expect(withReport(full, aReport({ eventID: 'new', revokedAt: noon + 10 }))?.map(({ eventID }) => eventID)).toEqual([
      '1',
      '2',
      '3',
      'new',
    ]);
  });

  test('reports in any order, however often repeated, end in the same, and then nothing is written any more', () => {
    const histories = reports.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.shuffledSubarray(list)),
    );
    fc.assert(
      fc.property(histories, ([list, shuffled, again]) => {
        const kept = remembered(list);
        expect(remembered([...shuffled, ...again])).toEqual(kept);
        for (const report of list) expect(withReport(kept, report)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['no report', [], undefined],
    ['a report from before', [aReport({ revokedAt: noon - 6_000 })], undefined],
    ['a report of the same time, as far as clocks go', [aReport({ revokedAt: noon - 3_000 })], noon - 3_000],
    ['several', [aReport({ revokedAt: noon - 1 }), aReport({ eventID: '2', revokedAt: noon + 60_000 })], noon + 60_000],
  ])('about a token that was issued at noon: %s', (_, list, at) => {
    expect(reportAbout(list, noon + 900)?.revokedAt).toBe(at);
  });
});
