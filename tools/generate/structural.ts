import { z } from 'zod';
import type { Rule } from '../../src/api/schema.ts';

/** A schema as a CustomResourceDefinition takes it (Kubernetes, "Specifying a structural schema"). */
export interface Structural {
  type: string;
  description?: string;
  format?: string;
  default?: string | number | boolean | Readonly<Record<string, number>>;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  required?: readonly string[];
  properties?: Record<string, Structural>;
  items?: Structural;
  additionalProperties?: Structural;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: readonly Rule[];
}

type JSONSchema = Readonly<Record<string, unknown>>;

/** Keywords that are taken over as they are; everything else has a line below, or is an error. */
const plain = [
  'description',
  'type',
  'format',
  'default',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const satisfies readonly (keyof Structural)[];

/** Said in CEL, with a message that says what to write (`pattern`, `propertyNames`), or without a meaning in a CRD. */
const dropped = new Set(['$schema', 'pattern', 'propertyNames']);

/** The structural schema of a zod schema. Throws for what a CRD cannot say. */
export function structural(schema: z.ZodType, path = ''): Structural {
  return convert(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' }), path);
}

function convert(from: JSONSchema, path: string): Structural {
  const to: Structural = { type: String(from['type']) };
  Object.assign(
    to,
    Object.fromEntries(plain.filter((word) => from[word] !== undefined).map((word) => [word, from[word]])),
  );
  for (const [keyword, value] of Object.entries(from)) {
    if ((plain as readonly string[]).includes(keyword) || dropped.has(keyword)) continue;
    nested(to, keyword, value, path);
  }
  if (to.type === 'integer') boundInteger(to);
  return to;
}

function nested(to: Structural, keyword: string, value: unknown, path: string): void {
  switch (keyword) {
    case 'properties':
      to.properties = Object.fromEntries(
        Object.entries(value as Record<string, JSONSchema>).map(([name, inner]) => [
          name,
          convert(inner, `${path}.${name}`),
        ]),
      );
      return;
    case 'items':
      to.items = convert(value as JSONSchema, `${path}[]`);
      return;
    case 'additionalProperties':
      if (value !== false) to.additionalProperties = convert(value as JSONSchema, `${path}{}`);
      return;
    case 'x-kubernetes-validations':
      to['x-kubernetes-validations'] = value as readonly Rule[];
      return;
    default:
      throw new Error(`${path}: a CRD cannot say "${keyword}"`);
  }
}

/** zod bounds integers by what JavaScript counts exactly; a CRD says it by the format. */
function boundInteger(to: Structural): void {
  if (to.maximum === Number.MAX_SAFE_INTEGER) delete to.maximum;
  if (to.minimum === Number.MIN_SAFE_INTEGER) delete to.minimum;
  to.format = 'int64';
}
