import type { RecoverDeps } from '../../../../src/controller/recover.ts';
import { createEscrowRecovery } from '../../../../src/controller/recover-escrow.ts';
import type { Key } from '../../../../src/kube/resource.ts';
import type { LiveKeyRing } from '../../../../src/secrets/port.ts';
import type { ConnectionID } from '../../../../src/secrets/settle-incoming.ts';
import type { ModelApiServer } from './api-server.ts';
import { createModelWatches } from './watches.ts';

/** A process that looks after escrow and nothing else. */
export function anEscrowRecovery(api: ModelApiServer, deps: RecoverDeps) {
  const following = createModelWatches(api);
  following.list();
  // A ring that is not followed never changes.
  const ring: LiveKeyRing = Object.assign(Object.create(deps.ring), 'onChange' in deps.ring ? {} : { onChange() {} });
  const { escrow, grants } = following.watches;
  // Where the deps have a view of the sealed Secrets, the settlement takes its own writes into that.
  const watches = { grants, ...deps.watches, escrow };
  const recovery = createEscrowRecovery({ ...deps, ring, watches });
  return {
    /** It wins the lease, with everything in sight that is there. */
    begin(signal: AbortSignal): Promise<void> {
      following.deliver();
      return recovery.begin(signal);
    },
    /** Its watch shows what has happened since. */
    see: following.deliver,
    settled: (connection: Key) => recovery.settled(connection),
    look: () => recovery.look(),
    lookFor: (connection: ConnectionID) => recovery.lookFor(connection),
  };
}
