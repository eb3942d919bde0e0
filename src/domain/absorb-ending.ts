import type { Observation } from './observation.ts';
import type { Fact } from './step.ts';
import { failuresOfWrites } from './streak.ts';

/** Nothing that was known of the grant speaks of anything any more. */
export function ended(o: Observation, fact: Fact & { kind: 'Ended' }): Observation {
  const { verifyFrom, handled, failures } = o.history;
  return {
    ...o,
    grant: fact.grant,
    tokenSecret: o.tokenSecret.kind === 'Ours' ? { ...o.tokenSecret, current: false } : o.tokenSecret,
    history: {
      revision: 0,
      proof: { kind: 'None' },
      inPlaceOf: 'Nothing',
      failures: failuresOfWrites(failures),
      verifyFrom,
      handled: { ...handled, ...fact.answers },
    },
  };
}

export function removed(o: Observation, gone: string): Observation {
  const { tokenSecret } = o;
  return {
    ...o,
    tokenSecret: tokenSecret.name === gone ? { kind: 'Absent', name: gone } : tokenSecret,
    formerTokenSecrets: o.formerTokenSecrets.filter(({ name }) => name !== gone),
  };
}

export function finalized(o: Observation, { object, finalized: now }: Fact & { kind: 'Finalized' }): Observation {
  const { Finalize: _, ...failures } = o.history.failures;
  const known = { ...o, history: { ...o.history, failures } };
  if (object === 'Connection') return { ...known, connection: { ...o.connection, finalized: now } };
  // It was only kept by its finalizer.
  if (!now && o.sealedSecret.deleting) return discarded(known);
  return { ...known, sealedSecret: { ...o.sealedSecret, finalized: now } };
}

/** The sealed Secret is gone. */
export const discarded = (o: Observation): Observation => ({
  ...o,
  grant: { kind: 'Absent' },
  sealedSecret: { finalized: false, deleting: false },
});
