import { squareApplications, squareConnections } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import { namespaces, type Resource } from '../kube/resource.ts';
import { inCluster } from './cluster.ts';
import { type GlobalOptions, globalOptions } from './options.ts';
import type { Verb, VerbOption } from './verb.ts';

/** What completes a word, and whether file names do, in cobra's form, which kubectl takes from its plugins. */
export interface Completion {
  readonly words: readonly { readonly word: string; readonly says?: string }[];
  readonly files: boolean;
}

/** Cobra's directives: file names are no completion; they are. */
const noFiles = 4;
const byDefault = 0;

/** One line for each word, the directive last. */
export const asCobra = ({ words, files }: Completion): string =>
  [
    ...words.map(({ word, says }) => (says === undefined ? word : `${word}\t${says}`)),
    `:${files ? byDefault : noFiles}`,
  ].join('\n');

const none: Completion = { words: [], files: false };

const longOf = ({ flags }: VerbOption): string => /--[\w-]+/.exec(flags)?.[0] ?? '';
const shortOf = ({ flags }: VerbOption): string | undefined => /^-(\w)\b/.exec(flags)?.[0];
const takesValue = ({ flags }: VerbOption): boolean => flags.includes('<');

/** Looks names up in the cluster; gives none when it cannot, since nobody reads an error while they complete. */
export type LookUp = (
  what: 'connection' | 'namespace' | 'application',
  given: Partial<GlobalOptions>,
) => Promise<string[]>;

/**
 * What may stand in the place of the last of `words`, which may be begun or empty. The words before it are what the
 * command line has already.
 */
export async function complete(words: readonly string[], verbs: readonly Verb[], lookUp: LookUp): Promise<Completion> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const { verb, open, given, names } = read(before, verbs);
  const options = [...(verb?.options ?? []), ...globalOptions];
  if (open !== undefined) return valueOf(open, last, given, lookUp);
  const joined = /^(--[\w-]+)=(.*)$/.exec(last);
  const option = options.find((one) => longOf(one) === joined?.[1]);
  if (joined !== null && option !== undefined) {
    const completion = await valueOf(option, joined[2] ?? '', given, lookUp);
    return { ...completion, words: completion.words.map((one) => ({ ...one, word: `${joined[1]}=${one.word}` })) };
  }
  if (last.startsWith('-')) {
    return beginning(last, [
      ...options.map((one) => ({ word: longOf(one), says: one.says })),
      { word: '--help', says: 'Help, with examples.' },
    ]);
  }
  if (verb === undefined)
    return beginning(
      last,
      verbs.map(({ name, says }) => ({ word: name, says })),
    );
  const completes = verb.argument?.completes;
  const full = names.length > 0 && !(verb.argument?.syntax.includes('...') ?? false);
  if (completes === undefined || full) return none;
  const found = completes === 'connection' ? await lookUp('connection', given) : completes;
  return beginning(
    last,
    found.filter((name) => !names.includes(name)).map((word) => ({ word })),
  );
}

interface Read {
  readonly verb: Verb | undefined;
  /** The option that the last word is the value of. */
  readonly open: VerbOption | undefined;
  /** Options that tell which cluster and namespace. */
  readonly given: Partial<GlobalOptions>;
  readonly names: readonly string[];
}

function read(before: readonly string[], verbs: readonly Verb[]): Read {
  let verb: Verb | undefined;
  let open: VerbOption | undefined;
  const given: Record<string, string> = {};
  const names: string[] = [];
  for (const word of before) {
    if (open !== undefined) {
      given[propertyOf(open)] = word;
      open = undefined;
    } else if (word.startsWith('-')) {
      const [flag, value] = word.split(/=(.*)/s);
      const option = [...(verb?.options ?? []), ...globalOptions].find(
        (one) => longOf(one) === flag || shortOf(one) === flag,
      );
      if (option === undefined || !takesValue(option)) continue;
      if (value === undefined) open = option;
      else given[propertyOf(option)] = value;
    } else if (verb === undefined) verb = verbs.find(({ name }) => name === word);
    else names.push(word);
  }
  return { verb, open, given, names };
}

/** `--operator-namespace` is `operatorNamespace`. */
const propertyOf = (option: VerbOption): string =>
  longOf(option)
    .slice(2)
    .replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

async function valueOf(
  option: VerbOption,
  begun: string,
  given: Partial<GlobalOptions>,
  lookUp: LookUp,
): Promise<Completion> {
  if (option.choices !== undefined)
    return beginning(
      begun,
      option.choices.map((word) => ({ word })),
    );
  if (option.completes === undefined) return none;
  if (option.completes === 'file') return { words: [], files: true };
  return beginning(
    begun,
    (await lookUp(option.completes, given)).map((word) => ({ word })),
  );
}

const beginning = (begun: string, words: Completion['words']): Completion => ({
  words: words.filter(({ word }) => word.startsWith(begun)),
  files: false,
});

const looked: Readonly<Record<Parameters<LookUp>[0], Resource>> = {
  connection: squareConnections,
  application: squareApplications,
  namespace: namespaces,
};

/** Names from the cluster that the command line means; none where a page of them takes longer than 2 s. */
export const lookUpIn =
  (clock: Clock): LookUp =>
  async (what, given) => {
    try {
      const options = { operatorNamespace: '', color: false, ...given, requestTimeout: '2s' };
      return await inCluster(options, clock, async (cluster) => {
        const namespace = what === 'namespace' ? undefined : cluster.namespace;
        const { items } = await cluster.client.list(looked[what], { namespace, metadataOnly: true });
        return items.map(({ metadata }) => metadata.name);
      });
    } catch {
      return [];
    }
  };
