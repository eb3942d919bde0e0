import { connectionOfSealedSecret, secretTypes, squareConnections } from '../../api/names.ts';
import { type Instant, parseInstant } from '../../clock.ts';
import { secrets } from '../../kube/resource.ts';
import { type Cluster, inCluster } from '../cluster.ts';
import { Ending, type Exit } from '../exit.ts';
import { toneOf } from '../need.ts';
import { allNamespacesOption, type Output, outputOption, type Selecting, selectorOption } from '../options.ts';
import { isForPeople, print } from '../print.ts';
import type { Screen } from '../screen.ts';
import { conditionOf, type Seen, stateOf } from '../seen.ts';
import { all, compare, forPrinting, tellMissing } from '../select.ts';
import { type Cell, type Column, table } from '../table.ts';
import { type Call, verb } from '../verb.ts';
import { age, relative, until } from '../when.ts';

interface Options extends Selecting {
  readonly output: Output;
  readonly due?: boolean;
  readonly retained?: boolean;
}

export const list = verb<Options>({
  name: 'list',
  says: 'List connections with their state, token age and expiry.',
  explains:
    'Lists the connections of a namespace, or of all. TOKEN is the age of the access token, EXPIRES the time it has left. With --due, when the next refreshes are due, soonest first. With --retained, sealed grants that no connection holds any more: those of deleted connections; this needs the right to list Secrets, of which only the metadata is read.',
  options: [
    allNamespacesOption,
    selectorOption,
    { flags: '--due', says: 'When refreshes are due, soonest first.' },
    { flags: '--retained', says: 'Sealed grants without a connection.' },
    outputOption('table', 'wide', 'json', 'yaml'),
  ],
  examples: [
    { says: 'The connections of all namespaces', command: 'kubectl square list -A' },
    { says: 'What is refreshed next', command: 'kubectl square list -A --due' },
    { says: 'Grants that deleted connections left behind', command: 'kubectl square list -A --retained' },
    { says: 'Seller, application and Secret, too', command: 'kubectl square list -l app=pos -o wide' },
  ],
  async run(call) {
    const { due, retained, selector } = call.options;
    if (due === true && retained === true) throw new Ending('usage', 'Write --due or --retained, not both.');
    if (retained === true && selector !== undefined) {
      throw new Ending(
        'usage',
        '--retained goes without -l: sealed grants do not carry the labels of their connections.',
      );
    }
    const show = retained === true ? listRetained : listConnections;
    return inCluster(call.options, call.clock, (cluster) => show(call, cluster));
  },
});

async function listConnections({ options, screen, clock }: Call<Options>, cluster: Cluster): Promise<Exit> {
  const found = await all(cluster, options);
  const shown = options.due === true ? soonestFirst(found) : found;
  if (!isForPeople(options.output)) {
    await print(screen, options.output, {
      apiVersion: 'v1',
      kind: 'List',
      items: shown.map(({ object }) => forPrinting(object)),
    });
    return 'ok';
  }
  if (tellMissing(cluster, { found, missing: [] }, options, screen.note) !== 'ok') return 'ok';
  const named = options.allNamespaces === true;
  const now = clock.wall();
  if (options.due === true) {
    if (shown.length > 0) screen.out(dueTable(screen, shown, named, now));
    const rest = found.length - shown.length;
    if (rest > 0)
      screen.note(`${rest} more without a date: not authorized, suspended, never renewed, or to be mended first.`);
  } else screen.out(connectionTable(screen, shown, named, now, options.output === 'wide'));
  return 'ok';
}

const nextRefresh = ({ status }: Seen): Instant | undefined =>
  status.nextRefreshTime === undefined ? undefined : parseInstant(status.nextRefreshTime);

/** Those that have a date. */
export const soonestFirst = (found: readonly Seen[]): Seen[] =>
  found
    .filter((one) => nextRefresh(one) !== undefined)
    .sort((a, b) => (nextRefresh(a) ?? 0) - (nextRefresh(b) ?? 0) || compare(a.key, b.key));

const namespaceColumn: Column = { title: 'NAMESPACE', least: 10 };
const nameColumn: Column = { title: 'NAME', least: 20 };

const stateCell = (seen: Seen): Cell => ({ text: stateOf(seen), tone: toneOf(seen) });
const readyCell = (seen: Seen): Cell => ({ text: conditionOf(seen, 'Ready')?.status ?? '-', tone: toneOf(seen) });
const plain = (text: string): Cell => ({ text });

