import { globalOptions } from '../../src/cli/options.ts';
import { verbs } from '../../src/cli/verbs.ts';

/** What is wrong with the calls of `kubectl square` that a text names: verbs and flags that there are not. */
export function unknownCalls(text: string): string[] {
  const calls = [...text.matchAll(/kubectl square ((?:[^\n`|;&]|\|\|)+)/g)].map(([, call = '']) => call.trim());
  return calls.flatMap((call) => {
    const [name = '', ...words] = call.split(/\s+/);
    const verb = verbs.find((one) => one.name === name);
    if (verb === undefined) return [`kubectl square ${call}: there is no such verb`];
    const known = [...globalOptions, ...verb.options].flatMap(({ flags }) => flags.match(/-[-\w]+/g) ?? []);
    return words
      .filter((word) => /^--?[a-z]/i.test(word))
      .map((word) => word.split('=')[0] ?? '')
      .filter((flag) => !known.includes(flag))
      .map((flag) => `kubectl square ${call}: there is no ${flag}`);
  });
}
