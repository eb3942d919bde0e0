import { z } from 'zod';

/**
 * The words in which the schemas are written. A structural CRD can say bounds, patterns, enumerations and, in CEL, rules;
 * so there are no refinements and no transforms, and objects stay open, since the API server prunes.
 */

/** A rule in CEL, as the API server checks it. The message says what to write instead, and never repeats the value. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** Where the error is shown when not at the object itself, such as `.name`. */
  readonly fieldPath?: string;
}

const validations = 'x-kubernetes-validations';

/** The schema with a sentence for `kubectl explain`. */
export function described<S extends z.ZodType>(description: string, schema: S): S {
  return schema.meta({ ...schema.meta(), description }) as S;
}

/** The schema with further rules. Goes before `.optional()`. */
export function ruled<S extends z.ZodType>(schema: S, ...rules: readonly Rule[]): S {
  const known = (schema.meta()?.[validations] ?? []) as readonly Rule[];
  return schema.meta({ ...schema.meta(), [validations]: [...known, ...rules] }) as S;
}

/** The schema with other words of a CRD: a `default`, `maxProperties`, `x-kubernetes-list-type` and the like. */
export function marked<S extends z.ZodType>(schema: S, marks: Readonly<Record<string, unknown>>): S {
  return schema.meta({ ...schema.meta(), ...marks }) as S;
}

/** A regular expression, without single quotes, as CEL takes it. */
const inCEL = (pattern: RegExp): string => `r'${pattern.source}'`;

export interface Shape {
  readonly min?: number;
  readonly max: number;
  /** What the text must look like; RE2 and JavaScript read it alike. */
  readonly like?: RegExp;
  /** What to write, when it does not look so. */
  readonly write?: string;
  /** The API server repeats a value that breaks a pattern; a value that may be secret is checked by CEL alone. */
  readonly secret?: boolean;
}

/** The mark on a schema whose pattern the CRD leaves to CEL. */
export const patternInCELOnly = 'x-pattern-in-cel-only';

/** A bounded text of one shape. */
export function text(description: string, { min = 1, max, like, write = '', secret = false }: Shape): z.ZodString {
  const bounded = z.string().min(min).max(max);
  if (like === undefined) return described(description, bounded);
  const shaped = ruled(bounded.regex(like, { error: write }), {
    rule: `self.matches(${inCEL(like)})`,
    message: write,
  });
  return described(description, secret ? marked(shaped, { [patternInCELOnly]: true }) : shaped);
}

/** A bounded map of texts, whose keys have one shape. */
export function map<V extends z.ZodType>(
  description: string,
  keys: Shape & { readonly like: RegExp; readonly write: string },
  values: V,
  maxProperties: number,
): z.ZodRecord<z.ZodString, V> {
  const key = z.string().max(keys.max).regex(keys.like, { error: keys.write });
  const record = marked(z.record(key, values), { maxProperties });
  return described(
    description,
    ruled(record, {
      rule: `self.all(k, k.size() <= ${keys.max} && k.matches(${inCEL(keys.like)}))`,
      message: keys.write,
    }),
  );
}

/** A bounded list without repetitions. */
export function set<I extends z.ZodType>(description: string, items: I, maxItems: number): z.ZodArray<I> {
  return described(description, marked(z.array(items).max(maxItems), { 'x-kubernetes-list-type': 'set' }));
}

/** A bounded list of objects, each told apart by `keys`. */
export function listByKeys<I extends z.ZodType>(
  description: string,
  items: I,
  maxItems: number,
  keys: readonly string[],
): z.ZodArray<I> {
  const list = z.array(items).max(maxItems);
  return described(description, marked(list, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }));
}

/** A time in RFC 3339. */
export const time = (description: string): z.ZodString =>
  described(description, marked(z.string(), { format: 'date-time' }));

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** The name of a Kubernetes object. */
export const objectName = (description: string): z.ZodString =>
  text(description, {
    max: 253,
    like: subdomain,
    write:
      "write the name of a Kubernetes object: lower-case letters, digits, '-' and '.', with a letter or digit at both ends",
  });

export const namespaceName = (description: string): z.ZodString =>
  text(description, {
    max: 63,
    like: label,
    write: "write the name of a namespace: lower-case letters, digits and '-', with a letter or digit at both ends",
  });

/** A key of a Secret's `data`. */
export const secretKeyShape = {
  max: 253,
  like: /^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$/,
  write: "write a Secret key: letters, digits, '-', '_' and '.', not starting with two dots",
} as const;
