import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { pagesByHand } from '../../support/documented.ts';

const root = resolve(import.meta.dirname, '../../..');
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');
const notes = 'charts/square-operator/templates/NOTES.txt';

/** Every command that copies the sealing keys, on one line each. */
const copiesIn = (file: string) =>
  [
    ...textOf(file).matchAll(
      /kubectl -n (\S+|\{\{[^}]*\}\}) get secrets -l square-operator\.dev\/sealing-key -o yaml[^)]*/g,
    ),
  ]
    .map(([command]) => command.replaceAll(/\s*\\?\n\s*/g, ' '))
    .map((command) => command.replace('{{ .Release.Namespace }}', 'square-operator'));

test('wherever a copy of the sealing keys is made, it is without what would keep anything from putting it back', () => {
  const found = [notes, ...pagesByHand()].map((file) => [file, copiesIn(file)] as const);
  const making = found.filter(([, copies]) => copies.length > 0);
  expect(making.map(([file]) => file).sort()).toEqual([notes, 'docs/backup-and-restore.md', 'docs/sealing-keys.md']);
  const [first = ''] = copiesIn('docs/backup-and-restore.md');
  expect(first).toMatch(/\| sed '\/\^ {4}resourceVersion:\/d; \/\^ {4}uid:\/d' > sealing-keys\.yaml$/);
  for (const [file, copies] of making) for (const copy of copies) expect([file, copy]).toEqual([file, first]);
});
