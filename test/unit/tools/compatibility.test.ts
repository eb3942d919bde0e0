import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { allowed } from '../../../tools/compatibility/allowed.ts';
import { incompatibilities } from '../../../tools/compatibility/check.ts';
import { type Definition, tightened } from '../../../tools/compatibility/definitions.ts';
import { readRelease, releasesWithSpecimens } from '../../formats/read.ts';

const [release = ''] = releasesWithSpecimens();
const definition = (): Definition =>
  structuredClone(parse(readRelease(release).text(join('crds', 'squareconnections.yaml'))) as Definition);

type Members = Record<string, unknown>;

/** What is said when something of the definition has changed: a path from the schema of the spec, or from `/`. */
function after(path: string, to: unknown): string[] {
  const later = definition();
  const spec = 'spec/versions/0/schema/openAPIV3Schema/properties/spec';
  const steps = (path.startsWith('/') ? path.slice(1) : `${spec}/${path}`).split('/');
  const last = steps.pop() ?? '';
  const place = steps.reduce<Members>((at, step) => at[step] as Members, later as unknown as Members);
  if (to === undefined) delete place[last];
  else place[last] = Array.isArray(place[last]) && last !== 'required' ? [...(place[last] as unknown[]), to] : to;
  return tightened(definition(), later);
}

test('the definitions let in whatever earlier releases stored', () => {
  expect(incompatibilities(resolve(import.meta.dirname, '../../..'))).toEqual([]);
});

test('an exemption for nothing is told', () => {
  const root = resolve(import.meta.dirname, '../../..');
  expect(incompatibilities(root, { ...allowed, 'squareconnections: is gone': 'it is not' })).toEqual([
    'tools/compatibility/allowed.ts speaks of what is not so: squareconnections: is gone',
  ]);
});

describe('it is told when', () => {
  const p = 'squareconnections.square-operator.dev: v1alpha1.spec';
  test.each([
    ['a field is gone', 'properties/suspend', undefined, `${p}.suspend: is gone`],
    ['a type changes', 'properties/suspend/type', 'string', `${p}.suspend: type was "boolean", is "string"`],
    ['a bound is tighter', 'properties/scopes/maxItems', 10, `${p}.scopes: maxItems was 100, is 10`],
    ['a lower bound comes', 'properties/scopes/minItems', 1, `${p}.scopes: minItems was absent, is 1`],
    ['a field is required', 'required', ['suspend'], `${p}.suspend: is required`],
    ['values are named', 'properties/suspend/enum', [true], `${p}.suspend: only [true] are allowed`],
    ['a value goes', 'properties/deletionPolicy/enum/1', 'Other', `${p}.deletionPolicy: "Revoke" is no longer allowed`],
    ['a default changes', 'properties/suspend/default', true, `${p}.suspend: default was absent, is true`],
    ['a rule comes', 'x-kubernetes-validations', { rule: 'false' }, `${p}: another rule: false`],
    [
      'something changes within a list',
      'properties/rolloutRestartTargets/items/properties/kind',
      undefined,
      `${p}.rolloutRestartTargets[].kind: is gone`,
    ],
    [
      'something changes within a map',
      'properties/secret/properties/labels/additionalProperties/maxLength',
      1,
      `${p}.secret.labels.*: maxLength was 63, is 1`,
    ],
    ['a version goes', '/spec/versions/0/served', false, 'v1alpha1 is served no more'],
    ['a subresource goes', '/spec/versions/0/subresources/status', undefined, 'has lost its subresource status'],
    ['the scope changes', '/spec/scope', 'Cluster', 'the scope was Namespaced'],
  ])('%s', (_, path, to, says) => {
    expect(after(path, to)).toEqual([expect.stringContaining(says)]);
  });

  test.each([
    ['a new field', 'properties/later', { type: 'string' }],
    ['another description', 'description', 'otherwise'],
    ['a looser bound', 'properties/scopes/maxItems', 1_000],
    ['rules that are gone', 'x-kubernetes-validations', undefined],
    ['one more value', 'properties/deletionPolicy/enum', 'Later'],
  ])('but not of %s', (_, path, to) => {
    expect(after(path, to)).toEqual([]);
  });
});
