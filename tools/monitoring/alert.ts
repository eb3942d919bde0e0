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

/** A recording rule: what is asked once and read by several alerts, or what a later evaluation has to know. */
export interface Recording {
  readonly record: string;
  readonly expression: string;
}

/** An alert about one connection, and what is said of many. */
export interface ConnectionAlert extends Omit<Alert, 'runbook' | 'summary'> {
  /** After "Square connection shop/bakery" */
  readonly says: string;
  /** After "24 connections of application shop/pos". */
  readonly saysOfMany: string;
  /** Of many at once. Default: as of one. */
  readonly severityOfMany?: Severity;
  /**
   * Given where it may last for good, because only the seller or a wish ends it: those who came to it within so long are
   * told together, and who came to it one by one are not counted. Default: all who are concerned have one cause.
   */
  readonly atOnceWithin?: '1d' | '7d';
}

/** What is said about connections in one respect. The alerts read the recordings, which go before them. */
export interface ConnectionRules {
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
}

/** More connections of one application than this have one cause, and are one page. */
export const mostAlone = 10;

/** A connection in a command line. */
const target = '{{ $labels.name }} -n {{ $labels.namespace }}';

const perApplication = (expression: string) =>
  lines(`count by (application, environment) (${nested(expression)}) > ${mostAlone}`);

/** Who is concerned, who of them is told alone, and of which applications many are told together. */
interface Told {
  readonly recordings: readonly Recording[];
  readonly alone: string;
  readonly many: string;
}

/** All who are concerned, told together while they are many. */
function together(expression: string): Told {
  const many = perApplication(expression);
  const alone = lines(`(${nested(expression)})`, `unless on (application, environment) (${nested(many)})`);
  return { recordings: [], alone, many };
}

/**
 * Those who came to it at once are told together until few of them are left. That they did is kept in a recording that
 * reads itself, so it is neither forgotten when that time has passed, nor where series pause for less than a day: the
 * operator is started again, another replica leads, Prometheus is away.
 */
function atOnce(name: string, expression: string, within: string): Told {
  const level = `connection:${name.replaceAll(/(?<!^)[A-Z]/g, (capital) => `_${capital}`).toLowerCase()}`;
  const [all, together] = [`${level}:all`, `${level}:at_once`];
  const came = lines(all, `unless last_over_time(${all}[1d] offset ${within})`);
  const cameAtOnce = lines(
    `(${nested(came)})`,
    `and on (application, environment) (${nested(perApplication(came))})`,
    `or (${all} and last_over_time(${together}[1d]))`,
  );
  const many = perApplication(together);
  return {
    recordings: [
      { record: all, expression },
      { record: together, expression: cameAtOnce },
    ],
    alone: lines(all, `unless (${nested(lines(together, `and on (application, environment) (${nested(many)})`))})`),
    many,
  };
}

/**
 * Two alerts: one about each connection while they are few, and one about all of an application's when they are many.
 * The expression keeps the labels namespace, name, application and environment. In `remedy`, CONNECTION becomes the
 * connection.
 */
export function aboutConnections(alert: ConnectionAlert): ConnectionRules {
  const { says, saysOfMany, severityOfMany, atOnceWithin, ...rest } = alert;
  const { recordings, alone, many } =
    atOnceWithin === undefined ? together(rest.expression) : atOnce(rest.name, rest.expression, atOnceWithin);
  const alerts = [
    {
      ...rest,
      expression: alone,
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
  return { recordings, alerts };
}
