import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import type { Api } from './api.ts';

interface Definition {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const establishedWithin = 30_000;

/** Applies the custom resource definitions of a folder of YAML files and resolves when the API server serves them all. */
export async function applyCrds(api: Api, folder: string): Promise<string[]> {
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith('.yaml')) : [];
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const definitions = texts.flatMap((text) =>
    parseAllDocuments(text).flatMap((document) => (document.toJS() as Definition | null) ?? []),
  );
  await Promise.all(definitions.map((definition) => apply(api, definition)));
  return definitions.map(({ metadata }) => metadata.name);
}

async function apply(api: Api, definition: Definition): Promise<void> {
  const { name } = definition.metadata;
  await api.ask('PATCH', `${collection}/${name}?fieldManager=square-operator-tests&force=true`, {
    body: definition,
    contentType: 'application/apply-patch+yaml',
  });
  const deadline = performance.now() + establishedWithin;
  for (;;) {
    const { status } = await api.ask<Definition>('GET', `${collection}/${name}`);
    const condition = (type: string) => status?.conditions?.find((one) => one.type === type)?.status;
    if (condition('Established') === 'True' && condition('NamesAccepted') === 'True') return;
    if (performance.now() > deadline) {
      throw new Error(`The API server does not establish ${name}: ${JSON.stringify(status?.conditions)}`);
    }
    await pause(50);
  }
}
