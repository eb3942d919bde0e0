import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { measure } from '../../../tools/bench/harness.ts';
import { outputOf } from '../../support/output-of.ts';

const timeout = 30_000;
/** In the place of the harness: the operator that it starts is a process that stays, and holds what the harness writes to. */
const harness = (then: string) => ['-c', `sleep 1000 & echo '{"name":"ours","phase":"drain"}'; ${then}`];

test('what the harness started ends with it', { timeout }, async () => {
  const lines = await measure('/bin/sh', harness('exit 0'), process.env);
  expect(lines).toEqual([{ name: 'ours', phase: 'drain' }]);
  await expect(measure('/bin/sh', harness('exit 3'), process.env)).rejects.toThrow('/bin/sh ended with exit code 3');
});

test('what the harness started ends with a comparison that is interrupted', { timeout }, async () => {
  const file = JSON.stringify(resolve(import.meta.dirname, '../../../tools/bench/harness.ts'));
  const script = `
    import { measure } from ${file};
    process.once('SIGINT', () => process.exit(130));
    await measure('/bin/sh', ${JSON.stringify(harness('echo started >&2; wait'))}, process.env);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  await outputOf(child).until(/started/);
  child.kill('SIGINT');
  // The streams are closed once nobody is left who holds them.
  expect(await once(child, 'close')).toEqual([130, null]);
});
