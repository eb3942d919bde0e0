import { minutes } from '../clock.ts';
import type { Observation } from './observation.ts';
import { concernsToken, type RevocationReport } from './revocation-report.ts';

/** An acceptance so long after a reported revocation answers the report, although nobody knew of it then. */
const beyondDoubt = minutes(5);

/**
 * The report of a revocation for which the access token that is held has to be put to the test; `undefined` while there is
 * none. Each is answered once, by Square's next decisive word about the token, and not at all when the token was issued
 * later, or is known to be dead already.
 */
export function openReport({ connection, grant, history }: Observation): RevocationReport | undefined {
  const { reports } = connection;
  if (reports === undefined || grant.kind !== 'Held' || history.proof.kind !== 'Accepted') return undefined;
  const { issuedAt } = grant.grant.accessToken;
  const { answeredReport, verifiedAt = 0 } = history;
  const since = reports.findIndex(({ eventID }) => eventID === answeredReport) + 1;
  const known = (report: RevocationReport) =>
    answeredReport === undefined && verifiedAt >= report.revokedAt + beyondDoubt;
  return reports.slice(since).findLast((report) => concernsToken(report, issuedAt) && !known(report));
}
