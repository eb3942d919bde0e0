import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { settings } from '../../../src/config.ts';
import { chartValueOf } from '../../../tools/generate/chart.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
}

test('every value of the chart that the reference of the settings names is one that Helm takes', () => {
  const schema = JSON.parse(read('charts/square-operator/values.schema.json')) as Node;
  const named = (Object.keys(settings) as (keyof typeof settings)[]).flatMap((one) => chartValueOf(one) ?? []);
  const missing = named.filter(
    (path) => path.split('.').reduce<Node | undefined>((node, key) => node?.properties?.[key], schema) === undefined,
  );
  expect(missing).toEqual([]);
  expect(named).toContain('settings.leaseDuration');
  expect(named).toContain('rolloutRestart.enabled');
  const page = read('docs/reference/settings.md');
  for (const path of named) expect(page).toContain(`| \`${path}\` |`);
});

test('what is no setting in the chart is a value with a default there', () => {
  const values = parse(read('charts/square-operator/values.yaml')) as Readonly<Record<string, unknown>>;
  const others = (Object.keys(settings) as (keyof typeof settings)[])
    .flatMap((one) => chartValueOf(one) ?? [])
    .filter((path) => !path.startsWith('settings.'));
  expect(others.length).toBeGreaterThan(2);
  for (const path of others) {
    const value = path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], values);
    expect([path, value !== undefined]).toEqual([path, true]);
  }
});
