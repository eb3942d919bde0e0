/** So many lines are shown; the rest is counted. */
const linesShown = 40;

/** The lines in which two texts differ, `-` before those of the first; empty when there are none. */
export function difference(before: string, after: string): string {
  if (before === after) return '';
  const [a, b] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const lines = [
    ...a.slice(start, a.length - end).map((line) => `- ${line}`),
    ...b.slice(start, b.length - end).map((line) => `+ ${line}`),
  ];
  const hidden = lines.length - linesShown;
  return [`  line ${start + 1}`, ...lines.slice(0, linesShown), ...(hidden > 0 ? [`  … ${hidden} more`] : [])].join(
    '\n',
  );
}
