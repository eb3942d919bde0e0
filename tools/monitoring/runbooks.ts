import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The runbooks are written by hand; a heading that is the name of an alert or of a reason says where it is told of. */
const folder = join(import.meta.dirname, '../../docs/runbooks');

/** The page that is made of the others. */
export const index = 'README.md';

export interface Runbook {
  /** In docs/runbooks. */
  readonly file: string;
  readonly title: string;
  readonly text: string;
  /** Alerts and reasons, as the headings say. */
  readonly names: readonly string[];
}

/** Every page, by its file name. */
export const runbooks: readonly Runbook[] = readdirSync(folder)
  .filter((file) => file.endsWith('.md') && file !== index)
  .sort()
  .map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const title = /^# (.+)$/m.exec(text)?.[1] ?? file;
    return { file, title, text, names: [...text.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name) };
  });

/** `page.md#heading` of the section about an alert or a reason. Throws where there is none: everything has a runbook. */
export function runbookOf(name: string): string {
  const found = runbooks.find(({ names }) => names.includes(name));
  if (found === undefined) throw new Error(`no page in docs/runbooks has the heading "### ${name}"`);
  return `${found.file}#${name.toLowerCase()}`;
}
