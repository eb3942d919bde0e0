import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { supportedKubernetes, supportOf } from '../../src/supported.ts';
import { minorOf, releaseAskedFor, releaseNamed, releaseNames } from '../cluster/releases.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { oldest, newest } = supportedKubernetes;

describe('the supported versions of Kubernetes', () => {
  test('are those that there are control planes of, the newest and the oldest', () => {
    expect(releaseNames).toEqual([newest, oldest]);
    for (const name of releaseNames) expect(minorOf(releaseNamed(name).kubernetes)).toBe(name);
  });

  test.each(['README.md', 'docs/installing.md', 'docs/upgrading.md'])('are told by %s', (page) => {
    expect(read(page)).toContain(`Kubernetes ${oldest} to ${newest}`);
  });

  test('are what the chart asks for', () => {
    expect(read('charts/square-operator/Chart.yaml')).toContain(`\nkubeVersion: ">=${oldest}.0-0"\n`);
  });

  test.each([
    [`v${oldest}.0`, 'Supported'],
    [`v${newest}.3+k3s1`, 'Supported'],
    ['v1.4.0', 'Older'],
    ['v2.0.0', 'Newer'],
    ['1.340.0', 'Newer'],
    ['', undefined],
  ])('%s: %s', (version, support) => {
    expect(supportOf(version)).toBe(support);
  });
});

test('a version that there is no control plane of is refused by name', () => {
  expect(() => releaseAskedFor('1.12')).toThrow(`"1.12"; there are ${newest}, ${oldest}`);
  expect(releaseAskedFor('')).toBeUndefined();
});
