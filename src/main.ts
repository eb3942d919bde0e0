import './signals.ts';

import { formatInstant, holdProcess, systemClock } from './clock.ts';
import { helpText, readConfig } from './config.ts';
import { maskText } from './observability/redact.ts';
import { startOperator } from './operator.ts';
import { stopBy } from './signals.ts';
import { version } from './version.ts';

/** Wrong settings, as `sysexits.h` has it; Kubernetes shows it as the container's exit code. */
const usage = 64;

async function main(): Promise<void> {
  const read = readConfig(process.argv.slice(2), process.env);
  if (read.ok === 'help') {
    process.stdout.write(helpText());
    return;
  }
  if (!read.ok) {
    process.stderr.write(`${read.problems.join('\n')}\nWrite --help to see all settings.\n`);
    process.exitCode = usage;
    return;
  }
  const operator = await startOperator({ config: read.config, version });
  const release = holdProcess();
  stopBy(() => {
    operator.stop().then(release, (error: unknown) => fail(error));
  });
}

/** One line for the person who reads the container's log, and an exit code that makes Kubernetes start it again. */
function fail(error: unknown): void {
  const message = maskText(error instanceof Error ? error.message : String(error));
  process.stderr.write(
    `${JSON.stringify({ level: 'error', time: formatInstant(systemClock.wall()), msg: 'operator failed', why: message })}\n`,
  );
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
main().catch(fail);
