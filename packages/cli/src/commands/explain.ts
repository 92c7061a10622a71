import { EXIT_OK, UsageError, UserError } from '../errors.ts';
import { lookUp } from '../explain/lookup.ts';
import { foundAsJson, printAllStatuses, printFound } from '../explain/print.ts';
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
      .option('json', { type: 'boolean', describe: 'print JSON, one object per word' })
      .option('all', { type: 'boolean', describe: 'list every status code' }),
  run: async (args, terminal) => {
    const words = texts(args, 'what');
    if (given(args, 'all')) {
      printAllStatuses(terminal);
      return EXIT_OK;
    }
    if (words.length === 0) {
      throw new UsageError('nothing to explain', undefined, 'strata explain 0x10005, or strata explain --all');
    }
    for (const [index, word] of words.entries()) {
      const found = lookUp(word);
      if (found.kind === 'nothing') {
        const { suggestions } = found;
        throw new UserError({
          what: `nothing is known about "${word}"`,
          why: 'it is no status code, drop reason or trace event',
          next:
            suggestions.length > 0
              ? `did you mean ${suggestions.join(', ')}?`
              : 'strata explain --all lists the status codes',
        });
      }
      if (given(args, 'json')) {
        terminal.data(JSON.stringify(foundAsJson(word, found)));
      } else {
        if (index > 0) {
          terminal.data('');
        }
        printFound(found, terminal);
      }
    }
    return EXIT_OK;
  },
};
