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
  return schema.meta({ ...schema.meta(), description });
}

/** The schema with further rules. Goes before `.optional()`. */
export function ruled<S extends z.ZodType>(schema: S, ...rules: readonly Rule[]): S {
  const known = (schema.meta()?.[validations] ?? []) as readonly Rule[];
  return schema.meta({ ...schema.meta(), [validations]: [...known, ...rules] });
}

/** The schema with other words of a CRD: a `default`, `maxProperties`, `x-kubernetes-list-type` and the like. */
export function marked<S extends z.ZodType>(schema: S, marks: Readonly<Record<string, unknown>>): S {
  return schema.meta({ ...schema.meta(), ...marks });
}

/** A regular expression, without single quotes, as CEL takes it. */
const inCEL = (pattern: RegExp): string => `r'${pattern.source}'`;

export interface Bounds {
  readonly min?: number;
  readonly max: number;
}

export interface Shape extends Bounds {
  /** What the text must look like; RE2 and JavaScript read it alike. */
  readonly like: RegExp;
  /** What to write, when it does not look so. */
  readonly write: string;
}

/** In CEL: `value` has the shape. */
export const looksLike = (value: string, { like }: Shape): string => `${value}.matches(${inCEL(like)})`;

/** A bounded text. */
export const text = (description: string, { min = 1, max }: Bounds): z.ZodString =>
  described(description, z.string().min(min).max(max));

/**
 * A bounded text of one shape. In the CRD the shape is a rule in CEL, not a `pattern`: where a pattern is broken the API
 * server shows the bare expression and checks no rule at all.
 */
export const shaped = (description: string, shape: Shape): z.ZodString =>
  ruled(unrepeated(description, shape), { rule: looksLike('self', shape), message: shape.write });

/**
 * The same, for a value that may be a secret: the API server repeats a text that breaks a rule of its own, so the object
 * around it has to have the rule, made with {@link looksLike}.
 */
export const unrepeated = (description: string, shape: Shape): z.ZodString =>
  text(description, shape).regex(shape.like, { error: shape.write });

/** A bounded map of texts, whose keys have one shape. */
export function map<V extends z.ZodType>(
  description: string,
  keys: Shape,
  values: V,
  maxProperties: number,
): z.ZodRecord<z.ZodString, V> {
  const key = z.string().max(keys.max).regex(keys.like, { error: keys.write });
  const record = marked(z.record(key, values), { maxProperties });
  return described(
    description,
    ruled(record, {
      rule: `self.all(k, k.size() <= ${keys.max} && ${looksLike('k', keys)})`,
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

/**
 * A bounded list that is written as a whole, by one writer. The API server keeps one entry about it in `managedFields`,
 * not one for each field of each item.
 */
export function wholeList<I extends z.ZodType>(description: string, items: I, maxItems: number): z.ZodArray<I> {
  return described(description, marked(z.array(items).max(maxItems), { 'x-kubernetes-list-type': 'atomic' }));
}

/** A time in RFC 3339. */
export const time = (description: string): z.ZodString =>
  described(description, marked(z.string(), { format: 'date-time' }));

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** The name of a Kubernetes object. */
export const objectName = (description: string): z.ZodString =>
  shaped(description, {
    max: 253,
    like: subdomain,
    write:
      "write the name of a Kubernetes object: lower-case letters, digits, '-' and '.', with a letter or digit at both ends",
  });

export const namespaceName = (description: string): z.ZodString =>
  shaped(description, {
    max: 63,
    like: label,
    write: "write the name of a namespace: lower-case letters, digits and '-', with a letter or digit at both ends",
  });

/** A key of a Secret's `data`. */
export const secretKey: Shape = {
  max: 253,
  like: /^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$/,
  write: "write a Secret key: letters, digits, '-', '_' and '.', not starting with two dots",
};

/** A key of labels and annotations. */
export const qualifiedName: Shape = {
  max: 317,
  like: /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
  write: "write keys as Kubernetes does: name or example.com/name, of letters, digits, '-', '_' and '.'",
};

export const labelValue = shaped('A label value.', {
  min: 0,
  max: 63,
  like: /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
  write: "write a label value: letters, digits, '-', '_' and '.', with a letter or digit at both ends",
});
