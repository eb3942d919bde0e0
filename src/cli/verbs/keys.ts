import { annotations, labels, sealingKeyConfigMap, squareConnections } from '../../api/names.ts';
import type { Instant } from '../../clock.ts';
import { isReason } from '../../kube/client.ts';
import { configMaps, secrets } from '../../kube/resource.ts';
import { publicKeyField, readPublicKey } from '../../secrets/seal-credential.ts';
import { type Cluster, inCluster } from '../cluster.ts';
import type { Exit } from '../exit.ts';
import { type Output, outputOption } from '../options.ts';
import { isForPeople, print } from '../print.ts';
import type { Screen } from '../screen.ts';
import { see, stateOf } from '../seen.ts';
import { compare } from '../select.ts';
import { type Cell, table, wrap } from '../table.ts';
import { type Call, verb } from '../verb.ts';
import { age } from '../when.ts';

interface Options {
  readonly output: Output;
}

/** A sealing key, as its Secret tells without being opened. */
export interface SealingKeyEntry {
  readonly id: string;
  readonly secretName: string;
  readonly state: string;
  readonly createdAt: string;
  /** How many sealed records need it still, where the operator noted it: for retired ones. */
  readonly records?: number;
  readonly removable: boolean;
}

export interface KeysReport {
  /** Where keys lie: Secrets of the cluster, or elsewhere (files of the operator), of which only what they sealed shows. */
  readonly where: 'cluster' | 'files';
  readonly keys: readonly SealingKeyEntry[];
  /** The ID of the published key; `undefined` where none is, `unreadable` where what is there is none. */
  readonly publishedID?: string;
  /** How many connections were sealed by which key, as far as they may be listed; those of other operators, too. */
  readonly sealedBy: Readonly<Record<string, number>>;
  /** How many of them the operator cannot open. */
  readonly unreadable: Readonly<Record<string, number>>;
  /** What is not as it should be. */
  readonly findings: readonly string[];
}

export const keys = verb<Options>({
  name: 'keys',
  says: 'Show the sealing keys, and whether the published key fits.',
  explains:
    'Lists the sealing keys of the operator: their state, how many records need each, and whether one may be removed; and compares the public key that credentials are sealed to with them. Reads only the metadata of the key Secrets: no key leaves the cluster. Keys that lie in files (--sealing-key-dir) are known by what they sealed.',
  options: [outputOption('table', 'json', 'yaml')],
  examples: [
    { says: 'Before a retired key is removed', command: 'kubectl square keys' },
    { says: 'An operator of another namespace', command: 'kubectl square keys --operator-namespace payments' },
  ],
  run: (call) =>
    inCluster(call.options, call.clock, async (cluster) =>
      show(call, await keysReport(cluster, call.options.operatorNamespace)),
    ),
});

