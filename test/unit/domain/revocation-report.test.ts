import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { longestReports, reportsRemembered, revokers } from '../../../src/api/revocation-report.ts';
import {
  concernsToken,
  formatReports,
  parseReports,
  type RevocationReport,
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

  it('is remembered after those that came before it, whatever its time, and the oldest is given up for it', () => {
    const ahead = Array.from({ length: reportsRemembered }, (_, i) =>
      aReport({ eventID: `${i}`, revokedAt: Date.UTC(9999, 0, i + 1) }),
    );
    expect(withReport(ahead, aReport({ eventID: 'new' }))?.map(({ eventID }) => eventID)).toEqual([
      '1',
      '2',
      '3',
      'new',
    ]);
  });

  test('the latest are remembered, each once, however often they are repeated', () => {
    fc.assert(
      fc.property(reports, (arriving) => {
        const kept = remembered(arriving.flatMap((report) => [report, report]));
        expect(kept).toEqual(arriving.slice(-reportsRemembered));
        for (const report of kept) expect(withReport(kept, report)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['of before', noon - 6_000, false],
    ['of the same time, as far as clocks go', noon - 3_000, true],
    ['of later', noon + 60_000, true],
    ['of a time that is far ahead', Date.UTC(9999, 11, 31), true],
  ])('%s concerns a token that was issued at noon: or not', (_, revokedAt, concerns) => {
    expect(concernsToken(aReport({ revokedAt }), noon + 900)).toBe(concerns);
  });
});
