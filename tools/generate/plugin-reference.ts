import { exitCodes } from '../../src/cli/exit.ts';
import { globalOptions } from '../../src/cli/options.ts';
import type { Verb, VerbOption } from '../../src/cli/verb.ts';
import { verbs } from '../../src/cli/verbs.ts';
import type { Artifact } from './artifact.ts';
import { code, page, table } from './markdown.ts';

/** The reference of the plugin: every verb with its options and examples, and the exit codes. */
export function pluginReference(): Artifact[] {
  const text = page(
    'src/cli/verbs.ts',
    '# `kubectl square`',
    table(
      ['Verb', 'Does'],
      verbs.map(({ name, says }) => [`[${code(name)}](#${name})`, says]),
    ),
    ...verbs.flatMap(chapter),
    '## Options of every verb',
    optionTable(globalOptions),
    '## Exit codes',
    table(
      ['Code', 'Means'],
      Object.values(exitCodes).map(({ code: number, says }) => [String(number), says]),
    ),
  );
  return [{ path: 'docs/reference/kubectl-square.md', text }];
}

function chapter(verb: Verb): string[] {
  const { name, argument, explains, options, examples } = verb;
  const commands = examples.map(({ says, command }) => `# ${says}\n${command}`).join('\n\n');
  return [
    `## ${name}`,
    code(['kubectl square', name, ...(argument === undefined ? [] : [argument.syntax]), '[options]'].join(' ')),
    explains,
    ...(options.length === 0 ? [] : [optionTable(options)]),
    `\`\`\`sh\n${commands}\n\`\`\``,
  ];
}

const optionTable = (options: readonly VerbOption[]): string =>
  table(
    ['Option', 'Default', 'Meaning'],
    options.map(({ flags, says, choices, default: value }) => [
      code(flags),
      value === undefined ? '' : code(value),
      choices === undefined ? says : `${says} One of ${choices.map(code).join(', ')}.`,
    ]),
  );
