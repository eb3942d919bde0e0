import { Argument, Command, CommanderError, Option } from 'commander';
import type { Clock } from '../clock.ts';
import { KubeError } from '../kube/client.ts';
import { version } from '../version.ts';
import { onTerminal, printable } from './control-characters.ts';
import { Ending, type Exit, exitCodes } from './exit.ts';
import { explain } from './explain.ts';
import { globalOptions } from './options.ts';
import { createScreen, type Stream } from './screen.ts';
import type { Call, Verb, VerbOption } from './verb.ts';

/** What a run of the plugin has to do with. */
export interface Surroundings {
  readonly stdin: Call['stdin'];
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

const optionOf = ({ flags, says, choices, default: value }: VerbOption): Option => {
  const option = new Option(flags, says);
  if (choices !== undefined) option.choices([...choices]);
  if (value !== undefined) option.default(value);
  return option;
};

/** `--help` of a verb, after what Commander says. */
const after = ({ examples }: Verb): string =>
  `\nExamples:\n${examples.map(({ says, command }) => `  # ${says}\n  ${command}`).join('\n\n')}`;

const exitLines = Object.values(exitCodes).map(({ code, says }) => `  ${String(code).padStart(3)}  ${says}`);

/** The command line as Commander understands it. `run` is called with the verb that it names. */
export function commandLine(
  verbs: readonly Verb[],
  { stdout, stderr }: Pick<Surroundings, 'stdout' | 'stderr'>,
  run: (verb: Verb, names: readonly string[], options: Call['options']) => Promise<void>,
): Command {
  const program = new Command('kubectl square')
    .description(
      'Connections to Square, for people: how they are, and what to do. It reads the status and leaves requests that the operator answers; it never calls Square.',
    )
    .version(version, '-V, --version', 'The version of the plugin.')
    .helpOption('-h, --help', 'This text.')
    .usage('VERB [options]')
    .commandsGroup('Verbs:')
    .helpCommand('help [verb]', 'The help of a verb.')
    .configureOutput({
      writeOut: (text) => stdout.write(onTerminal(text, false)),
      writeErr: (text) => stderr.write(onTerminal(text, false)),
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    })
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError('Write --help to see what there is.')
    .addHelpText(
      'after',
      `\nExit codes:\n${exitLines.join('\n')}\n\nkubectl square VERB --help tells of one verb, with examples.`,
    );
  // kubectl takes its flags before the verb, too, so fingers do.
  const anywhere = globalOptions.filter(
    ({ flags, default: value }) => value === undefined && !flags.startsWith('--no-'),
  );
  for (const option of anywhere) program.addOption(optionOf(option).hideHelp());
  for (const verb of verbs) program.addCommand(commandOf(verb, run));
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

function commandOf(verb: Verb, run: Parameters<typeof commandLine>[2]): Command {
  const command = new Command(verb.name)
    .summary(verb.says)
    .description(verb.explains)
    .helpOption('-h, --help', 'This text.')
    .addHelpText('after', after(verb));
  if (verb.argument !== undefined) {
    const argument = new Argument(verb.argument.syntax, verb.argument.says);
    if (Array.isArray(verb.argument.completes)) argument.choices(verb.argument.completes as string[]);
    command.addArgument(argument);
  }
  for (const option of verb.options) command.addOption(optionOf(option));
  for (const option of globalOptions) command.addOption(optionOf(option).helpGroup('Options of every verb:'));
  return command.action(async (...given: unknown[]) => {
    const names = verb.argument === undefined ? [] : [given[0]].flat().filter((one) => typeof one === 'string');
    await run(verb, names, { ...command.parent?.opts(), ...command.opts() });
  });
}

/** Runs the plugin with these arguments; gives the exit code. Never rejects. */
export async function runProgram(
  args: readonly string[],
  verbs: readonly Verb[],
  around: Surroundings,
): Promise<number> {
  let exit: Exit = 'ok';
  const { stdout, stderr, env, signal } = around;
  const program = commandLine(verbs, around, async (verb, names, options) => {
    const screen = createScreen({ stdout, stderr, color: options.color, env });
    const { clock } = around;
    exit = await verb.run({
      names,
      options,
      screen,
      clock,
      signal,
      get stdin() {
        return around.stdin;
      },
    });
  });
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage.code;
    }
    if (args[0] === 'help' && args[1] !== undefined && !verbs.some(({ name }) => name === args[1])) {
      program.error(`error: unknown command '${args[1]}'`);
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes[exit].code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    const ending = endingOf(error, signal);
    const message = ending.message.split('\n').map(printable).join('\n');
    stderr.write(`${ending.exit === 'interrupted' ? '' : 'Error: '}${message}\n`);
    return exitCodes[ending.exit].code;
  }
}

function endingOf(error: unknown, signal: AbortSignal): Ending {
  if (error instanceof Ending) return error;
  if (signal.aborted) return new Ending('interrupted', 'Interrupted.');
  if (error instanceof KubeError) return explain(error);
  return new Ending('error', error instanceof Error ? error.message : String(error));
}
