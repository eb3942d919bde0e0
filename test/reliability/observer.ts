import { annotations } from '../../src/api/names.ts';
import { findLeaks, type Place } from '../support/canaries.ts';
import { type StoredConnection, type StoredSecret, textsOf } from '../support/objects.ts';
import type { TokenRequest } from './script.ts';
import type { Stage } from './stage.ts';

/** What the observer counts beside what it complains of. */
export interface Counts {
  duplicateExchanges: number;
  falseRevoked: number;
}

export interface Judgement {
  /** One sentence each. */
  readonly violations: readonly string[];
  readonly counts: Counts;
}

export interface Circumstances {
  /** Whether an answer of Square's may have been lost to the operator, so that it may present a spent token once more. */
  readonly answerInDoubt: boolean;
  /** When the seller disconnected at Square, as the number of versions of connections seen until then. */
  readonly revokedFrom?: number;
}

/** Judges all that was ever visible of a run: every version of every object, Square's ledger, every log. */
export async function judge(stage: Stage, circumstances: Circumstances): Promise<Judgement> {
  const overlapping = exchangesAtOnce(stage.script.tokenRequests);
  const again = presentedTooOften(stage, circumstances);
  const falselyRevoked = falseRevoked(stage, circumstances);
  return {
    violations: [
      ...overlapping,
      ...again,
      ...falselyRevoked,
      ...contradictions(stage),
      ...unwhole(stage),
      ...(await leaks(stage)),
    ],
    counts: { duplicateExchanges: overlapping.length + again.length, falseRevoked: falselyRevoked.length },
  };
}

/** Two token requests for one grant are never under way at the same time: both would present the same value. */
function exchangesAtOnce(requests: readonly TokenRequest[]): string[] {
  return requests.flatMap((one, i) =>
    requests.slice(i + 1).flatMap((other) => {
      const apart = (one.endedAt ?? Number.POSITIVE_INFINITY) <= other.arrivedAt;
      if (one.presented === undefined || one.presented !== other.presented || apart || one.abandoned === true)
        return [];
      return ['two token requests with the same token were under way at once'];
    }),
  );
}

/** A spent single-use token is presented again at most once, and only where nobody can know what Square answered. */
function presentedTooOften({ square }: Stage, { answerInDoubt }: Circumstances): string[] {
  const times = new Map<string, number>();
  for (const { presented = '' } of square.ledger.spentAgain()) times.set(presented, (times.get(presented) ?? 0) + 1);
  return [...times.values()].flatMap((count) => {
    if (count > 1) return [`a spent token was presented ${count} times again`];
    return answerInDoubt ? [] : ['a spent token was presented again although its answer had come'];
  });
}

const conditionOf = ({ status }: StoredConnection, type: string): string | undefined =>
  status?.conditions?.find((one) => one.type === type)?.status;

/** `Revoked` is Square's decisive word about the access token: before the seller disconnected nothing could be it. */
function falseRevoked({ live, namespace }: Stage, { revokedFrom }: Circumstances): string[] {
  const versions = live.versions('connections', namespace).slice(0, revokedFrom);
  const said = versions.filter((one) => conditionOf(one, 'Revoked') === 'True');
  return said
    .slice(0, 1)
    .map(({ metadata }) => `Revoked=True at version ${metadata.resourceVersion}, and nothing was revoked`);
}

/** What is revoked or expired is never shown as valid, nor as ready. */
function contradictions({ live, namespace }: Stage): string[] {
  const wrong = live.versions('connections', namespace).filter((one) => {
    const dead = conditionOf(one, 'Revoked') === 'True' || conditionOf(one, 'Expired') === 'True';
    return dead && (conditionOf(one, 'Valid') === 'True' || conditionOf(one, 'Ready') === 'True');
  });
  return wrong.map(
    ({ metadata }) => `version ${metadata.resourceVersion} of ${metadata.name} is dead and valid at once`,
  );
}

