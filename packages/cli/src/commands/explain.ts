import { EXIT_OK, UsageError, UserError } from '../errors.ts';
import { lookUp } from '../explain/lookup.ts';
import { allStatusesAsJson, foundAsJson, printAllStatuses, printFound } from '../explain/print.ts';
import { given, texts } from '../flags/arguments.ts';
import type { Command } from './command.ts';

/** `strata explain`: what a status, a drop reason or a trace event means. */
export const explainCommand: Command = {
  usage: 'explain [what..]',
  summary: 'Explain a status code, a drop reason or a trace event',
  examples: [
    ['strata explain 0x10005', 'a status by number; decimal works too'],
    ['strata explain NX_WINDOW_OVERFLOW', 'by name; connect_failure is enough where it is clear'],
    ['strata explain no-receive-packet', 'a reason for which a layer drops frames'],
    ['strata explain --json 0x38', 'the same for programs'],
    ['strata explain --all', 'every status in one table'],
  ],
  declare: (program) =>
    program
      .positional('what', { type: 'string', describe: 'code or name; several are explained in turn' })
      .option('json', { type: 'boolean', describe: 'print JSON, one object a line' })
      .option('all', { type: 'boolean', describe: 'list every status code' }),
  run: async (args, terminal) => {
    const words = texts(args, 'what');
    const json = given(args, 'json');
    if (given(args, 'all')) {
      if (json) for (const line of allStatusesAsJson()) terminal.data(line);
      else printAllStatuses(terminal);
      return EXIT_OK;
    }
    if (words.length === 0) {
      throw new UsageError('nothing to explain', undefined, 'strata explain 0x10005, or strata explain --all');
    }
    const unknown: UserError[] = [];
    let printed = 0;
    for (const word of words) {
      const found = lookUp(word);
      if (found.kind === 'nothing') {
        unknown.push(nothingKnown(word, found.suggestions));
      }
      if (json) {
        terminal.data(JSON.stringify(foundAsJson(word, found)));
      } else if (found.kind !== 'nothing') {
        if (printed++ > 0) terminal.data('');
        printFound(found, terminal);
      }
    }
    const last = unknown.pop();
    if (last === undefined) return EXIT_OK;
    for (const { message, next } of unknown) terminal.error(`strata: ${message}\n  ${next}`);
    throw last;
  },
};

function nothingKnown(word: string, suggestions: readonly string[]): UserError {
  return new UserError({
    what: `nothing is known about "${word}"`,
    why: 'it is no status code, drop reason or trace event',
    next:
      suggestions.length > 0
        ? `did you mean ${suggestions.join(', ')}?`
        : 'strata explain --all lists the status codes',
  });
}
