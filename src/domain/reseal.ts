import type { Duration } from '../clock.ts';
import type { Now, Observation, RetiredKey } from './observation.ts';
import { fractionOf, resealSpacing } from './schedule.ts';
import type { Step } from './step.ts';

/**
 * How long it is until a record is sealed anew; 0: now. The records of the fleet follow one another at a
 * distance, each in the slot that the hash of its UID fixes.
 */
export function untilReseal(uid: string, { retiredFor, records }: RetiredKey): Duration {
  const left = fractionOf(`reseal ${uid}`) * records * resealSpacing - retiredFor;
  // Timers know milliseconds: less than one is no time to wait.
  return left < 1 ? 0 : left;
}

/**
 * Nothing else is to be done: a record under a retired key is sealed anew, whatever state the connection is in. It needs no
 * call to Square, spends no token and changes nothing of the grant.
 */
export function resealOrWait(step: Step & { kind: 'Wait' }, o: Observation, now: Now): Step {
  if (o.retiredKey === undefined) return step;
  const left = untilReseal(o.connection.uid, o.retiredKey);
  if (left <= 0) return { kind: 'Reseal', because: 'KeyRetired', keyID: o.retiredKey.keyID };
  return { ...step, until: Math.min(step.until ?? Number.POSITIVE_INFINITY, now.square + left) };
}

/** Whatever is sealed now is sealed by the key that is active. */
export function underActiveKey(o: Observation): Observation {
  const { retiredKey: _, ...rest } = o;
  return rest;
}

/** The same grant lies under another key now, and nothing else is known anew. */
export const resealed = (o: Observation, keyID: string): Observation =>
  underActiveKey('keyID' in o.grant ? { ...o, grant: { ...o.grant, keyID } } : o);
