import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

function run(program: string, ...flags: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...flags], { cwd: root, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

const programs = [
  'test/simulator/main.ts',
  'test/cluster/main.ts',
  'tools/bench/main.ts',
  'tools/test-versions.ts',
  'test/reliability/main.ts',
  'demo/main.ts',
];

describe.each(programs)('%s', (program) => {
  test('--help is the usage', () => {
    const { code, out, err } = run(program, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('npm run');
  });

  test('an unknown flag is named, without a stack trace', () => {
    const { code, out, err } = run(program, '--bogus');
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toMatch(/^Unknown option '--bogus'/);
    expect(err).not.toMatch(/^\s+at /m);
  });
});

test.each([
  ['test/simulator/main.ts', '--port', 'x'],
  ['test/simulator/main.ts', '--environment', 'x'],
  ['tools/bench/main.ts', '--connections', 'x'],
  ['tools/bench/main.ts', '--pairs', '0'],
  ['test/reliability/main.ts', '--sample', 'x'],
])('%s %s %s is told in one line', (program, flag, value) => {
  const { code, err } = run(program, flag, value);
  expect(code).toBe(64);
  expect(err).toMatch(new RegExp(`^${flag} [^\\n]*"?${value}[^\\n]*\\n$`));
});
