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
 * Reads the annotation of a connection: the reports in the order of their revocations. What is missing, or was not written
 * by `formatReports`, counts as none: anybody who may annotate a connection may write anything there.
 */
export function parseReports(annotation: string | undefined): readonly RevocationReport[] {
  if (annotation === undefined || annotation.length > longestReports) return [];
  const read = writtenReports.safeParse(json(annotation));
  if (!read.success) return [];
  return read.data
    .flatMap(({ revokedAt, ...rest }) => {
      const at = parseInstant(revokedAt);
      return at === undefined ? [] : [{ ...rest, revokedAt: at }];
    })
    .toSorted(byTime);
}

/** The annotation's value. Milliseconds are kept: a report and a grant may be of the same second. */
export const formatReports = (reports: readonly RevocationReport[]): string =>
  JSON.stringify(
    reports.map(({ eventID, revokedAt, revoker }) =>
      writtenReport.parse({ eventID, revokedAt: new Date(revokedAt).toISOString(), revoker }),
    ),
  );

/**
 * The reports with one more; `undefined` when it says nothing new, because it is remembered, or is older than all of the
 * few that are. So whatever is repeated, in whichever order, comes to an end.
 */
export function withReport(
  reports: readonly RevocationReport[],
  report: RevocationReport,
): readonly RevocationReport[] | undefined {
  if (reports.some(({ eventID }) => eventID === report.eventID)) return undefined;
  const kept = [...reports, report].toSorted(byTime).slice(-reportsRemembered);
  return kept.includes(report) ? kept : undefined;
}

/** Square's time is known to the second, and this much is allowed for two of its machines. */
const clocksDiffer = seconds(5);

/**
 * The latest report that may concern a token issued at `issuedAt`; `undefined` when there is none. A revocation from before
 * the token was issued ended an earlier authorization, since Square issues nothing for one that is over.
 */
export function reportAbout(reports: readonly RevocationReport[], issuedAt: Instant): RevocationReport | undefined {
  const latest = reports.at(-1);
  return latest !== undefined && latest.revokedAt >= issuedAt - clocksDiffer ? latest : undefined;
}

/** Of two of the same moment the one with the lower ID comes first, so that every replica keeps the same ones. */
const byTime = (a: RevocationReport, b: RevocationReport) =>
  a.revokedAt - b.revokedAt || (a.eventID < b.eventID ? -1 : Number(a.eventID > b.eventID));

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
