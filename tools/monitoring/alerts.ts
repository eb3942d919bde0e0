import type { Alert, Recording } from './alert.ts';
import { connectionRules } from './connection-alerts.ts';
import { unverifiableShare } from './promql.ts';
import { operatorAlerts, sharedAlerts } from './service-alerts.ts';

/** Alerts that are looked at together. */
export interface AlertGroup {
  readonly name: string;
  /** They go before the alerts, which read them. */
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
}

/** Every alert there is: the one source of the rules, of their runbooks' index and of their tests. */
export const alertGroups: readonly AlertGroup[] = [
  { name: 'square-operator.shared', recordings: [unverifiableShare], alerts: sharedAlerts },
  {
    name: 'square-operator.connections',
    recordings: connectionRules.flatMap(({ recordings }) => recordings),
    alerts: connectionRules.flatMap(({ alerts }) => alerts),
  },
  { name: 'square-operator.operator', recordings: [], alerts: operatorAlerts },
];

export const allAlerts: readonly Alert[] = alertGroups.flatMap(({ alerts }) => alerts);

export const allRecordings: readonly Recording[] = alertGroups.flatMap(({ recordings }) => recordings);
