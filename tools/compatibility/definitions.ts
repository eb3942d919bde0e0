/** The part that is compared of a CustomResourceDefinition. */
export interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly scope: string;
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly subresources?: object;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
  readonly [member: string]: unknown;
}

/** Bounds, by how they loosen. */
const upper = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const;
const lower = ['minimum', 'minLength', 'minItems', 'minProperties'] as const;
/** What may not change at all: stored values, or what people left out, would mean something else. */
const fixed = [
  'type',
  'format',
  'pattern',
  'default',
  'nullable',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
] as const;

/**
 * In what the later definition refuses, or drops, what the earlier one let in; each says where. Empty: whatever was stored
 * is valid still, and keeps its meaning.
 */
export function tightened(earlier: Definition, later: Definition): string[] {
  const { name } = earlier.metadata;
  const say = (what: string) => `${name}: ${what}`;
  if (earlier.spec.scope !== later.spec.scope) return [say(`the scope was ${earlier.spec.scope}`)];
  return earlier.spec.versions.flatMap((before) => {
    const after = later.spec.versions.find((one) => one.name === before.name);
    if (after === undefined || (before.served && !after.served)) return [say(`${before.name} is served no more`)];
    const lost = Object.keys(before.subresources ?? {}).filter((one) => !Object.hasOwn(after.subresources ?? {}, one));
    return [
      ...lost.map((one) => say(`${before.name} has lost its subresource ${one}`)),
      ...inSchema(before.schema.openAPIV3Schema, after.schema.openAPIV3Schema, before.name).map(say),
    ];
  });
}

function inSchema(before: Schema, after: Schema, path: string): string[] {
  return [
    ...fixed.flatMap((member) =>
      same(before[member], after[member])
        ? []
        : [`${path}: ${member} was ${shown(before[member])}, is ${shown(after[member])}`],
    ),
    ...upper.flatMap((member) => bound(before, after, member, path, (was, is) => is < was)),
    ...lower.flatMap((member) => bound(before, after, member, path, (was, is) => is > was)),
    ...enumeration(before, after, path),
    ...(after.required ?? [])
      .filter((one) => !(before.required ?? []).includes(one))
      .map((one) => `${path}.${one}: is required`),
    ...rules(before, after, path),
    ...within(before, after, path),
  ];
}

function bound(
  before: Schema,
  after: Schema,
  member: (typeof upper)[number] | (typeof lower)[number],
  path: string,
  tighter: (was: number, is: number) => boolean,
): string[] {
  const [was, is] = [before[member], after[member]];
  if (typeof is !== 'number' || (typeof was === 'number' && !tighter(was, is))) return [];
  return [`${path}: ${member} was ${shown(was)}, is ${is}`];
}

function enumeration(before: Schema, after: Schema, path: string): string[] {
  if (after.enum === undefined) return [];
  if (before.enum === undefined) return [`${path}: only ${shown(after.enum)} are allowed`];
  const allowed = after.enum;
  return before.enum
    .filter((one) => !allowed.includes(one))
    .map((one) => `${path}: ${shown(one)} is no longer allowed`);
}

/** A rule whose text has changed may refuse more: a person has to say that it does not. */
function rules(before: Schema, after: Schema, path: string): string[] {
  const known = new Set((before['x-kubernetes-validations'] ?? []).map(({ rule }) => rule));
  const added = (after['x-kubernetes-validations'] ?? []).filter(({ rule }) => !known.has(rule));
  return added.map(({ rule }) => `${path}: another rule: ${rule}`);
}

function within(before: Schema, after: Schema, path: string): string[] {
  const named = Object.entries(before.properties ?? {}).flatMap(([name, was]) => {
    const is = after.properties?.[name];
    return is === undefined ? [`${path}.${name}: is gone`] : inSchema(was, is, `${path}.${name}`);
  });
  const part = (member: 'items' | 'additionalProperties', here: string): string[] => {
    const [was, is] = [before[member], after[member]];
    if (was === undefined || is === undefined) return was === is ? [] : [`${here}: ${member} differs`];
    return inSchema(was, is, here);
  };
  return [...named, ...part('items', `${path}[]`), ...part('additionalProperties', `${path}.*`)];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const shown = (value: unknown): string => JSON.stringify(value) ?? 'absent';
