import { join } from 'node:path';
import {
  formatReplayResult,
  type ReplayResult,
  replayCapture,
  replayJson,
  runReplay,
  summarizeReplays,
} from '@strata/conformance';
import { EXIT_FAILED, EXIT_OK, UsageError, UserError } from '../errors.ts';
import { findFiles, outputFolder, readText, writeOutput } from '../files.ts';
import { type Arguments, given, text, texts } from '../flags/arguments.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

const SEQUENCE = '.ndjson';

/** `strata replay`: recorded sequences of frames against a host, in virtual time. */
export const replayCommand: Command = {
  usage: 'replay [file..]',
  summary: 'Drive recorded sequences of frames through a host, in virtual time',
  examples: [
    ['strata replay dad.ndjson', 'one sequence: what goes in, what must come out, and when'],
    ['strata replay sequences --json', 'every .ndjson below a folder, a line of JSON each'],
    ['strata replay sequences --pcap captures', 'a capture of every sequence'],
  ],
  epilogue:
    'The form of the files is in packages/conformance/README.md. Exit code 0: every sequence passes; 1: one fails or cannot ' +
    'be read; 2: wrong use.',
  declare: (program) =>
    program
      .positional('file', { type: 'string', describe: 'sequence, or folder of sequences' })
      .option('json', { type: 'boolean', describe: 'print each result as a line of JSON' })
      .option('pcap', {
        type: 'string',
        requiresArg: true,
        describe: '<FOLDER> folder for a capture of each sequence',
      }),
  run: runReplayCommand,
};

async function runReplayCommand(args: Arguments, terminal: Terminal): Promise<number> {
  const { directory } = terminal.surroundings;
  const paths = texts(args, 'file');
  if (paths.length === 0)
    throw new UsageError('no sequence is named', undefined, 'strata replay FILE.ndjson, or a folder');
  const files = paths.flatMap((path) => findFiles(directory, path, SEQUENCE));
  const captures = text(args, 'pcap');
  const folder = captures === undefined ? '' : outputFolder(directory, '--pcap FOLDER', captures);
  const results: ReplayResult[] = [];
  for (const file of files) {
    const result = await replayFile(directory, file);
    results.push(result);
    terminal.data(given(args, 'json') ? JSON.stringify(replayJson(result)) : formatReplayResult(result));
    if (captures === undefined) continue;
    const name = `${file
      .replace(/^[./\\]+/, '')
      .replaceAll(/[/\\]+/g, '-')
      .replace(/\.ndjson$/, '')}.pcapng`;
    writeOutput(folder, '--pcap FOLDER', name, replayCapture(result));
    if (!result.pass) terminal.note(`the frames of ${file}: ${join(captures, name)}`);
  }
  terminal.note(summarizeReplays(results));
  return results.every(({ pass }) => pass) ? EXIT_OK : EXIT_FAILED;
}

/** A file that cannot be read is a sequence that does not pass, and no reason to leave the others out. */
async function replayFile(directory: string, file: string): Promise<ReplayResult> {
  let content: string;
  try {
    content = readText(directory, file);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const failure = { line: 1, message: error.message, expected: null, actual: null, differsAt: -1 };
    return { name: file, title: '', pass: false, malformed: true, failure, notes: [], frames: [], duration: 0 };
  }
  return runReplay(content, file);
}
