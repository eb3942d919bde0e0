import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/kube/resource.ts';
import { projectKeySecret } from '../../src/secrets/key-secrets.ts';
import type { KeyRing } from '../../src/secrets/port.ts';
import { ringOf } from '../../src/secrets/ring.ts';

export const formatsDir = resolve(import.meta.dirname, '../fixtures/formats');

/** The releases that left specimens, the oldest first. */
export const releasesWithSpecimens = (): string[] =>
  readdirSync(formatsDir)
    .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** What one release stored. */
export interface Release {
  readonly dir: string;
  readonly objects: (file: string) => KubeObject[];
  readonly text: (path: string) => string;
  /** The ring of its sealing keys. */
  readonly ring: () => KeyRing;
}

export function readRelease(version: string): Release {
  const dir = join(formatsDir, version);
  const text = (path: string) => readFileSync(join(dir, path), 'utf8');
  const objects = (file: string) => parseAllDocuments(text(file)).map((document) => document.toJS() as KubeObject);
  return {
    dir,
    text,
    objects,
    ring: () =>
      ringOf(
        objects('sealing-keys.yaml').flatMap((object) =>
          object['kind'] === 'Secret' ? (projectKeySecret(object).material ?? []) : [],
        ),
        true,
      ),
  };
}
