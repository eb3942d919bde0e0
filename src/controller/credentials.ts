import type { ConnectionSpec, CredentialKind, CredentialSource } from '../api/connection.ts';
import { credentialKinds } from '../api/connection.ts';
import type { Application, Connection, Credential } from '../domain/observation.ts';
import { cleanToken, type Token } from '../domain/token.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Key, keyFrom } from '../kube/resource.ts';
import { openCredential } from '../secrets/credential.ts';
import type { KeyRing, MemoryVault, OpeningProblem } from '../secrets/port.ts';
import { missingSecret } from './missing-secret.ts';
import type { Watches } from './watches.ts';
import { sentence } from './write-refused.ts';

export interface CredentialsDeps {
  readonly client: KubeClient;
  readonly ring: KeyRing;
  readonly vault: MemoryVault;
  readonly watches: Watches;
}

/** The credential of a connection: what it is, and for the one step that needs it, its value. */
export type ReadCredential =
  | Exclude<Credential, { kind: 'Given' }>
  | (Extract<Credential, { kind: 'Given' }> & { readonly value: Token });

const digestPurpose = 'credential';

/** The kind and the source that the spec gives; the API server lets at most one in. */
export function credentialOf(spec: ConnectionSpec): { type: CredentialKind; source: CredentialSource } | undefined {
  for (const type of credentialKinds) {
    const source = spec.credential?.[type];
    if (source !== undefined) return { type, source };
  }
  return undefined;
}

/** `namespace/name` of the Secret that the credential lies in. */
export const credentialSecretOf = (
  connection: Pick<Connection, 'namespace'>,
  spec: ConnectionSpec,
): Key | undefined => {
  const name = credentialOf(spec)?.source.secretRef?.name;
  return name === undefined ? undefined : keyFrom(connection.namespace, name);
};

/** `namespace/name/key` of the value in that Secret. */
export const credentialPlaceOf = (
  connection: Pick<Connection, 'namespace'>,
  spec: ConnectionSpec,
): string | undefined => {
  const ref = credentialOf(spec)?.source.secretRef;
  return ref === undefined ? undefined : `${connection.namespace}/${ref.name}/${ref.key}`;
};

/** Reads the credential from the watch, or opens the sealed one. `known` spares a look for what is no longer needed. */
export async function readCredential(
  deps: CredentialsDeps,
  connection: Connection,
  spec: ConnectionSpec,
  application: Application,
  grantIsHeld: boolean,
): Promise<ReadCredential> {
  const given = credentialOf(spec);
  if (given === undefined) return { kind: 'None' };
  const { type, source } = given;
  const read =
    source.secretRef !== undefined
      ? await fromSecret(deps, connection, source.secretRef, grantIsHeld)
      : await fromSealed(deps, connection, source.sealed ?? '', type, application);
  if (read.kind !== 'Value') return read;
  const { value } = read;
  const digest = `${type}:${deps.ring.digest(digestPurpose, value)}`;
  const others = deps.ring.otherDigests(digestPurpose, value).map((other) => `${type}:${other}`);
  return { kind: 'Given', type, digest, ...(others.length > 0 && { otherDigests: others }), value };
}

type Value = Exclude<Credential, { kind: 'Given' }> | { readonly kind: 'Value'; readonly value: Token };

const problem = (reason: Extract<Credential, { kind: 'Problem' }>['reason'], message: string): Value => ({
  kind: 'Problem',
  reason,
  message,
});

async function fromSecret(
  deps: CredentialsDeps,
  connection: Connection,
  ref: { name: string; key: string },
  grantIsHeld: boolean,
): Promise<Value> {
  const secret = deps.watches.credentials.get(keyFrom(connection.namespace, ref.name));
  // Once a grant is held the credential's Secret may be deleted: that it is not there says nothing.
  if (secret === undefined) return grantIsHeld ? { kind: 'None' } : await missing(deps, connection, ref);
  const value = secret.keys[ref.key];
  if (value === undefined) {
    const there = Object.keys(secret.keys).slice(0, 8).join(', ') || 'none';
    return problem(
      'CredentialKeyNotFound',
      `Secret ${ref.name} has no key ${ref.key} (it has: ${there}). Add it, or correct secretRef.key.`,
    );
  }
  return clean(deps.vault.open(value.sealed), `The key ${ref.key} of Secret ${ref.name}`);
}

function clean(value: Token, where: string): Value {
  const cleaned = cleanToken(value);
  return cleaned.ok
    ? { kind: 'Value', value: cleaned.value }
    : problem('CredentialMalformed', `${where} ${cleaned.why}. Store the token alone.`);
}

async function missing(
  { client }: CredentialsDeps,
  { namespace }: Connection,
  ref: { name: string; key: string },
): Promise<Value> {
  const { reason, message } = await missingSecret(client, namespace, ref);
  return problem(`CredentialSecret${reason}`, message);
}

/** The application that a sealed credential is bound to, as far as it can be opened. */
type Opening = Extract<Application, { kind: 'Found' | 'NotNeeded' }>;

async function fromSealed(
  { ring }: CredentialsDeps,
  { namespace, name }: Connection,
  jwe: string,
  type: CredentialKind,
  application: Application,
): Promise<Value> {
  if (application.kind !== 'Found' && application.kind !== 'NotNeeded') return { kind: 'None' };
  const clientID = type === 'personalAccessToken' || application.kind === 'NotNeeded' ? '' : application.clientID;
  const opened = await openCredential(ring, { namespace, name, environment: application.environment, clientID }, jwe);
  if (!opened.ok) {
    const remedy = withoutRemedy.has(opened.problem)
      ? ` Put there what this prints: ${sealing(namespace, name, type, application)} < FILE.`
      : '';
    return problem('SealedCredentialUnreadable', `${sentence(opened.message)}${remedy}`);
  }
  return clean(opened.value, 'The sealed credential');
}

/** What is sealed otherwise than asked for: the other problems say by themselves what helps. */
const withoutRemedy: ReadonlySet<OpeningProblem> = new Set(['Malformed', 'WrongPurpose']);

/** The command that seals a credential for this connection. */
function sealing(namespace: string, name: string, type: CredentialKind, application: Opening): string {
  const personal = type === 'personalAccessToken' || application.kind === 'NotNeeded';
  const place = personal ? `--personal --environment ${application.environment}` : `--application ${application.ref}`;
  return `kubectl square seal ${name} -n ${namespace} ${place}`;
}
