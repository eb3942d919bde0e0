import type { Alert } from './alert.ts';
import { connectionAlerts } from './connection-alerts.ts';
import { unverifiableShare } from './promql.ts';
import { operatorAlerts, sharedAlerts } from './service-alerts.ts';

/** Alerts that are looked at together. */
export interface AlertGroup {
  readonly name: string;
  readonly records: readonly { readonly record: string; readonly expression: string }[];
  readonly alerts: readonly Alert[];
}

/** Every alert there is: the one source of the rules, of their runbooks' index and of their tests. */
export const alertGroups: readonly AlertGroup[] = [
  { name: 'square-operator.shared', records: [unverifiableShare], alerts: sharedAlerts },
  { name: 'square-operator.connections', records: [], alerts: connectionAlerts },
  { name: 'square-operator.operator', records: [], alerts: operatorAlerts },
];

export const allAlerts: readonly Alert[] = alertGroups.flatMap(({ alerts }) => alerts);
