import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrograms, type GoProgram } from '../../test/cluster/build.ts';
import { cached, programDir } from '../../test/cluster/cache.ts';
import { goBuilds } from '../../test/cluster/go.ts';
import type { Report } from '../../test/cluster/provider.ts';

const source = join(import.meta.dirname, 'judge-source');
const files = ['go.mod', 'main.go'];

const program: GoProgram = {
  name: 'judge',
  package: '.',
  ldflags: '-s -w',
  async write(dir) {
    await mkdir(dir, { recursive: true });
    for (const file of files) await copyFile(join(source, file), join(dir, file));
  },
};

const dir = () => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(source, file)));
  return programDir(program.name, hash.digest('hex').slice(0, 12));
};

/** Why the program cannot be had on this machine and what helps, or `undefined` when it can. */
export function lacksJudge(): string | undefined {
  if (cached(program.name, dir())) return undefined;
  const go = goBuilds();
  return go === true
    ? undefined
    : `neither the kstatus library nor Argo CD's Lua: ${go}; install Go 1.21 or newer (https://go.dev/dl)`;
}

/** The path of `judge-source` built: kstatus, Lua as Argo CD runs it, and the types of the Prometheus operator. */
export const findJudge = async (report: Report): Promise<string> =>
  join(await ensurePrograms([program], dir(), report), program.name);
