import { dismiss, receivable } from './arrivals.ts';
import { endLink } from './connect-link.ts';
import { finalize } from './finalizers.ts';
import type { Now, Observation } from './observation.ts';
import { wantedWrite } from './publication.ts';

/**
 * Forgets failures of writes of which nothing is left to be written: the answer was lost after the write was stored, or
 * somebody else has brought it about. Nothing would be tried again, so no success would ever end the failure.
 */
export function forgetMended(o: Observation, now: Now): Observation {
  const { Publish, Finalize, Receive, Dismiss, ...others } = o.history.failures;
  if ((Publish ?? Finalize ?? Receive ?? Dismiss) === undefined || o.connection.deleting) return o;
  const published = wantedWrite(o, now) === undefined;
  // Asked without the failure, which would only say to wait.
  const finalized = finalize({ ...o, history: { ...o.history, failures: others } }, now) === undefined;
  const received = receivable(o, now) === undefined;
  const cleared = (dismiss(o, now) ?? endLink(o, now)) === undefined;
  const failures = {
    ...others,
    ...(Publish === undefined || published ? {} : { Publish }),
    ...(Finalize === undefined || finalized ? {} : { Finalize }),
    ...(Receive === undefined || received ? {} : { Receive }),
    ...(Dismiss === undefined || cleared ? {} : { Dismiss }),
  };
  return { ...o, history: { ...o.history, failures } };
}
