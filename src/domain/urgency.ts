import type { Instant } from '../clock.ts';
import type { Connection } from './observation.ts';
import type { StoredStatus } from './recall.ts';
import { concernsToken } from './revocation-report.ts';

/** A person waits for it, or a namespace. */
const requested = -2;
/** There is no token at all yet. */
const neverSynced = -1;
/** Square has reported that the token was revoked: workloads use it in vain. Until the next token. */
const reported = 0;

/**
 * Who goes first when not all can be served at once: the smaller the sooner. Whom a person waits for, then who never had a
 * token, then whose revocation Square has reported, then the token or the authorization that ends soonest; what never ends comes last. By what is stored alone, so
 * that every process comes to the same order.
 */
export function urgencyOf(
  { requests, reports = [], deleting }: Pick<Connection, 'requests' | 'reports' | 'deleting'>,
  { revision, issuedAt, expiresAt, refreshTokenExpiresAt, ...handled }: StoredStatus,
): Instant {
  const open = (request: string | undefined, answered: string | undefined) =>
    request !== undefined && request !== answered;
  if (deleting || open(requests.refresh, handled.handledRefresh) || open(requests.adopt, handled.handledAdopt)) {
    return requested;
  }
  if (open(requests.disconnect, handled.handledDisconnect) || open(requests.connect, handled.handledConnect)) {
    return requested;
  }
  if (revision === 0) return neverSynced;
  if (issuedAt !== undefined && reports.some((report) => concernsToken(report, issuedAt))) return reported;
  const end = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, refreshTokenExpiresAt ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(end) ? Math.max(0, end) : Number.MAX_SAFE_INTEGER;
}
