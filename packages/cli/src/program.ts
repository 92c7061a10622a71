import { NetError } from '@strata/stack';
import yargs, { type Argv } from 'yargs';
import { brokerCommand } from './commands/broker.ts';
import { type Command, commandName } from './commands/command.ts';
import { conformanceCommand } from './commands/conformance.ts';
import { demoCommand } from './commands/demo.ts';
import { drillCommand } from './commands/drill.ts';
import { explainCommand } from './commands/explain.ts';
import { ping6Command, pingCommand } from './commands/ping.ts';
import { poolCommand } from './commands/pool.ts';
import { pubCommand } from './commands/pub.ts';
import { replayCommand } from './commands/replay.ts';
import { resolveCommand } from './commands/resolve.ts';
import { subCommand } from './commands/sub.ts';
import { tracerouteCommand } from './commands/traceroute.ts';
import { upCommand } from './commands/up.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError, UserError } from './errors.ts';
import { formatCode } from './explain/print.ts';
import type { Arguments } from './flags/arguments.ts';
import { nearest } from './nearest.ts';
import { fitHelp } from './terminal/help.ts';
import type { Terminal } from './terminal/terminal.ts';

/** The commands, in the order in which `--help` lists them. */
export const COMMANDS: readonly Command[] = [
  demoCommand,
  upCommand,
  pingCommand,
  ping6Command,
  tracerouteCommand,
  resolveCommand,
  pubCommand,
  subCommand,
  brokerCommand,
  poolCommand,
  drillCommand,
  conformanceCommand,
  replayCommand,
  explainCommand,
];

/** Wider help is harder to read. */
const MOST_COLUMNS = 110;

/** What yargs found on the command line. */
interface Parsed {
  readonly command: Command | null;
  readonly args: Arguments;
  /** Help or version text to print instead of working. */
  readonly output: string;
}

/**
 * Runs one command line. Prints what there is to print and returns the exit code; never throws.
 * @param words the command line without `node` and the script
 */
export async function runProgram(words: readonly string[], terminal: Terminal, version: string): Promise<number> {
  const code = await runCommand(words, terminal, version);
  terminal.over(code);
  return code;
}

async function runCommand(words: readonly string[], terminal: Terminal, version: string): Promise<number> {
  try {
    checkCommand(words[0]);
    const { rest, taken } = takeWords(helpWanted(words));
    const { command, args, output } = await parse(rest, version);
    if (output !== '') {
      terminal.data(fitHelp(output, Math.min(terminal.columns, MOST_COLUMNS)));
      return EXIT_OK;
    }
    if (command === null) {
      terminal.error(fitHelp(await helpText([], version), Math.min(terminal.columns, MOST_COLUMNS)));
      return EXIT_USAGE;
    }
    return await command.run(args, terminal, taken);
  } catch (error) {
    return report(error, words, terminal);
  }
}

/** @throws UsageError when the first word is meant as a command and is none */
function checkCommand(word: string | undefined): void {
  const names = COMMANDS.map(commandName);
  if (word === undefined || word.startsWith('-') || word === 'help' || names.includes(word)) {
    return;
  }
  const [meant] = nearest(word, names, 1);
  throw new UsageError(
    `there is no command "${word}"`,
    undefined,
    meant === undefined ? `the commands are ${names.join(', ')}` : `did you mean strata ${meant}?`,
  );
}

/** `strata help COMMAND` is `strata COMMAND --help`. */
function helpWanted(words: readonly string[]): readonly string[] {
  const [first, name] = words;
  return first === 'help' && COMMANDS.some((command) => commandName(command) === name) ? [name, '--help'] : words;
}

/** Lets the command take the words that yargs must not read. `--help` wins over a mistake in them. */
function takeWords(words: readonly string[]): { rest: readonly string[]; taken: unknown } {
  const command = COMMANDS.find((candidate) => commandName(candidate) === words[0]);
  if (command?.takeWords === undefined) {
    return { rest: words, taken: undefined };
  }
  if (words.includes('--help')) {
    return { rest: [words[0], '--help'], taken: undefined };
  }
  const { rest, taken } = command.takeWords(words.slice(1));
  return { rest: [words[0], ...rest], taken };
}

async function parse(words: readonly string[], version: string): Promise<Parsed> {
  let command: Command | null = null;
  let args: Arguments = {};
  let output = '';
  const program = build(words, version, (chosen, parsed) => {
    command = chosen;
    args = parsed;
  });
  await program.parseAsync([...words], {}, (_error: unknown, _args: unknown, text: string) => {
    output = text;
  });
  return { command, args, output };
}

async function helpText(words: readonly string[], version: string): Promise<string> {
  return (await parse([...words, '--help'], version)).output;
}

