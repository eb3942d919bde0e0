/** A table in Markdown. Cells may hold anything but line ends. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const code = (text: string): string => `\`${text}\``;

/** A page, its first line saying what it was made from. */
export const page = (source: string, ...parts: readonly string[]): string =>
  `<!-- Generated from ${source} by "npm run generate". Do not edit. -->\n\n${parts.join('\n\n')}\n`;
