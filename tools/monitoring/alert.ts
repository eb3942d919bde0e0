import { lines, nested } from './promql.ts';

/** How soon a person has to know: now, in working hours, or when looking. */
export type Severity = 'critical' | 'warning' | 'info';

/** One alert. Its runbook is the section of its name in docs/runbooks. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  readonly expression: string;
  /** A Prometheus duration. */
  readonly for: string;
  readonly summary: string;
  /** What is so, and what that comes to for whoever depends on it. */
  readonly description: string;
  /** A command that shows what to do, or does it. */
  readonly remedy: string;
  /** Whose runbook is read. Default: `name`. */
  readonly runbook?: string;
}

/** An alert about one connection, and what is said of many. */
export interface ConnectionAlert extends Omit<Alert, 'runbook' | 'summary'> {
  /** After "Square connection shop/bakery" */
  readonly says: string;
  /** After "24 connections of application shop/pos". */
  readonly saysOfMany: string;
  /** Of many at once. Default: as of one. */
  readonly severityOfMany?: Severity;
}

/** More connections of one application than this have one cause, and are one page. */
export const mostAlone = 10;

/** A connection in a command line. */
const target = '{{ $labels.name }} -n {{ $labels.namespace }}';

/**
 * Two alerts: one about each connection while they are few, and one about all of an application's when they are many.
 * The expression keeps the labels namespace, name, application and environment. In `remedy`, CONNECTION becomes the
 * connection.
 */
export function aboutConnections(alert: ConnectionAlert): readonly Alert[] {
  const { says, saysOfMany, severityOfMany, ...rest } = alert;
  const many = lines(`count by (application, environment) (${nested(rest.expression)}) > ${mostAlone}`);
  return [
    {
      ...rest,
      expression: lines(`(${nested(rest.expression)})`, `unless on (application, environment) (${nested(many)})`),
      summary: `Square connection {{ $labels.namespace }}/{{ $labels.name }} ${says}`,
      remedy: rest.remedy.replaceAll('CONNECTION', target),
    },
    {
      ...rest,
      name: `${rest.name}ForMany`,
      runbook: rest.name,
      severity: severityOfMany ?? rest.severity,
      expression: many,
      summary: `{{ $value }} connections {{ if $labels.application }}of Square application {{ $labels.application }}{{ else }}without a Square application{{ end }} ${saysOfMany}`,
      description: `So many at once have one cause. ${rest.description}`,
      remedy: 'kubectl square list -A',
    },
  ];
}
