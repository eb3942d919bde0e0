import { leaseName } from '../../../src/api/names.ts';
import { connectionMetrics, ownMetrics } from '../../../src/observability/metrics-table.ts';
import type { Query } from './panel.ts';

const { tokenAge, tokenIssued, tokenExpiration, condition } = connectionMetrics;

/** What the variables at the head of the dashboard pick out. */
export const fleet = 'environment=~"$environment", application=~"$application"';
export const one = 'namespace="$namespace", name="$connection"';

const legendOf = (by: string) =>
  by
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' ');

export const rate = (metric: { readonly name: string }, by: string): Query => ({
  expression: `sum by (${by}) (rate(${metric.name}[$__rate_interval]))`,
  legend: legendOf(by),
});

/**
 * Of what happens too seldom for a rate: a token is renewed once a week. A counter is there from the first time on that there
 * is something to count, which is no increase: one that was not there an hour before counts as a whole.
 */
export function inAnHour({ name }: { readonly name: string }, by: string): Query {
  const before = `last_over_time(${name}[1h] offset 1h)`;
  return {
    expression: `sum by (${by}) (increase(${name}[1h]) and ${before} or ${name} unless ${before})`,
    legend: legendOf(by),
  };
}

export const quantile = (share: number, metric: { readonly name: string }, by = ''): Query => ({
  expression: `histogram_quantile(${share}, sum by (${['le', ...(by === '' ? [] : [by])].join(', ')}) (rate(${metric.name}_bucket[$__rate_interval])))`,
  legend: by === '' ? `p${share * 100}` : `{{${by}}} p${share * 100}`,
});

/** Of series of well-known names: those of the operator. */
export const operators = (expression: string) =>
  `${expression} * on (job, instance) group_left () max by (job, instance) (${ownMetrics.buildInfo.name})`;

/** Days, of an expression that gives seconds. */
export const inDays = (expression: string) => `(${expression}) / 86400`;

/** Seconds until a time that is told of a connection; negative once it has passed. Square's time is issue and age. */
export const until = (metric: { readonly name: string }, labels: string) =>
  `${metric.name}{${labels}} - ${tokenIssued.name} - ${tokenAge.name}`;
export const since = (metric: { readonly name: string }, labels: string) =>
  `${tokenIssued.name}{${labels}} + ${tokenAge.name} - ${metric.name}`;
export const left = (labels: string) => until(tokenExpiration, labels);

/** How many connections have a condition of that status; 0 where none has. */
export const counted = (type: string, status: string) =>
  `count(${condition.name}{${fleet}, type="${type}", status="${status}"}) or vector(0)`;

const having = (types: string, status: string) => `${condition.name}{${fleet}, type=~"${types}", status="${status}"}`;

/** Connections that work as far as is known, and cannot be proven now. */
export const unproven = `count(${having('Valid', 'Unknown')} and on (namespace, name) ${having('Ready', 'True')}) or vector(0)`;

/** What of a condition is not as it should be, of the whole fleet, one a line. That one is not ready is told where nothing says more. */
export const troubles = (() => {
  const more = `${having('Renewable|ScopesSatisfied', 'False')} or ${having('Expired|Revoked', 'True')}`;
  const wrong = `${more} or ${having('Ready', 'False')} unless on (namespace, name) (${more})`;
  return `max by (namespace, name, type, status) (${wrong})`;
})();

/** Alerts, as Prometheus tells of those that it evaluates. */
export const firing =
  'max by (alertname, severity, namespace, name) (ALERTS{alertstate="firing", alertname=~"Square.+"})';

/** Which replicas hold the lease: 1, or 0. */
export const leader = `${ownMetrics.leader.name}{name="${leaseName}"}`;

/**
 * The share of time that the event loop is busy now: what is exported is that since the process started, so the seconds that
 * it was busy are had back first.
 */
export const busyNow = (() => {
  const share = operators(ownMetrics.loopUtilization.name);
  const uptime = `(timestamp(${ownMetrics.loopUtilization.name}) - ${ownMetrics.startTime.name})`;
  return `clamp_min(deriv((${share} * on (job, instance) ${uptime})[$__rate_interval:]), 0)`;
})();
