import type { OperatorView } from '../observability/port.ts';
import { parseCompact } from '../secrets/compact.ts';
import type { Controller } from './controller.ts';
import type { Watches } from './watches.ts';

/** What the metrics read at a scrape. Before there is a controller there are no connections to show. */
export function createOperatorView(watches: Watches, controller: () => Controller | undefined): OperatorView {
  return {
    connections: () => controller()?.view.connections() ?? [],
    retainedGrants: () => controller()?.view.retainedGrants() ?? 0,
    sealedRecords() {
      const counts = new Map<string, number>();
      for (const [, { jwe }] of watches.grants.entries()) {
        const kid = jwe === undefined ? undefined : parseCompact(jwe)?.header['kid'];
        if (typeof kid === 'string') counts.set(kid, (counts.get(kid) ?? 0) + 1);
      }
      return counts;
    },
    *watches() {
      for (const [name, view] of Object.entries(watches.byName)) yield [name, view.lastEvent()] as const;
    },
  };
}
