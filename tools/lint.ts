// `npm run lint`: formatting, then type-aware lint. Prints what is wrong and exits non-zero.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const sources = ['src', 'test', 'tools', 'demo'].filter((folder) => existsSync(folder));

const checks = [
  ['biome', 'check', '.'],
  ['oxlint', '--type-aware', '--deny-warnings', ...sources],
] as const;
const failed = checks.filter(([program, ...args]) => spawnSync(program, args, { stdio: 'inherit' }).status !== 0);
process.exit(failed.length > 0 ? 1 : 0);
