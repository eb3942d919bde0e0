import type { Reason } from '../api/conditions.ts';
import type { Environment } from '../api/connection.ts';
import { connectionOfSealedSecret } from '../api/names.ts';
import type { Connection } from '../domain/observation.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import type { ConnectionSeries, OperatorView } from '../observability/port.ts';
import { parseCompact } from '../secrets/compact.ts';
import { openGrant } from '../secrets/grant.ts';
import type { GrantSecret, KeyRing } from '../secrets/port.ts';
import { applicationRefOf } from './applications.ts';
import type { Remembered } from './observe.ts';
import type { Watches } from './watches.ts';

/** Reasons of `Renewable` that say that Square's answer to a token request was lost. */
const lostAnswers: ReadonlySet<string> = new Set<Reason>(['RotationInDoubt', 'RotationOutcomeLost']);

/** What the metrics show of the connections: from what is stored in their status, and the exact time of verification. */
export function createConnectionView(
  watches: Watches,
  remembered: ReadonlyMap<Key, Remembered>,
  ring: KeyRing,
): Pick<OperatorView, 'connections' | 'retainedGrants'> & { readonly answersLost: () => number } {
  function* connections(): Generator<ConnectionSeries> {
    for (const [key, { connection, stored }] of watches.connections.entries()) {
      const { spec, namespace, name } = connection;
      yield {
        namespace,
        name,
        ...placeOf(watches, connection),
        personalAccessToken: spec.ok && spec.value.credential?.personalAccessToken !== undefined,
        suspended: spec.ok && spec.value.suspend === true,
        issuedAt: stored.issuedAt,
        expiresAt: stored.expiresAt,
        refreshTokenExpiresAt: stored.refreshTokenExpiresAt,
        nextRefreshAt: stored.nextRefreshAt,
        lastVerifiedAt: remembered.get(key)?.history.verifiedAt ?? stored.lastVerifyTime,
        conditions: conditionsOf(stored.conditions),
      };
    }
  }
  const known = new WeakMap<GrantSecret, boolean>();

  /** Whether the record of a connection that is gone holds no grant. Its own header tells the rest: it is only counted. */
  function isVacant(namespace: string, name: string, secret: GrantSecret): boolean {
    const before = known.get(secret);
    if (before !== undefined) return before;
    const { environment, clientID } = parseCompact(secret.jwe ?? '')?.header ?? {};
    const binding = { namespace, name, environment: environmentFrom(environment), clientID: String(clientID) };
    const opened = openGrant(ring, binding, secret.jwe ?? '');
    const vacant = opened.ok && opened.value.kind === 'Vacant';
    known.set(secret, vacant);
    return vacant;
  }
  return {
    connections,
    answersLost() {
      let count = 0;
      for (const [, { stored }] of watches.connections.entries()) {
        if (lostAnswers.has(stored.conditions.get('Renewable')?.reason ?? '')) count++;
      }
      return count;
    },
    retainedGrants() {
      let count = 0;
      for (const [key, secret] of watches.grants.entries()) {
        const { namespace, name } = splitKey(key);
        const connection = connectionOfSealedSecret(name);
        const there = connection !== undefined && watches.connections.get(keyFrom(namespace, connection)) !== undefined;
        if (!there && !isVacant(namespace ?? '', connection ?? '', secret)) count++;
      }
      return count;
    },
  };
}

/** The application (`namespace/name`, empty without one) and the environment of a connection, as labels. */
export function placeOf(
  watches: Watches,
  connection: Connection,
): { readonly application: string; readonly environment: string } {
  const { spec } = connection;
  const ref = spec.ok ? applicationRefOf(connection, spec.value) : undefined;
  const application = ref === undefined ? undefined : watches.applications.get(ref);
  const environment = application?.spec?.environment ?? (spec.ok ? spec.value.environment : undefined);
  return { application: ref ?? '', environment: environment ?? '' };
}

function* conditionsOf(
  conditions: Iterable<readonly [string, { readonly status: string }]>,
): Generator<readonly [string, string]> {
  for (const [type, { status }] of conditions) yield [type, status];
}

const environmentFrom = (text: unknown): Environment => (text === 'Sandbox' ? text : 'Production');
