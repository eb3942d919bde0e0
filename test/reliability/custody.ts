import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { grantKey, labels } from '../../src/api/names.ts';
import { keyField, parseKey } from '../../src/secrets/key-material.ts';
import type { Binding, KeyRing, Purpose } from '../../src/secrets/port.ts';
import { openRecord } from '../../src/secrets/record.ts';
import { ringOf } from '../../src/secrets/ring.ts';
import { findLeaks } from '../support/canaries.ts';
import { collectionPath } from '../support/live.ts';
import { type StoredSecret, textsOf } from '../support/objects.ts';
import type { Stage } from './stage.ts';

/** Where a person would look for a token who restores what a dead operator left. */
export type Place = 'sealed record' | 'journal' | 'escrow';

/**
 * The places that hold a text, opened with the keys of the ring and the binding of the live connection. Read from the
 * API server and the disk, not from any memory of the operator's.
 */
export async function placesThatHold(stage: Stage, binding: Binding, text: string): Promise<Place[]> {
  const { api, namespace, operatorNamespace } = stage;
  const own = await secretsOf(stage, operatorNamespace);
  const ring = ringIn(own);
  if (ring === undefined) return [];
  const sealed = await api.send('GET', `${collectionPath('secrets', namespace)}/${binding.name}-sealed`);
  const record = sealed.status === 200 ? textsOf(sealed.body as StoredSecret)[grantKey] : undefined;
  const escrow = own.filter(({ metadata }) => metadata.name.startsWith('escrow-')).map((one) => textsOf(one));
  const journal = await Promise.all(stage.journalDirs.map(filesIn));
  const texts: Readonly<Record<Place, readonly string[]>> = {
    'sealed record': record === undefined ? [] : [record],
    journal: journal.flat(),
    escrow: escrow.flatMap((texts) => Object.values(texts)),
  };
  return Object.entries(texts).flatMap(([place, found]) =>
    found.some((one) => holds(ring, binding, one, text)) ? [place as Place] : [],
  );
}

async function secretsOf({ api }: Stage, namespace: string): Promise<StoredSecret[]> {
  return (await api.ask<{ items: StoredSecret[] }>('GET', collectionPath('secrets', namespace))).items;
}

function ringIn(secrets: readonly StoredSecret[]): KeyRing | undefined {
  const keys = secrets.filter(({ metadata }) => metadata.labels?.[labels.sealingKey] !== undefined);
  if (keys.length === 0) return undefined;
  return ringOf(
    keys.map((one) => parseKey(textsOf(one)[keyField] ?? '', one.metadata.name)),
    true,
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  // A living operator takes an entry away once the cluster has it.
  return await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8').catch(() => '')),
  );
}

const purposes: readonly Purpose[] = ['grant', 'journal', 'escrow'];
const compactJWE = /[\w-]+\.[\w-]*\.[\w-]{16}\.[\w-]*\.[\w-]{22}/g;

/** Whether any sealed text inside `container` opens and has `text` in it. */
function holds(ring: KeyRing, binding: Binding, container: string, text: string): boolean {
  const sealed = container.match(compactJWE) ?? [];
  return sealed.some((jwe) =>
    purposes.some((purpose) => {
      const opened = openRecord(ring, purpose, binding, jwe);
      if (!opened.ok) return false;
      // The journal keeps Square's answer as it came, in base64.
      const content = { where: purpose, text: Buffer.from(opened.value).toString() };
      return findLeaks([text], [content]).length > 0;
    }),
  );
}
