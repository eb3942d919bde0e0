import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { reportTo } from '../../test/cluster/report.ts';
import { runDir } from '../../test/cluster/temp-dir.ts';
import { exitCodeOf, Misuse, readFlags } from '../../test/support/flags.ts';
import { goalsOf } from './goals.ts';
import { openLab } from './lab.ts';
import type { Figures } from './measure.ts';
import { nodeFlags } from './node-flags.ts';
import { runPairs } from './peer.ts';
import { measureLife } from './phases.ts';
import { ratioTable } from './ratios.ts';
import { goalTable, phaseTable, short } from './table.ts';

const usage = `Usage: npm run bench -- [--connections N[,N...]] [--json FILE] [--idle SECONDS] [--node-flags="FLAG ..."]
           npm run bench -- --peer DIR [--connections N] [--pairs N] [--phases LIST] [--json FILE]

The first runs the operator through the life of N connections (default 1000): apply, idle, restart, scrape, drain,
refresh. With several N, the
smallest first, it also tells how the CPU of a drain grows, and takes the memory of a connection from the difference. The second compares it with a Go operator that does
the same three writes; DIR is the built harness that holds both. Needs Linux; the control plane is any that the tests use.`;

const report = reportTo(process.stderr);

async function main(): Promise<void> {
  const { values } = readFlags({
    options: {
      connections: { type: 'string', default: '1000' },
      json: { type: 'string' },
      idle: { type: 'string', default: '60' },
      'node-flags': { type: 'string' },
      peer: { type: 'string' },
      pairs: { type: 'string', default: '5' },
      phases: { type: 'string', default: 'drain' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return void process.stdout.write(`${usage}\n`);
  const sizes = values.connections.split(',').map((size) => count('connections', size));
  if (sizes.some((size, i) => i > 0 && size <= (sizes[i - 1] ?? 0)))
    throw new Misuse('--connections takes the smallest number first, and none twice.');
  if (process.platform !== 'linux') throw new Error('The benchmark reads /proc, which only Linux has.');
  const flags = values['node-flags']?.split(' ').filter(Boolean) ?? nodeFlags;
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    node: process.version,
    load: loadavg(),
    nodeFlags: flags,
  };
  const [connections = 0] = sizes;
  const [idle, pairCount] = [count('idle', values.idle, 0), count('pairs', values.pairs)];
  const result =
    values.peer === undefined
      ? await lives(sizes, idle, flags)
      : await pairs({
          harness: values.peer,
          connections,
          pairs: pairCount,
          phases: values.phases,
          nodeFlags: flags,
        });
  const file = resolve(values.json ?? join('bench-results', `${new Date().toISOString().replaceAll(':', '-')}.json`));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ machine, loadAfter: loadavg(), ...result }, undefined, 2)}\n`);
  report.line(`Kept in ${file}. Load of the machine: ${loadavg()[0]?.toFixed(1)} on ${machine.cpus} CPUs.`);
}

/** Throws `Misuse` unless the text is a whole number from `least` on. */
function count(flag: string, text: string, least = 1): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least) return number;
  throw new Misuse(`--${flag} takes a whole number from ${least} on, not "${text}". Write --help to see all flags.`);
}

/** Calls `work` with a folder that is gone afterwards. */
async function inRunDir<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await runDir();
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function lives(
  sizes: readonly number[],
  idle: number,
  flags: readonly string[],
): Promise<{ lives: Figures[][] }> {
  const all: Figures[][] = [];
  let fewer: Figures[] | undefined;
  for (const connections of sizes) {
    const figures = await inRunDir(async (dir) => {
      const lab = await openLab(dir, flags, report);
      const tell = (phase: string) => report.line(`${connections} connections: ${phase}`);
      try {
        return await measureLife(lab, { connections, idle }, tell);
      } finally {
        await lab.close();
      }
    });
    all.push(figures);
    process.stdout.write(`\n${phaseTable(figures)}\n${goalTable(goalsOf(figures, fewer))}\n`);
    fewer ??= figures;
  }
  const [first, ...rest] = all.map((figures) => figures.find(({ phase }) => phase === 'drain'));
  for (const larger of rest) {
    if (first === undefined || larger === undefined) continue;
    const each = ({ operatorSeconds, connections }: Figures) => operatorSeconds / connections;
    const ratio = short(each(larger) / each(first));
    process.stdout.write(
      `CPU for each connection in a drain, ${larger.connections} ÷ ${first.connections} connections: ${ratio}\n`,
    );
  }
  return { lives: all };
}

async function pairs(plan: Parameters<typeof runPairs>[1]): Promise<{ pairs: Awaited<ReturnType<typeof runPairs>> }> {
  const lines = await inRunDir((dir) => runPairs(dir, plan, report));
  process.stdout.write(`\n${ratioTable(lines)}\n`);
  return { pairs: lines };
}

// What was started ends with this process only if it exits in order.
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const told = error instanceof Misuse ? error.message : error instanceof Error ? error.stack : undefined;
    report.line(told ?? String(error));
    process.exit(exitCodeOf(error));
  },
);
