import type { KubeObject } from '../../kube/resource.ts';
import type { Cluster, ServerTime } from '../cluster.ts';
import type { Seen } from '../seen.ts';

export type Health = 'ok' | 'warn' | 'fail' | 'skip';

/** What one look found. */
export interface Finding {
  readonly check: string;
  readonly health: Health;
  /** What is so; where it is wrong, since when or how many. */
  readonly says: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** What the checks look at. Each part is asked for once; those that may not be read are absent, and why is in `unread`. */
export interface Patient {
  readonly cluster: Cluster;
  readonly time: ServerTime;
  /** The namespace that is looked at; `undefined`: all. */
  readonly namespace: string | undefined;
  readonly operatorNamespace: string;
  readonly connections?: readonly Seen[];
  readonly applications?: readonly KubeObject[];
  readonly deployment?: KubeObject;
  readonly lease?: KubeObject;
  /** The text of the operator's metrics. */
  readonly metrics?: string;
  /** By part, why it could not be read. */
  readonly unread: Readonly<
    Partial<Record<'connections' | 'applications' | 'deployment' | 'lease' | 'metrics', string>>
  >;
}

/** Both could be looked for, and neither is there: no operator runs in its namespace, nor ever did. */
export const isNotInstalled = ({ deployment, lease, unread }: Patient): boolean =>
  [deployment, lease, unread.deployment, unread.lease].every((one) => one === undefined);

/** A check by its name. A `KubeError` that it throws counts as not to be seen. */
export interface Check {
  readonly name: string;
  look(patient: Patient): Promise<readonly Omit<Finding, 'check'>[]> | readonly Omit<Finding, 'check'>[];
}

export type Found = Omit<Finding, 'check'>;

export const ok = (says: string): Found => ({ health: 'ok', says });
export const warn = (says: string, remedy: string): Found => ({ health: 'warn', says, remedy });
export const fail = (says: string, remedy: string): Found => ({ health: 'fail', says, remedy });
export const skip = (says: string): Found => ({ health: 'skip', says });

/** `a, b, c and 12 more`. */
export function some(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length <= most ? shown : `${shown} and ${names.length - most} more`;
}