/** At every version the Secret for workloads holds one token that Square issued, with that token's own end and seller. */
function unwhole({ live, namespace, square }: Stage): string[] {
  const ends = new Map(square.ledger.accessTokens().map((one) => [one.value, one]));
  const generations = new Map<string, string>();
  return live
    .versions('secrets', namespace)
    .filter(({ metadata }) => metadata.annotations?.[annotations.connection] !== undefined)
    .flatMap((secret) => {
      const where = `version ${secret.metadata.resourceVersion} of the Secret ${secret.metadata.name}`;
      const texts = textsOf(secret);
      const token = ends.get(texts['access-token'] ?? '');
      if (token === undefined) return [`${where} holds no token of Square's`];
      const expected = {
        'access-token': token.value,
        ...(token.expiresAt === undefined
          ? {}
          : { 'expires-at': `${new Date(token.expiresAt).toISOString().slice(0, 19)}Z` }),
        'merchant-id': token.merchantID,
        environment: 'Production',
        'base-url': texts['base-url'],
      };
      const mixed = JSON.stringify(sorted(expected)) !== JSON.stringify(sorted(texts));
      return [
        ...(mixed ? [`${where} mixes generations: ${differing(expected, texts).join(', ')}`] : []),
        ...wrongGeneration(secret, token.value, generations).map((what) => `${where} ${what}`),
      ];
    });
}

/** The revision that it is annotated with belongs to one token only, and never goes back. */
function wrongGeneration(secret: StoredSecret, token: string, seen: Map<string, string>): string[] {
  const revision = secret.metadata.annotations?.[annotations.revision] ?? '';
  const key = `${secret.metadata.uid} ${revision}`;
  const before = seen.get(key);
  seen.set(key, token);
  return before === undefined || before === token ? [] : [`has another token under revision ${revision} than before`];
}

const sorted = (values: object) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));

const differing = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);

/** No secret value of Square's stands where it does not belong. */
async function leaks(stage: Stage): Promise<string[]> {
  const { live, namespace, operatorNamespace, square, processes } = stage;
  const values = square.secrets();
  const objects = [namespace, operatorNamespace].flatMap((where) =>
    (['connections', 'applications', 'configMaps', 'events'] as const).flatMap((collection) =>
      live
        .versions(collection, where)
        .map((object): Place => ({ where: `${collection} ${object.metadata.name}`, text: JSON.stringify(object) })),
    ),
  );
  const secrets = [namespace, operatorNamespace].flatMap((where) => live.versions('secrets', where));
  const metadata = secrets.map(({ metadata }): Place => {
    return {
      where: `metadata of Secret ${metadata.name}`,
      text: JSON.stringify({ ...metadata, managedFields: undefined }),
    };
  });
  const logs = processes.map(({ log }, i): Place => ({ where: `log of process ${i + 1}`, text: log.join('') }));
  const own = secrets.filter(({ type }) => type.startsWith('square-operator.dev/') && !type.endsWith('/credential'));
  const contents = own.map(
    (secret): Place => ({ where: `Secret ${secret.metadata.name}`, text: JSON.stringify(textsOf(secret)) }),
  );
  const consumable = secrets.filter(({ metadata }) => metadata.annotations?.[annotations.connection] !== undefined);
  const published = consumable.map(
    (secret): Place => ({ where: `Secret ${secret.metadata.name}`, text: JSON.stringify(textsOf(secret)) }),
  );
  return [
    ...findLeaks(values, [...objects, ...metadata, ...logs, ...contents, ...(await pages(stage))]),
    ...findLeaks(
      values.filter((value) => !value.startsWith('EAAA')),
      published,
    ),
  ].map((leak) => `a secret value shows in ${leak}`);
}

async function pages({ processes }: Stage): Promise<Place[]> {
  const running = processes.filter((one) => one.running() && !one.paused());
  const found = running.flatMap((one) =>
    (['metrics', 'healthz', 'readyz?verbose'] as const).map(async (what) => ({
      where: `/${what}`,
      text: (await one.get(what)).text,
    })),
  );
  return await Promise.all(found);
}