/** Rejects with `KubeError` where the Secrets of the operator's namespace may not be listed. */
export async function keysReport({ client }: Cluster, namespace: string): Promise<KeysReport> {
  const [listed, published, counts] = await Promise.all([
    client.list(secrets, { namespace, labelSelector: labels.sealingKey, metadataOnly: true }),
    client.get(configMaps, namespace, sealingKeyConfigMap),
    countSealed(client),
  ]);
  const found = listed.items
    .map(({ metadata }): SealingKeyEntry => {
      const records = metadata.annotations?.[annotations.records];
      return {
        id: metadata.labels?.[labels.sealingKey] ?? '',
        secretName: metadata.name,
        state: metadata.labels?.[labels.sealingKeyState] ?? 'active',
        createdAt: metadata.creationTimestamp ?? '',
        ...(records !== undefined && { records: Number(records) }),
        removable: metadata.annotations?.[annotations.removable] === 'true',
      };
    })
    .sort((a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
  const text = (published?.['data'] as Readonly<Record<string, string>> | undefined)?.[publicKeyField];
  const publishedID = text === undefined ? undefined : (readPublicKey(text)?.kid ?? 'unreadable');
  const where = found.length > 0 ? 'cluster' : 'files';
  const about = { where, keys: found, ...counts, ...(publishedID !== undefined && { publishedID }) } as const;
  return { ...about, findings: findingsOf(about, namespace) };
}

type Counts = Pick<KeysReport, 'sealedBy' | 'unreadable'>;

/** By the status of the connections of all namespaces; who may not list those, sees none. */
async function countSealed(client: Cluster['client']): Promise<Counts> {
  const sealedBy: Record<string, number> = {};
  const unreadable: Record<string, number> = {};
  try {
    await client.listPages(squareConnections, {}, (items) => {
      for (const seen of items.map(see)) {
        const id = seen.status.sealingKeyID;
        if (id === undefined) continue;
        sealedBy[id] = (sealedBy[id] ?? 0) + 1;
        if (stateOf(seen) === 'GrantUnreadable') unreadable[id] = (unreadable[id] ?? 0) + 1;
      }
    });
  } catch (error) {
    if (!isReason(error, 'Forbidden')) throw error;
  }
  return { sealedBy, unreadable };
}

/** What is wrong, and what helps. */
export function findingsOf(
  { where, keys: found, publishedID, unreadable }: Omit<KeysReport, 'findings'>,
  namespace: string,
): string[] {
  const findings: string[] = [];
  const active = found.filter(({ state }) => state === 'active');
  if (publishedID === undefined) {
    findings.push(
      `ConfigMap ${namespace}/${sealingKeyConfigMap} does not exist: the operator makes it at its start. Does it run there?`,
    );
  } else if (publishedID === 'unreadable') {
    findings.push(
      `ConfigMap ${namespace}/${sealingKeyConfigMap} holds no public key: delete it, and the operator writes it anew.`,
    );
  } else if (where === 'cluster' && !active.some(({ id }) => id === publishedID)) {
    findings.push(
      `The published key ${publishedID} is no active key of the cluster: what is sealed to it may not open. Where somebody changed the ConfigMap, delete it, and the operator writes it anew.`,
    );
  }
  if (where === 'cluster' && active.length === 0)
    findings.push('No key is active: the operator makes one as soon as it runs.');
  for (const [id, count] of Object.entries(unreadable)) {
    if (found.some((key) => key.id === id)) continue;
    findings.push(
      `${count} connections cannot be opened for want of key ${id}: restore its Secret (or its file) from a backup, and they open at once.`,
    );
  }
  return findings;
}

/** Said wherever keys lie unwrapped beside what they seal. */
export const embeddedWarning =
  'The keys lie unwrapped in Secrets of this cluster: a backup of etcd holds both the grants and their keys. Keep them in files of a KMS or CSI driver (--sealing-key-dir), or encrypt Secrets at rest.';

async function show({ options, screen, clock }: Call<Options>, report: KeysReport): Promise<Exit> {
  const exit: Exit = report.findings.length === 0 ? 'ok' : 'notReady';
  if (!isForPeople(options.output)) {
    await print(screen, options.output, report);
    return exit;
  }
  screen.out(report.where === 'cluster' ? keyTable(screen, report, clock.wall()) : useTable(screen, report));
  if (report.where === 'files') {
    screen.note(
      'No Secret of that namespace holds a key: they lie in files of the operator, or it runs elsewhere (--operator-namespace).',
    );
  }
  screen.out(`Published for sealing: ${report.publishedID ?? 'none'}`);
  const say = (tone: 'warn' | 'bad', text: string) =>
    screen.note(
      wrap(text, Math.min(screen.width ?? 100, 100))
        .map((line) => screen.paint(tone, line))
        .join('\n'),
    );
  for (const finding of report.findings) say('bad', finding);
  if (report.where === 'cluster') say('warn', embeddedWarning);
  return exit;
}

const plain = (text: string): Cell => ({ text });

function keyTable(screen: Screen, { keys: found, sealedBy }: KeysReport, now: Instant): string {
  const titles = ['ID', 'STATE', 'AGE', 'CONNECTIONS', 'RECORDS'].map((title) => ({ title }));
  const rows = found.map(({ id, state, createdAt, records, removable, secretName }): Cell[] => [
    plain(id),
    { text: removable ? `${state}, removable` : state, tone: state === 'active' ? 'good' : 'warn' },
    plain(age(createdAt, now)),
    plain(String(sealedBy[id] ?? 0)),
    plain(records === undefined ? '-' : String(records)),
    plain(secretName),
  ]);
  return table(screen, [...titles, { title: 'SECRET', least: 10 }], rows);
}

/** Of keys that lie in files only what they sealed is known. */
function useTable(screen: Screen, { sealedBy }: KeysReport): string {
  const rows = Object.entries(sealedBy).map(([id, count]) => [plain(id), plain(String(count))]);
  if (rows.length === 0) return 'No key Secret, and nothing sealed.';
  return table(screen, [{ title: 'ID' }, { title: 'CONNECTIONS' }], rows);
}
