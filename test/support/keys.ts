import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { annotations, grantKey, labels, sealingKeyConfigMap } from '../../src/api/names.ts';
import { findKubectl } from '../cluster/kubectl.ts';
import { kubeconfig } from './cluster.ts';
import { type StoredObject, type StoredSecret, textsOf } from './objects.ts';
import type { World } from './world.ts';

/** The sealing keys and the records as the API server has them, seen by the tests. */
export interface KeySight {
  /** The Secrets of keys by their IDs. */
  keys(): Map<string, StoredSecret>;
  /** IDs of the keys that seal the records, by the names of the Secrets. */
  recordKeys(): Record<string, string | undefined>;
  /** The ID in the ConfigMap. */
  publishedID(): string | undefined;
  notes(id: string): { readonly records?: string; readonly removable?: string };
  /** The values of a metric by their label, from the running operator. */
  metric(name: string): Promise<Record<string, number>>;
  /** Runs a line of shell as an admin would, in `directory`; `square-operator` as a namespace becomes that of this world. */
  shell(line: string, directory?: string): Promise<string>;
}

/** The commands of a chapter of the page on sealing keys, in their order. */
export async function documentedCommands(chapter: string): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, '../../docs/sealing-keys.md'), 'utf8');
  const found = text.split(/^## /m).find((part) => part.startsWith(chapter)) ?? '';
  return [...found.matchAll(/^ *```sh(?: run)?\n([\s\S]*?)^ *```/gm)].map(([, block = '']) =>
    block.replaceAll(/\\\n\s*/g, ''),
  );
}

/** The key that a sealed text says it was sealed by. */
export const kidOf = (jwe = ''): string | undefined =>
  (JSON.parse(Buffer.from(jwe.split('.')[0] ?? '', 'base64url').toString() || '{}') as { kid?: string }).kid;

export function createKeySight(world: World): KeySight {
  const keys = () =>
    new Map(
      world.live.all('secrets', world.operatorNamespace).flatMap((secret) => {
        const id = secret.metadata.labels?.[labels.sealingKey];
        return id === undefined ? [] : [[id, secret] as const];
      }),
    );
  return {
    keys,
    recordKeys: () =>
      Object.fromEntries(
        world.live
          .all('secrets', world.namespace)
          .filter(({ type }) => type === 'square-operator.dev/sealed-grant')
          .map((secret) => [secret.metadata.name, kidOf(textsOf(secret)[grantKey])]),
      ),
    publishedID() {
      const map: (StoredObject & { data?: Record<string, string> }) | undefined = world.live.get(
        'configMaps',
        world.operatorNamespace,
        sealingKeyConfigMap,
      );
      return (JSON.parse(map?.data?.['public-key.json'] ?? '{}') as { kid?: string }).kid;
    },
    notes(id) {
      const found = keys().get(id)?.metadata.annotations ?? {};
      const [records, removable] = [found[annotations.records], found[annotations.removable]];
      return { ...(records !== undefined && { records }), ...(removable !== undefined && { removable }) };
    },
    async metric(name) {
      const { text } = (await world.operators.at(-1)?.get('metrics')) ?? { text: '' };
      const line = new RegExp(`^${name}(?:\\{\\w+="([^"]*)"\\})? (\\S+)$`, 'gm');
      return Object.fromEntries([...text.matchAll(line)].map(([, label = '', value]) => [label, Number(value)]));
    },
    async shell(line, directory) {
      const kubectl = await findKubectl({ line() {}, progress() {} });
      const command = line.replaceAll('-n square-operator ', `-n ${world.operatorNamespace} `);
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], {
        cwd: directory,
        env: { ...process.env, KUBECONFIG: kubeconfig(), PATH: `${dirname(kubectl)}:${process.env['PATH']}` },
      });
      return stdout;
    },
  };
}
