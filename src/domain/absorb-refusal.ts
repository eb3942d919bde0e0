import type { Observation } from './observation.ts';
import type { Step } from './step.ts';

/** Square looks at the client before the token: whoever has an answer about a token has a client that Square takes. */
export function clientTaken(o: Observation, step: Step): Observation {
  const asked =
    step.kind === 'Refresh' ||
    step.kind === 'Revoke' ||
    (step.kind === 'TakeUp' && step.credential !== 'personalAccessToken');
  return asked ? unrefused(o) : o;
}

/** Square took an access token of the application. */
export const enabled = (o: Observation): Observation =>
  o.application.kind === 'Found' && o.application.refusal?.disabled === true ? unrefused(o) : o;

function unrefused(o: Observation): Observation {
  if (o.application.kind !== 'Found' || o.application.refusal === undefined) return o;
  const { refusal: _, ...application } = o.application;
  return { ...o, application };
}
