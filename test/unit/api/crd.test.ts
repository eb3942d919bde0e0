import { describe, expect, test } from 'vitest';
import { conditionTypes, reasons } from '../../../src/api/conditions.ts';
import { condition } from '../../../src/api/connection.ts';
import { definitions } from '../../../src/api/crd.ts';
import { type Structural, structural } from '../../../tools/generate/structural.ts';

/** Every schema inside another, with its path. */
function* within(schema: Structural, path: string): Generator<readonly [string, Structural]> {
  yield [path, schema];
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* within(field, `${path}.${name}`);
  if (schema.items) yield* within(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* within(schema.additionalProperties, `${path}{}`);
}

const schemas = definitions.flatMap(({ kind, spec, status }) => [
  ...within(structural(spec), `${kind}.spec`),
  ...within(structural(status), `${kind}.status`),
]);

function bounded(schema: Structural): boolean {
  switch (schema.type) {
    case 'string':
      return schema.maxLength !== undefined || schema.enum !== undefined || schema.format === 'date-time';
    case 'array':
      return schema.maxItems !== undefined;
    case 'object':
      return schema.additionalProperties === undefined || schema.maxProperties !== undefined;
    case 'integer':
      return schema.minimum !== undefined;
    default:
      return schema.type === 'boolean';
  }
}

describe('the resources', () => {
  test('bound every length and count', () => {
    expect(schemas.filter(([, schema]) => !bounded(schema)).map(([path]) => path)).toEqual([]);
  });

  test('describe every field', () => {
    const fields = schemas.filter(([path]) => /\.(spec|status)\./.test(path) && /[A-Za-z]$/.test(path));
    expect(fields.length).toBeGreaterThan(80);
    expect(fields.filter(([, { description }]) => !description).map(([path]) => path)).toEqual([]);
  });

  test('say in every message what to write or leave out', () => {
    const rules = [
      ...definitions.flatMap((definition) => definition.rules),
      ...schemas.flatMap(([, schema]) => schema['x-kubernetes-validations'] ?? []),
    ];
    expect(rules.length).toBeGreaterThan(40);
    expect(rules.filter(({ message }) => !/^(write|leave)\b/.test(message))).toEqual([]);
  });

  test('take every condition type and reason there is', () => {
    const all = Object.keys(conditionTypes).flatMap((type) => Object.keys(reasons).map((reason) => ({ type, reason })));
    const taken = all.filter(
      (one) =>
        condition.safeParse({ ...one, status: 'True', message: '', lastTransitionTime: '2026-07-01T09:30:00Z' })
          .success,
    );
    expect(taken).toEqual(all);
  });
});
