import type { Now, Observation } from './observation.ts';
import { nextAttempt } from './pace.ts';
import { endsAtDeletion } from './revocation.ts';
import type { Step } from './step.ts';

/**
 * The finalizers of a connection that lives: on it and on its sealed Secret under `Revoke`, on neither under `Retain`. The
 * connection's comes first and goes last. A sealed Secret that is going takes none; in a namespace that is not going it is let
 * go, since somebody gives the grant up. Nothing here calls Square or looks into a Secret, so it is done for a suspended
 * connection too, as far as no Secret is written.
 */
export function finalize(o: Observation, now: Now): Step | undefined {
  const { connection, sealedSecret, grant } = o;
  if ((nextAttempt(o, 'Finalize', now) ?? 0) > now.square) return undefined;
  const suspended = connection.spec.ok && connection.spec.value.suspend === true;
  if (endsAtDeletion(o)) {
    if (!connection.finalized) return { kind: 'AddFinalizer', to: 'Connection', because: 'RevokeOnDeletion' };
    if (suspended) return undefined;
    if (sealedSecret.deleting) return released(o);
    const ours = grant.kind === 'Held' || grant.kind === 'Vacant';
    return ours && !sealedSecret.finalized
      ? { kind: 'AddFinalizer', to: 'SealedSecret', because: 'RevokeOnDeletion' }
      : undefined;
  }
  if (sealedSecret.finalized && !suspended) {
    return { kind: 'RemoveFinalizer', from: 'SealedSecret', because: 'RetainOnDeletion' };
  }
  return connection.finalized && !sealedSecret.finalized
    ? { kind: 'RemoveFinalizer', from: 'Connection', because: 'RetainOnDeletion' }
    : undefined;
}

function released({ sealedSecret, namespace }: Observation): Step | undefined {
  if (!sealedSecret.finalized || namespace !== 'Active') return undefined;
  return { kind: 'RemoveFinalizer', from: 'SealedSecret', because: 'SealedSecretDeleted' };
}
