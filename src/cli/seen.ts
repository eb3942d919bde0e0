import { applicationReasons, type ConditionType, conditionTypes, reasons } from '../api/conditions.ts';
import { type Condition, type ConnectionSpec, type ConnectionStatus, connectionStatus } from '../api/connection.ts';
import { parseConnection } from '../api/parse.ts';
import type { KubeObject } from '../kube/resource.ts';

/** A connection as the API server gave it, and what of it can be read. */
export interface Seen {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  /** `namespace/name`. */
  readonly key: string;
  /** Empty where the spec is not one of this version. */
  readonly spec: Partial<ConnectionSpec>;
  readonly status: ConnectionStatus;
}

export function see(object: KubeObject): Seen {
  const { namespace = '', name } = object.metadata;
  const read = parseConnection(object);
  const about = { object, namespace, name, key: `${namespace}/${name}` };
  if (read.ok) return { ...about, spec: read.value.spec, status: read.value.status ?? {} };
  return { ...about, spec: {}, status: connectionStatus.safeParse(object['status']).data ?? {} };
}

export const conditionOf = ({ status }: Seen, type: ConditionType): Condition | undefined =>
  status.conditions?.find((one) => one.type === type);

/** The state in one word: the reason of `Ready`. */
export const stateOf = (seen: Seen): string => conditionOf(seen, 'Ready')?.reason ?? 'NotSeenYet';

export const isReady = (seen: Seen): boolean => conditionOf(seen, 'Ready')?.status === 'True';

/** Whether a condition says that something is wrong; what is unknown is not. */
export function isBad({ type, status }: Condition): boolean {
  const known = Object.hasOwn(conditionTypes, type) ? conditionTypes[type as ConditionType] : undefined;
  return known !== undefined && status === (known.polarity === 'positive' ? 'False' : 'True');
}

/** Whether a condition says that something is wrong, or that the renewal may not go on. */
const isTrouble = (one: Condition): boolean => isBad(one) || (one.type === 'Renewable' && one.status === 'Unknown');

/** The conditions besides the state that somebody has to do something about. */
export const troublesOf = ({ status }: Seen): Condition[] =>
  (status.conditions ?? []).filter((one) => isTrouble(one) && meaningOf(one.reason).remedy !== '');

export interface Meaning {
  readonly means: string;
  readonly remedy: string;
}

/** What the plugin says of a connection without conditions. */
const notSeenYet: Meaning = {
  means: 'The operator has not looked at it yet.',
  remedy:
    'See whether the operator runs (kubectl square doctor) and whether this namespace is among its --watch-namespaces, if it has any.',
};

/** What a reason of a connection means and what to do; empty for one of another version. */
export function meaningOf(reason: string): Meaning {
  if (reason === 'NotSeenYet') return notSeenYet;
  return Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : { means: '', remedy: '' };
}

/** The same for an application. */
export const applicationMeaningOf = (reason: string): Meaning =>
  Object.hasOwn(applicationReasons, reason)
    ? applicationReasons[reason as keyof typeof applicationReasons]
    : { means: '', remedy: '' };

/** What to do, by all conditions that are not as they should be, the state first; nothing that another one says, too. */
export function remediesOf(seen: Seen): string[] {
  const ready = conditionOf(seen, 'Ready');
  const all = [...(ready === undefined ? [] : [ready]), ...troublesOf(seen)].map(
    ({ reason }) => meaningOf(reason).remedy,
  );
  const each = [...new Set(all.filter((remedy) => remedy !== ''))];
  return each.filter((one) => !each.some((other) => other !== one && other.startsWith(one.slice(0, -1))));
}

/** The state in words: the operator's own, which say what to do as well; of one that has none, what the state means. */
export function stateInWords(seen: Seen): string {
  const state = stateOf(seen);
  const { means, remedy } = meaningOf(state);
  return `${state}: ${conditionOf(seen, 'Ready')?.message || `${means} ${remedy}`.trim()}`;
}
