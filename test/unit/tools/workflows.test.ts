import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { releaseNames } from '../../cluster/releases.ts';

interface Job {
  readonly permissions?: object;
  readonly 'timeout-minutes'?: number;
  readonly container?: { readonly image: string };
  readonly strategy?: { readonly matrix: { readonly kubernetes: readonly string[] } };
  readonly steps?: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[];
  readonly uses?: string;
}

interface Workflow {
  readonly permissions?: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = resolve(import.meta.dirname, '../../..');
const folder = join(root, '.github/workflows');
const files = readdirSync(folder);
const textOf = (file: string) => readFileSync(join(folder, file), 'utf8');
const workflows = files.map((file) => [file, parse(textOf(file)) as Workflow] as const);
const workflow = (name: string) => {
  const found = workflows.find(([file]) => file === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found[1];
};

describe.each(workflows)('%s', (file, { permissions, jobs }) => {
  test('has no right but those that a job of it names', () => {
    expect(permissions).toEqual({});
    for (const [name, job] of Object.entries(jobs)) expect([name, job.permissions]).not.toEqual([name, undefined]);
  });

  test('pins every action by its commit, and says which version that is', () => {
    for (const [line] of textOf(file).matchAll(/^.*\buses: .*$/gm))
      expect(line).toMatch(/uses: (?:\.\/\.github\/workflows\/[\w-]+\.yaml|[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
  });

  test('leaves no token behind for later steps, and ends', () => {
    for (const [name, { steps = [], uses, 'timeout-minutes': timeout }] of Object.entries(jobs)) {
      if (uses !== undefined) continue;
      expect([name, timeout]).toEqual([name, expect.any(Number)]);
      for (const step of steps.filter((one) => one.uses?.startsWith('actions/checkout@')))
        expect([name, step.with?.['persist-credentials']]).toEqual([name, false]);
    }
  });
});

test('an action is of one version everywhere', () => {
  const pins = files.flatMap((file) => [...textOf(file).matchAll(/uses: ([\w-]+\/[\w-]+)\S*@(\S+)/g)]);
  const versions = Map.groupBy(pins, ([, action]) => action);
  expect(versions.size).toBeGreaterThan(3);
  for (const [action, found] of versions)
    expect([action, new Set(found.map(([, , commit]) => commit)).size]).toEqual([action, 1]);
});

test('k3s is of every version of Kubernetes that there are control planes of', () => {
  const { strategy } = workflow('ci.yaml').jobs['k3s'] ?? {};
  expect([...(strategy?.matrix.kubernetes ?? [])].sort()).toEqual([...releaseNames].sort());
});

test('everything runs with the Node that the image is built with', () => {
  const [, image] = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
  expect(workflow('ci.yaml').jobs['all']?.container?.image).toBe(image);
});