function build(words: readonly string[], version: string, choose: (command: Command, args: Arguments) => void): Argv {
  const program = yargs()
    .scriptName('strata')
    .usage('$0 COMMAND\n\nA network stack that can be watched: NetX Duo, layer by layer, in one process.')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .locale('en')
    .wrap(null)
    .version(version)
    .help('help')
    .alias('help', 'H')
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string, error?: Error) => {
      if (error !== undefined && error.name !== 'YError') {
        throw error;
      }
      throw usageError(error?.message ?? message, words);
    })
    .demandCommand(0)
    .strict()
    .example('strata demo', 'a device talks MQTT to a broker through every layer')
    .example('strata explain 0x10005', 'what a status code means')
    .epilogue('strata COMMAND --help shows the flags of a command and examples.');
  for (const command of COMMANDS) {
    program.command(
      command.usage,
      command.summary,
      (inner) => {
        command.declare(inner);
        for (const [line, does] of command.examples) {
          inner.example(line, does);
        }
        return inner.epilogue(command.epilogue ?? '');
      },
      (args) => choose(command, args as Arguments),
    );
  }
  return program as Argv;
}

/** Turns a complaint of yargs into one of ours, with a suggestion where a word is misspelt. */
function usageError(message: string, line: readonly string[]): UsageError {
  const bare = /^Not enough arguments following: (.*)$/.exec(message);
  if (bare !== null) {
    return new UsageError(`${dashed(bare[1])} needs a value`);
  }
  if (message.startsWith('Not enough non-option arguments')) {
    const command = COMMANDS.find((candidate) => commandName(candidate) === line[0]);
    return new UsageError(`${command?.usage ?? line[0]}: something is missing`, undefined, command?.examples[0]?.[0]);
  }
  const unknown = /^Unknown arguments?: (.*)$/.exec(message);
  if (unknown === null) {
    return new UsageError(
      message
        .split('\n')
        .filter((line) => line.trim() !== '')
        .join('; '),
    );
  }
  const words = unknown[1].split(', ');
  const [word] = words;
  if (!FLAG_NAMES.includes(word) && words.length > 1) {
    return new UsageError(`these are not known here: ${words.join(', ')}`);
  }
  const flag = line.find((typed) => typed === dashed(word) || typed.startsWith(`${dashed(word)}=`));
  const [meant] = flag === undefined ? [] : nearest(word, LONG_FLAG_NAMES, 1);
  return new UsageError(
    `${flag === undefined ? `"${word}"` : dashed(word)} is not known here`,
    undefined,
    meant === undefined ? undefined : meant === word ? 'other commands have it' : `did you mean --${meant}?`,
  );
}

function dashed(name: string): string {
  return `${name.length === 1 ? '-' : '--'}${name}`;
}

/** Every flag of every command, for suggestions. */
const FLAG_NAMES: readonly string[] = (() => {
  const names = new Set<string>();
  for (const command of COMMANDS) {
    const program = command.declare(yargs() as Argv) as Argv & { getOptions(): { key: Record<string, unknown> } };
    for (const name of Object.keys(program.getOptions().key)) {
      names.add(name);
    }
  }
  return [...names];
})();

const LONG_FLAG_NAMES = FLAG_NAMES.filter((name) => name.length > 1);

/** A complaint about something very long shows its beginning only. */
function shortened(message: string): string {
  return message.replaceAll(/[^\s:]{200,}/g, (word) => `${word.slice(0, 60)}… (${word.length} characters)`);
}

function report(error: unknown, words: readonly string[], terminal: Terminal): number {
  const mark = terminal.paintError('red', 'strata:');
  if (error instanceof UserError) {
    terminal.error(`${mark} ${shortened(error.message)}`);
    if (error.next !== undefined) {
      terminal.error(`  ${error.next}`);
    }
    if (error instanceof UsageError) {
      const command = COMMANDS.find((candidate) => commandName(candidate) === words[0]);
      terminal.error(`  see strata ${command === undefined ? '' : `${commandName(command)} `}--help`);
    }
    return error.exitCode;
  }
  if (error instanceof NetError) {
    terminal.error(`${mark} ${error.chain()}`);
    terminal.error(`  strata explain ${formatCode(error.status)} says more`);
    return EXIT_FAILED;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (terminal.surroundings.environment.STRATA_DEBUG === '1') {
    terminal.error(`${mark} internal error\n${stack}`);
  } else {
    const [first] = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split('\n');
    terminal.error(`${mark} internal error: ${first}`);
    terminal.error('  this is a defect of strata; run the same line again with STRATA_DEBUG=1 for the stack');
  }
  return EXIT_FAILED;
}
