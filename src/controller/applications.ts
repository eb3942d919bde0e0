import type { ApplicationSpec } from '../api/application.ts';
import { defaultClientSecretKey } from '../api/application.ts';
import type { ConnectionSpec } from '../api/connection.ts';
import { type Clock, minutes, parseInstant } from '../clock.ts';
import type { Failure } from '../domain/failure.ts';
import type { Application, ApplicationRefusal, ClientSecret, Connection } from '../domain/observation.ts';
import { backoffDelay, probeBackoff } from '../domain/schedule.ts';
import { cleanToken, type Token } from '../domain/token.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Key, keyFrom, namespaces } from '../kube/resource.ts';
import type { CredentialValue, MemoryVault } from '../secrets/port.ts';
import type { Departed } from './departed.ts';
import type { HeldBackTokensOf } from './held-back-tokens.ts';
import type { IssuingOf } from './issuing.ts';
import { matchesSelector } from './label-selector.ts';
import type { ApplicationView } from './projections.ts';
import type { Squares } from './squares.ts';
import type { Watches } from './watches.ts';

/** The applications as connections see them. */
export interface Applications {
  /** The application of a connection, or why there is none. */
  resolve(connection: Connection, spec: ConnectionSpec): Promise<Application>;
  /** The client secrets of an application in the order to try them; empty for PKCE, or when there is a problem. */
  clientSecrets(ref: Key): Token[];
  /** What is wrong with the client secret. */
  clientSecret(application: ApplicationView): ClientSecret;
  refusal(ref: Key): ApplicationRefusal | undefined;
  /** Square refused the client: from now on one connection at a time asks again, ever more rarely. */
  refused(ref: Key, failure: Failure): ApplicationRefusal;
  /** Square says at a verification that it has disabled the application. */
  disabled(ref: Key): ApplicationRefusal;
  /** Square took an access token of the application: it is not disabled, whatever becomes of its client. */
  enabled(ref: Key): void;
  /** Square took the client. Returns whether it was refused before. */
  accepted(ref: Key): boolean;
  /** Reserves the next question to a refused application. False: somebody else is asking. */
  mayAsk(ref: Key): boolean;
  /** Its Secret or its spec changed: what Square said of the earlier secret no longer counts. */
  changed(ref: Key): void;
}

export interface ApplicationsDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly vault: MemoryVault;
  readonly watches: Watches;
  readonly squares: Squares;
  readonly watchNamespaces: readonly string[];
  readonly departed: Departed;
  readonly heldBackTokens: Pick<HeldBackTokensOf, 'of'>;
  readonly issuing: Pick<IssuingOf, 'of'>;
}

const labelsKept = minutes(1);

/** `namespace/name` of the application that the spec names. */
export const applicationRefOf = (connection: Pick<Connection, 'namespace'>, spec: ConnectionSpec): Key | undefined =>
  spec.applicationRef && keyFrom(spec.applicationRef.namespace ?? connection.namespace, spec.applicationRef.name);

export function createApplications(deps: ApplicationsDeps): Applications {
  const { watches, vault } = deps;
  const refusals = createRefusals(deps);
  const labelsOf = createNamespaceLabels(deps);
  /** A connection that is to end its authorization still has the application that was deleted under it. */
  const parts = ({ deleting, finalized }: Connection) => deleting && finalized;
  const specOf = (ref: Key, connection: Connection) =>
    watches.applications.get(ref)?.spec ?? (parts(connection) ? deps.departed.application(ref) : undefined);
  /** Values that were found sound: every pass of every connection asks, and a value that changes is another object. */
  const sound = new WeakSet<CredentialValue>();
  function clientSecret({ namespace, spec }: Pick<ApplicationView, 'namespace' | 'spec'>): ClientSecret {
    const ref = spec?.clientSecretRef;
    if (ref === undefined) return { kind: 'None' };
    const value = watches.credentials.get(keyFrom(namespace, ref.name))?.keys[ref.key ?? defaultClientSecretKey];
    if (value !== undefined && sound.has(value)) return { kind: 'Present' };
    const read = readSecret(watches, vault, namespace, ref);
    if ('problem' in read) return { kind: 'Problem', ...read.problem };
    if (value !== undefined) sound.add(value);
    return { kind: 'Present' };
  }

  return {
    async resolve(connection, wanted) {
      const ref = applicationRefOf(connection, wanted);
      if (ref === undefined) return { kind: 'NotNeeded', environment: wanted.environment ?? 'Production' };
      const namespace = ref.slice(0, ref.indexOf('/'));
      if (deps.watchNamespaces.length > 0 && !deps.watchNamespaces.includes(namespace)) {
        return { kind: 'NotReachable', ref };
      }
      const spec = specOf(ref, connection);
      if (spec === undefined) return { kind: 'Missing', ref };
      if (!(await allows(namespace, spec, connection.namespace, labelsOf))) return { kind: 'NotAllowed', ref };
      const { environment, clientID, scopes = [] } = spec;
      const refusal = refusals.refusal(ref);
      const heldBack = deps.heldBackTokens.of(ref);
      const issuing = deps.issuing.of(ref);
      const found = { kind: 'Found', ref, environment, clientID, scopes } as const;
      const secret = clientSecret({ namespace, spec });
      const remembered = secret.kind === 'Problem' && parts(connection) && deps.departed.clientSecrets(ref).length > 0;
      return {
        ...found,
        clientSecret: remembered ? { kind: 'Present' } : secret,
        ...(refusal && { refusal }),
        ...(heldBack && { heldBack }),
        ...(issuing && { issuing }),
      };
    },
    clientSecrets(ref) {
      const application = watches.applications.get(ref);
      const { clientSecretRef, previousClientSecretRef } = application?.spec ?? {};
      return [clientSecretRef, previousClientSecretRef].flatMap((secretRef) => {
        if (secretRef === undefined || application === undefined) return [];
        const read = readSecret(watches, vault, application.namespace, secretRef);
        return 'problem' in read ? [] : [read.value];
      });
    },
    clientSecret,
    ...refusals,
  };
}

