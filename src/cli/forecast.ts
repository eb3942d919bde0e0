import { formatInstant, hours, type Instant, parseInstant } from '../clock.ts';
import { nextVerifySlot, refreshDueAt } from '../domain/schedule.ts';
import { applicationKey } from './expected.ts';
import type { Seen } from './seen.ts';

/** A refresh asks for a token, and puts the new one to the test at once. Whether Square took a limit is asked, too. */
const callsOfRefresh = ({ spec }: Seen): number => ((spec.scopes ?? []).length === 0 ? 2 : 3);

export const horizon = 7 * 24;

/** The calls to Square of one application in the hours to come. */
export interface Forecast {
  /** `namespace/name`; empty for personal access tokens. */
  readonly application: string;
  readonly connections: number;
  /** Of each hour, the first one that which is under way. */
  readonly refreshes: readonly number[];
  readonly verifications: readonly number[];
  /** Both, as calls. */
  readonly calls: readonly number[];
}

/** The start of the hour that an instant lies in. */
export const hourOf = (instant: Instant): Instant => Math.floor(instant / hours(1)) * hours(1);

/**
 * What the connections will ask of Square in the coming 7 days, as far as their own schedules tell: refreshes from
 * `nextRefreshTime` on, verifications in their slots. Requests, failures and new sellers come on top.
 */
export function forecast(found: readonly Seen[], now: Instant): Forecast[] {
  const byApplication = Map.groupBy(found, applicationKey);
  return [...byApplication.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([application, connections]) => {
      const [refreshes, verifications, calls] = [none(), none(), none()];
      for (const seen of connections) {
        const [due, slots] = [[...refreshesOf(seen, now)], [...verificationsOf(seen, now)]];
        count(refreshes, due, now);
        count(verifications, slots, now);
        count(calls, due, now, callsOfRefresh(seen));
        count(calls, slots, now);
      }
      return { application, connections: connections.length, refreshes, verifications, calls };
    });
}

const end = (now: Instant): Instant => hourOf(now) + hours(horizon);

const none = (): number[] => Array.from({ length: horizon }, () => 0);

function count(into: number[], instants: Iterable<Instant>, now: Instant, each = 1): void {
  for (const instant of instants) {
    const hour = Math.floor((instant - hourOf(now)) / hours(1));
    into[hour] = (into[hour] ?? 0) + each;
  }
}

/** From the next one on, each due as the operator would have it after the one before. One that is late is due now. */
function* refreshesOf({ status, spec, object }: Seen, now: Instant): Generator<Instant> {
  const next = instantOf(status.nextRefreshTime);
  if (next === undefined || spec.suspend === true) return;
  const [issued, ends] = [instantOf(status.accessTokenIssuedAt), instantOf(status.accessTokenExpiresAt)];
  const lifetime = issued === undefined || ends === undefined ? undefined : ends - issued;
  const uid = object.metadata.uid ?? '';
  for (let at = Math.max(next, now); at < end(now); ) {
    yield at;
    const accessToken = { issuedAt: at, ...(lifetime !== undefined && { expiresAt: at + lifetime }) };
    at = refreshDueAt(spec, { accessToken }, uid);
  }
}

const instantOf = (time: string | undefined): Instant | undefined =>
  time === undefined ? undefined : parseInstant(time);

/** Only where there is a token to verify. */
function* verificationsOf({ status, spec, object }: Seen, now: Instant): Generator<Instant> {
  if (status.accessTokenIssuedAt === undefined || spec.suspend === true) return;
  const slot = (after: Instant) => nextVerifySlot(spec, object.metadata.uid ?? '', after);
  for (let at = slot(now); at < end(now); at = slot(at)) yield at;
}

/** The busiest hour. */
export function peakOf(
  { calls }: Pick<Forecast, 'calls'>,
  now: Instant,
): { readonly calls: number; readonly at: string } {
  const most = Math.max(0, ...calls);
  return { calls: most, at: formatInstant(hourOf(now) + hours(Math.max(0, calls.indexOf(most)))) };
}
