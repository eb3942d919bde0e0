import { connectionMetrics, ownMetrics, viewMetrics } from '../../src/observability/metrics-table.ts';

/**
 * Expressions that the alerts are made of. Ages and ends of tokens are reckoned by Square's time, which the operator
 * exports with the age: the clock of Prometheus has no say in them.
 */

/** What names a connection. Pod and instance are left out, so that a change of the lease holder is no news. */
const perConnection = (expression: string) => `max by (namespace, name, application, environment) (${expression})`;

/** Connections of which a condition has this status. */
export const condition = (type: string, status: string) =>
  perConnection(`${connectionMetrics.condition.name}{type="${type}", status="${status}"}`);

const age = connectionMetrics.tokenAge.name;
const issued = connectionMetrics.tokenIssued.name;
const ends = connectionMetrics.tokenExpiration.name;

/** Seconds since the access token was issued. */
export const tokenAge = perConnection(age);

/** Seconds from issue to end. */
export const tokenLifetime = perConnection(`${ends} - ${issued}`);

/** Seconds until the access token ends; negative once it has. */
export const tokenRemaining = perConnection(`${ends} - ${issued} - ${age}`);

/** Seconds until the refresh token ends; only single-use ones do. */
export const refreshTokenRemaining = perConnection(
  `${connectionMetrics.refreshTokenExpiration.name} - ${issued} - ${age}`,
);

/** Seconds for which a refresh has been due without being made or put off. */
export const refreshOverdue = perConnection(`${issued} + ${age} - ${connectionMetrics.nextRefresh.name}`);

/** Connections that somebody has suspended. */
export const suspended = perConnection(connectionMetrics.suspended.name);

/** Applications that are at fault themselves, with the reason. */
export const faultyApplications = applicationsThat('status="False"');

/** A fault of the application is told of as such: nothing of its connections says whether Square can be reached. */
export const whileApplicationWorks = `unless on (application, environment) ${faultyApplications}`;

/** Connections that worked when Square was asked last, of applications that are not at fault themselves. */
const working = lines(condition('Ready', 'True'), whileApplicationWorks);

/** Those of them that cannot be proven now. */
export const unverifiable = lines(condition('Valid', 'Unknown'), `and (${nested(working)})`);

/** A recording rule: the share of an environment's working connections that cannot be proven. */
export const unverifiableShare = {
  record: 'environment:square_connections_unverifiable:ratio',
  expression: lines(
    `count by (environment) (${nested(unverifiable)})`,
    `/ count by (environment) (${nested(working)})`,
  ),
} as const;

/** Environments in which so many connections cannot be proven that it is not the connections. */
export const outage = `${unverifiableShare.record} > 0.5`;

/** Applications whose condition `Ready` matches. */
export function applicationsThat(matches: string): string {
  return `max by (application, environment, reason) (${viewMetrics.applicationCondition.name}{type="Ready", ${matches}})`;
}

/** Series of well-known names that are this operator's: other programs export them too. */
export const ofTheOperator = (expression: string) =>
  lines(expression, `* on (job, instance) group_left ()`, `  max by (job, instance) (${ownMetrics.buildInfo.name})`);

export const days = (count: number) => count * 86_400;
export const hours = (count: number) => count * 3_600;

export function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}

/** An expression between brackets, on lines of its own where it has several. */
export function nested(expression: string): string {
  return expression.includes('\n') ? `\n  ${expression.replaceAll('\n', '\n  ')}\n` : expression;
}
