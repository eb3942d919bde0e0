import { definitions, type ResourceDefinition } from '../../src/api/crd.ts';
import { apiVersion } from '../../src/api/names.ts';
import type { Artifact } from './artifact.ts';
import { code, page, table } from './markdown.ts';
import { type Structural, structural } from './structural.ts';

/** The reference of the resources: every field with its type, bounds, default and rules. */
export function apiReference(): Artifact[] {
  const text = page(
    'src/api',
    '# API reference',
    `Everything is of ${code(apiVersion)}, namespaced. A field that is marked * is required where the object around it is written. The same with ${code('kubectl explain')}.`,
    ...definitions.map(section),
  );
  return [{ path: 'docs/reference/api.md', text }];
}

function section(definition: ResourceDefinition): string {
  const spec = structural(definition.spec, 'spec');
  const status = structural(definition.status, 'status');
  const rules = [...definition.rules.map((rule) => ['the object', rule.message]), ...rulesOf(spec, 'spec')];
  return [
    `## ${definition.kind}`,
    `${definition.description} Short name ${code(definition.shortName)}.`,
    '### spec',
    table(['Field', 'Type', 'Meaning'], fields(spec, 'spec')),
    '### What the API server checks',
    'Beside types and bounds; each says what to write instead.',
    table(['Where', 'Message'], rules),
    '### status',
    table(['Field', 'Type', 'Meaning'], fields(status, 'status')),
  ].join('\n\n');
}

function fields(schema: Structural, path: string): string[][] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`;
    const preset = field.default === undefined ? '' : ` Default: ${code(presetOf(field.default))}.`;
    const row = [code(here) + (required.has(name) ? ' *' : ''), typeOf(field), `${field.description ?? ''}${preset}`];
    return [row, ...fields(field, here), ...(field.items ? fields(field.items, `${here}[]`) : [])];
  });
}

const presetOf = (preset: NonNullable<Structural['default']>): string =>
  typeof preset === 'object' ? JSON.stringify(preset) : String(preset);

function typeOf(field: Structural): string {
  if (field.enum !== undefined) return field.enum.map(code).join(', ');
  switch (field.type) {
    case 'array':
      return `list of ${field.items?.type ?? ''}${upTo(field.maxItems)}`;
    case 'object':
      return field.additionalProperties ? `map${upTo(field.maxProperties)}` : 'object';
    case 'string':
      return field.format === 'date-time' ? 'time (RFC 3339)' : `string${upTo(field.maxLength)}`;
    case 'integer':
      return ['whole number', from(field.minimum), to(field.maximum)].join('');
    default:
      return field.type;
  }
}

const upTo = (most: number | undefined): string => (most === undefined ? '' : `, at most ${most}`);
const from = (least: number | undefined): string => (least === undefined ? '' : ` from ${least}`);
const to = (most: number | undefined): string => (most === undefined ? '' : ` to ${most}`);

function rulesOf(schema: Structural, path: string): string[][] {
  const own = (schema['x-kubernetes-validations'] ?? []).map((rule) => [
    code(path + (rule.fieldPath ?? '')),
    rule.message,
  ]);
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => rulesOf(field, `${path}.${name}`));
  const items = schema.items ? rulesOf(schema.items, `${path}[]`) : [];
  const values = schema.additionalProperties ? rulesOf(schema.additionalProperties, `${path}.*`) : [];
  const seen = new Set<string>();
  return [...own, ...inner, ...items, ...values].filter((row) => {
    const key = row.join('\n');
    return !seen.has(key) && seen.add(key);
  });
}