export function connectionTable(
  screen: Screen,
  found: readonly Seen[],
  named: boolean,
  now: Instant,
  wide: boolean,
): string {
  const columns: Column[] = [
    ...(named ? [namespaceColumn] : []),
    nameColumn,
    { title: 'READY' },
    { title: 'STATE', least: 12 },
    { title: 'TOKEN' },
    { title: 'EXPIRES' },
    { title: 'AGE' },
    ...(wide ? ['NEXT REFRESH', 'SELLER', 'APPLICATION', 'SECRET'].map((title) => ({ title, least: 8 })) : []),
  ];
  const rows = found.map((one) => {
    const { status, spec, object } = one;
    const refresh = status.nextRefreshTime;
    return [
      ...(named ? [plain(one.namespace)] : []),
      plain(one.name),
      readyCell(one),
      stateCell(one),
      plain(age(status.accessTokenIssuedAt, now)),
      expiryCell(one, now),
      plain(age(object.metadata.creationTimestamp, now)),
      ...(wide
        ? [
            plain(refresh === undefined ? '-' : relative(parseInstant(refresh) ?? now, now)),
            plain(status.merchantName ?? status.merchantID ?? '-'),
            plain(applicationOf({ spec }) ?? '-'),
            plain(status.secretName ?? '-'),
          ]
        : []),
    ];
  });
  return table(screen, columns, rows);
}

const applicationOf = ({ spec }: Pick<Seen, 'spec'>): string | undefined => {
  const ref = spec.applicationRef;
  return ref === undefined ? undefined : ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
};

function expiryCell({ status }: Seen, now: Instant): Cell {
  const ends = status.accessTokenExpiresAt;
  if (ends === undefined) return plain(status.accessTokenIssuedAt === undefined ? '-' : 'never');
  const text = until(ends, now, 'expired');
  return text === 'expired' ? { text, tone: 'bad' } : plain(text);
}

function dueTable(screen: Screen, found: readonly Seen[], named: boolean, now: Instant): string {
  const columns: Column[] = [
    ...(named ? [namespaceColumn] : []),
    nameColumn,
    { title: 'STATE', least: 12 },
    { title: 'DUE' },
    { title: 'AT' },
    { title: 'TOKEN' },
  ];
  const rows = found.map((one) => [
    ...(named ? [plain(one.namespace)] : []),
    plain(one.name),
    stateCell(one),
    plain(relative(nextRefresh(one) ?? now, now)),
    plain(one.status.nextRefreshTime ?? '-'),
    plain(age(one.status.accessTokenIssuedAt, now)),
  ]);
  return table(screen, columns, rows);
}

async function listRetained({ options, screen, clock }: Call<Options>, cluster: Cluster): Promise<Exit> {
  const namespace = options.allNamespaces === true ? undefined : cluster.namespace;
  const [sealed, connections] = await Promise.all([
    cluster.client.list(secrets, { namespace, fieldSelector: `type=${secretTypes.sealedGrant}`, metadataOnly: true }),
    cluster.client.list(squareConnections, { namespace, metadataOnly: true }),
  ]);
  const held = new Set(connections.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const retained = sealed.items.flatMap(({ metadata }) => {
    const connection = connectionOfSealedSecret(metadata.name);
    if (connection === undefined || held.has(`${metadata.namespace}/${connection}`)) return [];
    const { namespace = '', name, creationTimestamp = '' } = metadata;
    return [{ namespace, connection, secretName: name, createdAt: creationTimestamp }];
  });
  if (!isForPeople(options.output)) {
    await print(screen, options.output, { retained });
    return 'ok';
  }
  if (retained.length === 0) {
    screen.note(`No sealed grant without a connection${namespace === undefined ? '' : ` in namespace ${namespace}`}.`);
    return 'ok';
  }
  const columns = [
    namespaceColumn,
    { title: 'CONNECTION', least: 12 },
    { title: 'SECRET', least: 14 },
    { title: 'SEALED SINCE' },
  ];
  const now = clock.wall();
  screen.out(
    table(
      screen,
      columns,
      retained.map((one) => [one.namespace, one.connection, one.secretName, age(one.createdAt, now)].map(plain)),
    ),
  );
  screen.note(
    'Each is taken up again by a connection of that name ("kubectl square adopt NAME"), and given up by deleting its Secret, which revokes nothing.',
  );
  return 'ok';
}
