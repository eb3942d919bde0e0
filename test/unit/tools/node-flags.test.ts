import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeEnvironment, nodeFlags } from '../../../tools/bench/node-flags.ts';

const dockerfile = readFileSync(join(import.meta.dirname, '../../../Dockerfile'), 'utf8');
const program = '/app/square-operator.js';

test('what is measured is what the image runs: flags, environment, and code compiled with them', () => {
  const entry = /^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '';
  expect(JSON.parse(entry)).toEqual(['node', ...nodeFlags, program]);
  const [, compile = ''] = /^RUN (\[.*"--help"\])$/m.exec(dockerfile) ?? [];
  expect(JSON.parse(compile)).toEqual(['node', '--random-seed=1', ...nodeFlags, program, '--help']);
  for (const [name, value] of Object.entries(nodeEnvironment('/app/compile-cache')))
    expect(dockerfile).toMatch(new RegExp(`^ENV .*\\b${name}=${value}\\b`, 'm'));
});

test('the docs raise the limit of the heap, and leave the rest of the command as it is', () => {
  const [, said = ''] =
    /^command: \[(.*)\]$/m.exec(readFileSync(join(import.meta.dirname, '../../../docs/scaling.md'), 'utf8')) ?? [];
  expect(said.replace('=512', '=256').split(', ')).toEqual(['node', ...nodeFlags, program]);
});
