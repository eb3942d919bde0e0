import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from '../cluster/api.ts';
import type { ChartObject } from './chart.ts';

type Schema = { readonly [keyword: string]: unknown };

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Where kubeconform looks in the folder that `writeSchemas` filled. */
export const schemaLocation = (dir: string): string => join(dir, '{{ .ResourceKind }}{{ .KindSuffix }}.json');

/**
 * Writes the schemas of the kinds of these objects as JSON schemas, as the API server itself publishes them (Kubernetes,
 * "The Kubernetes API: OpenAPI V3"), closed: a field that is not in a schema is an error, unless the schema keeps unknown
 * ones. Throws for a kind that the API server does not have.
 */
export async function writeSchemas(api: Api, dir: string, objects: readonly ChartObject[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  const versions = new Set(objects.map(({ apiVersion }) => apiVersion));
  const documents = new Map<string, Document>();
  for (const version of versions) {
    const path = version.includes('/') ? `apis/${version}` : `api/${version}`;
    documents.set(version, await api.ask<Document>('GET', `/openapi/v3/${path}`));
  }
  for (const { apiVersion, kind } of objects) {
    const schemas = documents.get(apiVersion)?.components.schemas ?? {};
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const [name] = Object.entries(schemas).find(([, schema]) => isOf(schema, group, version, kind)) ?? [];
    if (name === undefined) throw new Error(`the API server has no schema of ${apiVersion} ${kind}`);
    const closed = Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, close(schema)]));
    const whole = { $ref: `#/components/schemas/${name}`, components: { schemas: closed } };
    const suffix = [...(group === '' ? [] : [group?.split('.')[0]]), version].join('-').toLowerCase();
    await writeFile(join(dir, `${kind.toLowerCase()}-${suffix}.json`), JSON.stringify(whole));
  }
}

const isOf = (schema: Schema, group = '', version = '', kind = ''): boolean =>
  ((schema['x-kubernetes-group-version-kind'] ?? []) as readonly Readonly<Record<string, string>>[]).some(
    (one) => one['group'] === group && one['version'] === version && one['kind'] === kind,
  );

const structure = new Set(['properties', 'items', 'additionalProperties', 'allOf', 'anyOf', 'oneOf', 'not']);

/** The same at any depth, with no room for other fields. What is only documentation is left out. */
function close(schema: Schema): Schema {
  const inner = Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => keyword !== 'default' && keyword !== 'description')
      .map(([keyword, value]) => [keyword, structure.has(keyword) ? closeWithin(keyword, value) : value]),
  );
  const open = schema['additionalProperties'] !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return schema['properties'] === undefined || open ? inner : { ...inner, additionalProperties: false };
}

function closeWithin(keyword: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => close(one as Schema));
  if (typeof value !== 'object' || value === null) return value;
  if (keyword !== 'properties') return close(value as Schema);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, close(one as Schema)]));
}
