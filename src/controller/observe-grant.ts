import { sealedSecretName } from '../api/names.ts';
import type { Instant } from '../clock.ts';
import { recogniseGrant } from '../domain/custody.ts';
import type { Application, Connection, GrantState } from '../domain/observation.ts';
import { parseCompact } from '../secrets/compact.ts';
import { openGrant, openGrantAt } from '../secrets/grant.ts';
import type { Binding, GrantSecret, KeyRing } from '../secrets/port.ts';
import { soon } from './observe-token-secrets.ts';

/** What else tells what a sealed Secret is. */
interface Seen {
  /** The revision that the status has seen. */
  readonly seenRevision: number;
  /** Square's time. */
  readonly now: Instant;
  /** Until when the place counts as somebody else's. */
  readonly notOwnedUntil: Instant;
}

/** What the sealed Secret of a connection holds; `secret` is absent where there is none. */
export function observeGrant(
  deps: { readonly ring: KeyRing },
  secret: GrantSecret | undefined,
  connection: Connection,
  application: Application,
  { seenRevision, now, notOwnedUntil }: Seen,
): GrantState {
  if (secret === undefined) {
    const retryAt = soon(notOwnedUntil, now);
    return now < retryAt ? { kind: 'NotOwned', retryAt } : { kind: 'Absent' };
  }
  if (application.kind !== 'Found' && application.kind !== 'NotNeeded') return { kind: 'Closed' };
  if (secret.jwe === undefined) {
    const message = `Secret ${sealedSecretName(connection.name)} lacks its key grant.jwe. Restore it from a backup, or delete it to give the grant up.`;
    return { kind: 'Unreadable', message };
  }
  return openFor(deps, connection, application, secret.jwe, secret.createdAt, seenRevision);
}

function openFor(
  { ring }: { readonly ring: KeyRing },
  connection: Connection,
  application: Application & { kind: 'Found' | 'NotNeeded' },
  jwe: string,
  secretCreatedAt: Instant,
  seenRevision: number,
): GrantState {
  const { namespace, name } = connection;
  const { environment } = application;
  const clientID = application.kind === 'Found' ? application.clientID : '';
  const binding: Binding = { namespace, name, environment, clientID };
  const opened = openGrant(ring, binding, jwe);
  if (opened.ok) {
    const record = { grant: opened.value, keyID: opened.keyID, secretCreatedAt };
    return recogniseGrant(record, { uid: connection.uid, seenRevision });
  }
  // A personal access token is bound to no client, whatever application the connection names.
  if (opened.problem === 'BoundElsewhere' && binding.clientID !== '') {
    const personal = openGrant(ring, { ...binding, clientID: '' }, jwe);
    if (personal.ok) {
      const record = { grant: personal.value, keyID: personal.keyID, secretCreatedAt };
      return recogniseGrant(record, { uid: connection.uid, seenRevision });
    }
  }
  if (opened.problem === 'BoundElsewhere') {
    // Only a record that authenticates is called bound elsewhere, so its header can be believed.
    const header = parseCompact(jwe)?.header;
    const here = header?.['namespace'] === binding.namespace && header?.['name'] === binding.name;
    const own = here ? openGrantAt(ring, binding, jwe) : undefined;
    if (own?.ok && own.value.kind === 'Vacant') {
      // Nothing of the former client is left in it: what it remembers goes on under this one.
      const { attempt: _, doubts: __, ...rest } = own.value;
      return { kind: 'Vacant', record: { ...rest, environment, clientID }, keyID: own.keyID };
    }
    if (here) return { kind: 'OfAnotherApplication', clientID: String(header?.['clientID']) };
  }
  return {
    kind: 'Unreadable',
    message: `${opened.message}.`,
    ...(opened.keyID === undefined ? {} : { keyID: opened.keyID }),
  };
}
