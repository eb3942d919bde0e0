import type { ArchivedImage } from './contents.ts';

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The middle one of an odd number of figures. */
export const middle = (figures: readonly number[]): number =>
  figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? Number.NaN;

/** Prints sizes and times, of which docs/performance.md tells. `starts` in milliseconds. */
export function report({ layers }: ArchivedImage, starts: readonly number[]): void {
  const [base, ...own] = layers;
  const sum = (part: 'unpacked' | 'size', of = layers) => mib(of.reduce((total, one) => total + one[part], 0));
  const program = own.flatMap(({ entries }) => entries).find(({ path }) => path === '/app/square-operator.js');
  const rows = [
    ['image, unpacked', sum('unpacked')],
    ['image, compressed', sum('size')],
    ['of it the base, unpacked and compressed', `${mib(base?.unpacked ?? 0)}, ${mib(base?.size ?? 0)}`],
    ['of it our layers, unpacked and compressed', `${sum('unpacked', own)}, ${sum('size', own)}`],
    ['the operator in one file', mib(program?.bytes ?? 0)],
    [
      'start of the process until ready',
      `${middle(starts)} ms (${Math.min(...starts)} to ${Math.max(...starts)}, ${starts.length} runs)`,
    ],
  ];
  process.stdout.write(`${rows.map(([what, figure]) => `${what}: ${figure}`).join('\n')}\n`);
}
