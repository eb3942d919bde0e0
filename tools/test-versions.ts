import { supportedKubernetes } from '../src/supported.ts';
import { releaseNamed, releaseNames } from '../test/cluster/releases.ts';
import { exitCodeOf as exitCodeOfError, readFlags } from '../test/support/flags.ts';
import { Interrupted, vitest } from './run-vitest.ts';
import { addTallies, exitCodeOf, summaryOf, type Tally } from './test-summary.ts';

const { oldest, newest } = supportedKubernetes;
const usage = `Usage: npm run test:versions [-- [--kubernetes VERSION ...] [FILE ...]]

Runs the integration tests on the oldest and on the newest version of Kubernetes that is supported, both control planes
built from the Go modules. With names of test files it runs those alone.

  --kubernetes  a version to run them on; may be given again; default: ${oldest} and ${newest}
                one of ${releaseNames.join(', ')}

Ends with a line for each version, and exits 0 only if every test passed on every one of them. With REQUIRE_ALL=1 a
skipped test is a failed one.`;

const strict = process.env.REQUIRE_ALL === '1';

async function on(version: string, files: readonly string[]): Promise<Tally> {
  const { kubernetes } = releaseNamed(version);
  process.stdout.write(`Kubernetes ${kubernetes}\n`);
  const tally = await vitest(['--project', 'integration', ...files], {
    ...process.env,
    KUBERNETES_VERSION: version,
    CONTROL_PLANE_PROVIDER: process.env.CONTROL_PLANE_PROVIDER || 'built-binaries',
  });
  const named = (name: string) => `${name} (Kubernetes ${version})`;
  return { ...tally, failed: tally.failed.map(named), skipped: tally.skipped.map(named) };
}

async function main(): Promise<void> {
  const { values, positionals } = readFlags({
    allowPositionals: true,
    options: {
      kubernetes: { type: 'string', multiple: true, default: [oldest, newest] },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return void process.stdout.write(`${usage}\n`);
  const tallies: [string, Tally][] = [];
  for (const version of values.kubernetes) tallies.push([version, await on(version, positionals)]);
  for (const [version, tally] of tallies) {
    const counts = summaryOf(tally, strict).trimEnd().split('\n').at(-1);
    process.stdout.write(`Kubernetes ${releaseNamed(version).kubernetes}: ${counts}\n`);
  }
  const total = addTallies(tallies.map(([, tally]) => tally));
  process.stdout.write(summaryOf(total, strict));
  process.exitCode = exitCodeOf(total, strict);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof Interrupted ? error.code : exitCodeOfError(error);
}
