import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { Exit } from './exit.ts';
import type { GlobalOptions } from './options.ts';
import type { Screen } from './screen.ts';

/** An option as Commander takes it, and as the reference prints it. */
export interface VerbOption {
  /** `-o, --output <format>`. */
  readonly flags: string;
  readonly says: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** What completes its value. */
  readonly completes?: 'namespace' | 'application' | 'file';
}

/** One call of a verb. */
export interface Call<O = object> {
  readonly names: readonly string[];
  readonly options: GlobalOptions & O;
  readonly screen: Screen;
  readonly clock: Clock;
  /** Standard input; `isTTY` where a person sits before it. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Example {
  readonly says: string;
  readonly command: string;
}

/** A verb of `kubectl square`. Parsing, `--help`, completion and the reference are made from it. */
export interface Verb {
  readonly name: string;
  /** One line, for the list of verbs. */
  readonly says: string;
  /** What it does, in whole sentences. */
  readonly explains: string;
  /** `[NAME...]`. */
  readonly argument?: {
    readonly syntax: string;
    readonly says: string;
    readonly completes?: readonly string[] | 'connection';
  };
  readonly options: readonly VerbOption[];
  readonly examples: readonly Example[];
  run(call: Call): Promise<Exit>;
}

/** A verb whose options have the type `O`: Commander gives them by the names of their long flags. */
export const verb = <O>(definition: Omit<Verb, 'run'> & { run(call: Call<O>): Promise<Exit> }): Verb =>
  definition as unknown as Verb;
