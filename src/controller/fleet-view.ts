import type { ApplicationSight, OperatorView, StateCount } from '../observability/port.ts';
import type { KeyRing } from '../secrets/port.ts';
import { placeOf } from './connection-view.ts';
import type { Watches } from './watches.ts';

/** What the metrics show of all connections together, of the applications and of the sealing keys. */
export function createFleetView(
  watches: Watches,
  ring: KeyRing,
): Pick<OperatorView, 'states' | 'applications' | 'sealingKeys'> {
  return {
    states() {
      const counts = new Map<string, StateCount & { count: number }>();
      for (const [, { connection, stored }] of watches.connections.entries()) {
        const reason = stored.conditions.get('Ready')?.reason;
        if (reason === undefined) continue;
        const { application, environment } = placeOf(watches, connection);
        const key = `${application} ${environment} ${reason}`;
        const known = counts.get(key);
        if (known === undefined) counts.set(key, { application, environment, reason, count: 1 });
        else known.count++;
      }
      return counts.values();
    },
    *applications(): Generator<ApplicationSight> {
      for (const [application, { spec, status }] of watches.applications.entries()) {
        const environment = spec?.environment ?? '';
        for (const condition of status.conditions ?? []) {
          yield { application, environment, type: condition.type, status: condition.status, reason: condition.reason };
        }
      }
    },
    *sealingKeys() {
      for (const id of ring.ids()) {
        const state = ring.find(id)?.state;
        if (state !== undefined) yield [id, state];
      }
    },
  };
}
