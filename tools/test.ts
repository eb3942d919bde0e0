// `npm test`: everything that CI checks. Its last line is `N passed, N failed`, with `, N skipped` where tests were
// skipped; a check that is no test of vitest counts as one test. With REQUIRE_ALL=1 a skipped test is a failed one.
import { Interrupted, succeeds, vitest } from './run-vitest.ts';
import { addTallies, exitCodeOf, summaryOf, type Tally } from './test-summary.ts';

const checks = [
  ['lint', 'tools/lint.ts'],
  ['typecheck', 'node_modules/typescript/bin/tsc', '-p', '.'],
  ['verify', 'tools/verify.ts'],
] as const;

async function check(name: string, args: readonly string[]): Promise<Tally> {
  const passed = await succeeds(args);
  process.stdout.write(`${passed ? '✓' : '✗'} ${name}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? [] : [name], skipped: [] };
}

async function main(): Promise<number> {
  const tallies: Tally[] = [];
  for (const [name, ...args] of checks) tallies.push(await check(name, args));
  tallies.push(await vitest([]));
  const total = addTallies(tallies);
  const strict = process.env.REQUIRE_ALL === '1';
  const names = checks.map(([name]) => name).join(', ');
  process.stdout.write(summaryOf(total, strict, `Vitest's tests, and one each for ${names}:`));
  return exitCodeOf(total, strict);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.stdout.write(`${error.message}\n`);
  process.exitCode = error.code;
}
