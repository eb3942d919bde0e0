import {
  longestReports,
  type Revoker,
  reportsRemembered,
  writtenReport,
  writtenReports,
} from '../api/revocation-report.ts';
import { type Instant, parseInstant, seconds } from '../clock.ts';

/** Square's report that an authorization was ended. It proves nothing by itself: it is a reason to ask. */
export interface RevocationReport {
  /** The same in every repetition of the report. */
  readonly eventID: string;
  /** Square's time. */
  readonly revokedAt: Instant;
  readonly revoker: Revoker;
}

/**
 * Reads the annotation of a connection: the reports in the order in which they came. What is missing, or was not written by
 * `formatReports`, counts as none: anybody who may annotate a connection may write anything there.
 */
export function parseReports(annotation: string | undefined): readonly RevocationReport[] {
  if (annotation === undefined || annotation.length > longestReports) return [];
  const read = writtenReports.safeParse(json(annotation));
  if (!read.success) return [];
  return read.data.flatMap(({ revokedAt, ...rest }) => {
    const at = parseInstant(revokedAt);
    return at === undefined ? [] : [{ ...rest, revokedAt: at }];
  });
}

/** The annotation's value. Milliseconds are kept: a report and a grant may be of the same second. */
export const formatReports = (reports: readonly RevocationReport[]): string =>
  JSON.stringify(
    reports.map(({ eventID, revokedAt, revoker }) =>
      writtenReport.parse({ eventID, revokedAt: new Date(revokedAt).toISOString(), revoker }),
    ),
  );

/**
 * The reports with one more, the oldest given up for it; `undefined` when it is remembered. They stand in the order in which
 * they came: by their times one that is dated ahead would hide all that come after it.
 */
export function withReport(
  reports: readonly RevocationReport[],
  report: RevocationReport,
): readonly RevocationReport[] | undefined {
  if (reports.some(({ eventID }) => eventID === report.eventID)) return undefined;
  return [...reports, report].slice(-reportsRemembered);
}

/** Square's time is known to the second, and this much is allowed for two of its machines. */
const clocksDiffer = seconds(5);

/**
 * Whether the report may concern a token issued at `issuedAt`. A revocation from before the token was issued ended an
 * earlier authorization, since Square issues nothing for one that is over.
 */
export const concernsToken = ({ revokedAt }: RevocationReport, issuedAt: Instant): boolean =>
  revokedAt >= issuedAt - clocksDiffer;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
