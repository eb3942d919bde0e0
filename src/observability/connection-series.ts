import type { Instant } from '../clock.ts';
import { escapeLabel, headOf, labelsOf } from './exposition.ts';
import { connectionMetrics, type MetricDefinition } from './metrics-table.ts';
import type { ConnectionSeries } from './port.ts';

const {
  tokenAge,
  tokenIssued,
  tokenExpiration,
  refreshTokenExpiration,
  nextRefresh,
  lastVerified,
  suspended,
  condition,
} = connectionMetrics;

type Value = (connection: ConnectionSeries, now: Instant) => number | undefined;
const inSeconds = (instant: Instant | undefined) => (instant === undefined ? undefined : instant / 1_000);

const gauges: readonly (readonly [MetricDefinition, Value])[] = [
  [
    tokenAge,
    ({ issuedAt, personalAccessToken }, now) =>
      issuedAt === undefined || personalAccessToken ? undefined : Math.max(0, now - issuedAt) / 1_000,
  ],
  [tokenIssued, ({ issuedAt }) => inSeconds(issuedAt)],
  [tokenExpiration, ({ expiresAt }) => inSeconds(expiresAt)],
  [refreshTokenExpiration, ({ refreshTokenExpiresAt }) => inSeconds(refreshTokenExpiresAt)],
  [nextRefresh, ({ nextRefreshAt }) => inSeconds(nextRefreshAt)],
  [lastVerified, ({ lastVerifiedAt }) => inSeconds(lastVerifiedAt)],
  [suspended, (series) => (series.suspended ? 1 : undefined)],
];

/** Characters gathered before they are handed on. */
const chunkSize = 64 * 1_024;

/**
 * The series of all connections in the text format, piece by piece, so that neither all of it lies in memory nor the
 * event loop stands still. `now` is Square's time in an environment. Nothing is kept from one scrape to the next: a series goes with its
 * object.
 */
export function* connectionText(
  connections: Iterable<ConnectionSeries>,
  now: (environment: string) => Instant,
): Generator<string> {
  const rows: { readonly series: ConnectionSeries; readonly labels: string }[] = [];
  const names = ['namespace', 'name', 'application', 'environment'];
  for (const series of connections) {
    const { namespace, name, application, environment } = series;
    rows.push({ series, labels: labelsOf(names, [namespace, name, application, environment]) });
  }
  let text = '';
  for (const [metric, value] of gauges) {
    text += headOf(metric);
    for (const { series, labels } of rows) {
      const found = value(series, now(series.environment));
      if (found !== undefined) text += `${metric.name}{${labels}} ${found}\n`;
      if (text.length > chunkSize) {
        yield text;
        text = '';
      }
    }
  }
  text += headOf(condition);
  for (const { series, labels } of rows) {
    for (const [type, status] of series.conditions) {
      text += `${condition.name}{${labels},type="${escapeLabel(type)}",status="${escapeLabel(status)}"} 1\n`;
    }
    if (text.length > chunkSize) {
      yield text;
      text = '';
    }
  }
  yield text;
}
