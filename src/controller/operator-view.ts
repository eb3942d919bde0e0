import type { OperatorView } from '../observability/port.ts';
import type { Controller } from './controller.ts';
import { recordsByKey } from './key-needs.ts';
import type { Watches } from './watches.ts';

/** What the metrics read at a scrape. Before there is a controller there are no connections to show. */
export function createOperatorView(watches: Watches, controller: () => Controller | undefined): OperatorView {
  return {
    connections: () => controller()?.view.connections() ?? [],
    states: () => controller()?.view.states() ?? [],
    applications: () => controller()?.view.applications() ?? [],
    sealingKeys: () => controller()?.view.sealingKeys() ?? [],
    budgets: () => controller()?.view.budgets() ?? [],
    retainedGrants: () => controller()?.view.retainedGrants() ?? 0,
    rotationsInDoubt: () => controller()?.view.rotationsInDoubt() ?? 0,
    sealedRecords: () => recordsByKey(watches),
    *watches() {
      for (const [name, view] of Object.entries(watches.byName)) yield [name, view.lastEvent()] as const;
    },
  };
}
