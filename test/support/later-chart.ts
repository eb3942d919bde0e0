import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';

const chart = resolve(import.meta.dirname, '../../charts/square-operator');

interface Definition {
  spec: {
    versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, object> } } } } }[];
  };
}

/** A chart as a later release may have it, of version 99.0.0: one more value, and one more field of connections. */
export async function makeLaterChart(dir: string): Promise<string> {
  const later = join(dir, 'later');
  await cp(chart, later, { recursive: true });
  const edit = async (file: string, change: (text: string) => string) =>
    writeFile(join(later, file), change(await readFile(join(later, file), 'utf8')));
  await edit('Chart.yaml', (text) => text.replaceAll(/^(version|appVersion): .*$/gm, '$1: 99.0.0'));
  await edit('values.yaml', (text) => `${text}\nlater: {create: true}\n`);
  await edit('values.schema.json', (text) => {
    const schema = JSON.parse(text) as { properties: Record<string, object> };
    return JSON.stringify({ ...schema, properties: { ...schema.properties, later: { type: 'object' } } });
  });
  await edit('files/crds/squareconnections.yaml', (text) => {
    const definition = parse(text) as Definition;
    for (const { schema } of definition.spec.versions)
      schema.openAPIV3Schema.properties.spec.properties['later'] = { type: 'string' };
    return stringify(definition);
  });
  return later;
}
