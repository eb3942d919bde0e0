import { parseCompact } from './compact.ts';
import type { Binding, KeyRing, Opened, Purpose } from './port.ts';
import { openRecord, sealRecord } from './record.ts';

/**
 * The same record under the ring's active key: what is in it is not looked at and stays as it is, byte for byte, and it is
 * bound to what it was bound to. The place is that of the live Secret: a record that was copied from elsewhere is refused
 * and stays sealed by the key that it has, and so is everything that does not authenticate. Never throws.
 */
export function resealRecord(
  ring: KeyRing,
  purpose: Purpose,
  place: Pick<Binding, 'namespace' | 'name'>,
  jwe: string,
): Opened<string> {
  const binding = claimedBinding(place, jwe);
  const opened = openRecord(ring, purpose, binding, jwe);
  if (!opened.ok) return opened;
  return { ok: true, value: sealRecord(ring, purpose, binding, opened.value), keyID: ring.active.id };
}

/** Environment and client as the record claims them, which is true once it authenticates. */
function claimedBinding({ namespace, name }: Pick<Binding, 'namespace' | 'name'>, jwe: string): Binding {
  const { environment, clientID } = parseCompact(jwe)?.header ?? {};
  return { namespace, name, environment: environment as Binding['environment'], clientID: clientID as string };
}
