// `npm run lint`: formatting, then type-aware lint. Prints what is wrong and exits non-zero.
import { spawnSync } from 'node:child_process';

const checks = [
  ['biome', 'check', '.'],
  ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test', 'tools', 'demo'],
] as const;
const failed = checks.filter(([program, ...args]) => spawnSync(program, args, { stdio: 'inherit' }).status !== 0);
process.exit(failed.length > 0 ? 1 : 0);
