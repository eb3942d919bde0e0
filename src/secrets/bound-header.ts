import { type CompactJWE, parseCompact } from './compact.ts';
import type { Binding, KeyRing, OpeningProblem, SealingKey, Unopened } from './port.ts';

/** The version of both sealed forms. */
export const formatVersion = 1;

/** What the protected header says besides how the text is encrypted. */
export interface BoundHeader extends Binding {
  readonly kid: string;
  readonly v: number;
  readonly purpose: string;
}

export function boundHeader(kid: string, purpose: string, binding: Binding): BoundHeader {
  const { namespace, name, environment, clientID } = binding;
  return { kid, v: formatVersion, purpose, namespace, name, environment, clientID };
}

/** What the header of a record says that it is bound to; to be proven by opening it. */
export function bindingIn(jwe: string): Binding {
  const header = parseCompact(jwe)?.header ?? {};
  const { namespace, name, environment, clientID } = header;
  return {
    namespace: String(namespace),
    name: String(name),
    environment: environment === 'Sandbox' ? 'Sandbox' : 'Production',
    clientID: String(clientID),
  };
}

const boundFields = ['namespace', 'name', 'environment', 'clientID'] as const;
const plainFields = ['kid', 'purpose', ...boundFields] as const;

export interface Expected {
  readonly purpose: string;
  readonly binding: Binding;
  readonly alg: string;
  /** Members of the header besides those of `BoundHeader`, `alg` and `enc`. */
  readonly also: readonly string[];
}

/**
 * Checks what a header claims before any key is used: version, algorithm, members, purpose, key. Nothing but exactly
 * the form that we write is taken, so `zip`, `crit`, PBES2's parameters and keys brought along never reach a library.
 */
export function checkHeader(
  ring: KeyRing,
  jwe: CompactJWE | undefined,
  expected: Expected,
): { readonly ok: true; readonly key: SealingKey; readonly jwe: CompactJWE } | Unopened {
  const place = placeOf(expected);
  if (jwe === undefined) return unopened('Malformed', undefined, `${place} is no JWE in compact form`);
  const { header } = jwe;
  const keyID = readableID(header['kid']);
  if (typeof header['v'] === 'number' && header['v'] > formatVersion) {
    const message = `${place} was written by a later version of the operator (format ${header['v']}; this one reads ${formatVersion}): run that version again`;
    return unopened('UnsupportedVersion', keyID, message);
  }
  if (!formIsOurs(header, expected) || keyID === undefined) {
    return unopened('Malformed', keyID, `${place} is not of the one form that is accepted (${expected.alg}, A256GCM)`);
  }
  if (header['purpose'] !== expected.purpose) {
    return unopened('WrongPurpose', keyID, `${place} was sealed for another purpose than ${expected.purpose}`);
  }
  const key = ring.find(keyID);
  if (key === undefined) {
    const there = ring.ids().join(', ') || 'there is no sealing key at all';
    const message = `${place} was sealed by key ${keyID}, which is not in the ring (${there}). Nothing is lost: restore that sealing key from a backup, and it opens at once`;
    return unopened('KeyMissing', keyID, message);
  }
  return { ok: true, key, jwe };
}

/** Compares an authenticated header with the live objects. */
export function checkBinding(header: Readonly<Record<string, unknown>>, expected: Expected): Unopened | undefined {
  const wrong = boundFields.filter((field) => header[field] !== expected.binding[field]);
  if (wrong.length === 0) return undefined;
  const message = `${placeOf(expected)} was sealed for another ${wrong.join(', ')}: it was copied or renamed. Put it back in its place, or seal the value for this one`;
  return unopened('BoundElsewhere', readableID(header['kid']), message);
}

export function tampered(header: Readonly<Record<string, unknown>>, expected: Expected): Unopened {
  const keyID = readableID(header['kid']);
  const message = `${placeOf(expected)} does not open with key ${keyID}: it was changed after sealing, or another key bears that ID. Restore it from a backup, or give a new credential`;
  return unopened('Tampered', keyID, message);
}

export function unopened(problem: OpeningProblem, keyID: string | undefined, message: string): Unopened {
  return { ok: false, problem, message, ...(keyID !== undefined && { keyID }) };
}

/** What a message calls the text: "the sealed grant of ns/name". */
export function placeOf({ purpose, binding }: Pick<Expected, 'purpose' | 'binding'>): string {
  return `the sealed ${purpose} of ${binding.namespace}/${binding.name}`;
}

function formIsOurs(header: Readonly<Record<string, unknown>>, { alg, also }: Expected): boolean {
  const members = Object.keys(header);
  const known: readonly string[] = ['alg', 'enc', 'v', ...plainFields, ...also];
  return (
    header['alg'] === alg &&
    header['enc'] === 'A256GCM' &&
    header['v'] === formatVersion &&
    members.length === known.length &&
    known.every((member) => Object.hasOwn(header, member)) &&
    plainFields.every((field) => typeof header[field] === 'string')
  );
}

/** A key ID that can stand in a message. */
function readableID(kid: unknown): string | undefined {
  return typeof kid === 'string' && /^[\w.-]{1,63}$/.test(kid) ? kid : undefined;
}