/** What Square said of clients: an application's fault is remembered once, not by each of its connections. */
function createRefusals({ watches, squares }: ApplicationsDeps) {
  const refusals = new Map<Key, ApplicationRefusal & { readonly count: number }>();
  const recalled = new Set<Key>();
  const now = (ref: Key) => squares[watches.applications.get(ref)?.spec?.environment ?? 'Production'].time.now();
  const after = (ref: Key, count: number) => now(ref) + backoffDelay(probeBackoff, count, ref);

  /** A process that has just begun knows it from the status; the next question is then one backoff away. */
  function known(ref: Key) {
    if (!recalled.has(ref)) {
      recalled.add(ref);
      const ready = watches.applications.get(ref)?.status.conditions?.find(({ type }) => type === 'Ready');
      const disabled = ready?.reason === 'ClientDisabled';
      const since = disabled || ready?.reason === 'ClientRefused' ? /since (\S+Z)/.exec(ready.message)?.[1] : undefined;
      const first = { count: 1, retryAt: after(ref, 1), ...(disabled && { disabled }) };
      if (since !== undefined) refusals.set(ref, { since: parseInstant(since) ?? now(ref), ...first });
    }
    return noLater(ref, refusals.get(ref));
  }

  /** Square's time may have been set back since: nobody waits longer than the longest backoff. */
  function noLater(ref: Key, refusal: ReturnType<typeof refusals.get>) {
    if (refusal === undefined || refusal.retryAt - now(ref) <= 2 * probeBackoff.most) return refusal;
    const moved = { ...refusal, since: Math.min(refusal.since, now(ref)), count: 1, retryAt: after(ref, 1) };
    refusals.set(ref, moved);
    return moved;
  }

  return {
    refusal: (ref: Key): ApplicationRefusal | undefined => known(ref),
    refused(ref: Key, { reason }: Failure): ApplicationRefusal {
      const { since = now(ref), count = 0 } = known(ref) ?? {};
      const disabled = reason === 'ClientDisabled';
      const refusal = { since, count: count + 1, retryAt: after(ref, count + 1), ...(disabled && { disabled }) };
      refusals.set(ref, refusal);
      return refusal;
    },
    disabled(ref: Key): ApplicationRefusal {
      const before = known(ref) ?? { since: now(ref), count: 1, retryAt: after(ref, 1) };
      const refusal = { ...before, disabled: true } as const;
      refusals.set(ref, refusal);
      return refusal;
    },
    enabled(ref: Key): void {
      if (known(ref)?.disabled === true) refusals.delete(ref);
    },
    accepted: (ref: Key) => refusals.delete(ref),
    mayAsk(ref: Key): boolean {
      const refusal = known(ref);
      if (refusal === undefined) return true;
      if (now(ref) < refusal.retryAt) return false;
      refusals.set(ref, { ...refusal, retryAt: after(ref, refusal.count) });
      return true;
    },
    changed: (ref: Key) => void refusals.delete(ref),
  };
}

/** The value, or what is wrong and what helps. */
function readSecret(
  watches: Watches,
  vault: MemoryVault,
  namespace: string,
  ref: { name: string; key?: string | undefined },
): { readonly value: Token } | { readonly problem: Omit<ClientSecret & { kind: 'Problem' }, 'kind'> } {
  const key = ref.key ?? defaultClientSecretKey;
  const secret = watches.credentials.get(keyFrom(namespace, ref.name));
  if (secret === undefined) {
    const message = `Secret ${ref.name} with the client secret is not there to be read.`;
    return { problem: { message, unseen: { name: ref.name, key } } };
  }
  const value = secret.keys[key];
  if (value === undefined)
    return { problem: { message: `Secret ${ref.name} has no key ${key}: put the client secret there.` } };
  const clean = cleanToken(vault.open(value.sealed));
  return clean.ok
    ? { value: clean.value }
    : { problem: { message: `The key ${key} of Secret ${ref.name} ${clean.why}.` } };
}

async function allows(
  owner: string,
  spec: ApplicationSpec,
  namespace: string,
  labelsOf: (namespace: string) => Promise<Readonly<Record<string, string>> | undefined>,
): Promise<boolean> {
  if (owner === namespace) return true;
  switch (spec.allowedNamespaces?.from ?? 'Same') {
    case 'Same':
      return false;
    case 'All':
      return true;
    case 'Selector': {
      const labels = await labelsOf(namespace);
      return labels !== undefined && matchesSelector(spec.allowedNamespaces?.selector ?? {}, labels);
    }
  }
}

/** Labels of a namespace: from the watch where the whole cluster is watched, else asked for and kept for a minute. */
function createNamespaceLabels({ client, clock, watches }: ApplicationsDeps) {
  const kept = new Map<string, { labels: Readonly<Record<string, string>> | undefined; until: number }>();
  return async (name: string): Promise<Readonly<Record<string, string>> | undefined> => {
    if (watches.namespaces !== undefined) return watches.namespaces.get(name);
    const known = kept.get(name);
    if (known !== undefined && clock.monotonic() < known.until) return known.labels;
    const found = await client.get(namespaces, undefined, name);
    const labels = found && (found.metadata.labels ?? {});
    kept.set(name, { labels, until: clock.monotonic() + labelsKept });
    return labels;
  };
}
