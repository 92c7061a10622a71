import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import {
  formatReplayResult,
  type ReplayResult,
  replayCapture,
  replayJson,
  runReplay,
  summarizeReplays,
} from '@strata/conformance';
import { EXIT_FAILED, EXIT_OK, UsageError, UserError } from '../errors.ts';
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
      .option('pcap', { type: 'string', requiresArg: true, describe: 'folder for a capture of each sequence' }),
  run: runReplayCommand,
};

async function runReplayCommand(args: Arguments, terminal: Terminal): Promise<number> {
  const { directory } = terminal.surroundings;
  const paths = texts(args, 'file');
  if (paths.length === 0)
    throw new UsageError('no sequence is named', undefined, 'strata replay FILE.ndjson, or a folder');
  const files = paths.flatMap((path) => findSequences(resolve(directory, path), path));
  const captures = text(args, 'pcap');
  const results: ReplayResult[] = [];
  for (const file of files) {
    const result = await runReplay(readFileSync(file, 'utf8'), shown(directory, file));
    results.push(result);
    terminal.data(given(args, 'json') ? JSON.stringify(replayJson(result)) : formatReplayResult(result));
    if (captures !== undefined) keepCapture(resolve(directory, captures), result);
  }
  terminal.note(summarizeReplays(results));
  return results.every(({ pass }) => pass) ? EXIT_OK : EXIT_FAILED;
}

function findSequences(path: string, said: string): string[] {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path);
  } catch {
    throw new UserError({ what: `there is no file ${said}` });
  }
  if (!stat.isDirectory()) return [path];
  const found = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(SEQUENCE))
    .sort()
    .map((name) => join(path, name));
  if (found.length === 0) throw new UserError({ what: `there is no ${SEQUENCE} file below ${said}` });
  return found;
}

function keepCapture(folder: string, result: ReplayResult): void {
  mkdirSync(folder, { recursive: true });
  const name = result.name.replaceAll(/[/\\]/g, '-').replace(/\.ndjson$/, '');
  writeFileSync(join(folder, `${name}.pcapng`), replayCapture(result));
}

/** A path as short as it can be said. */
function shown(directory: string, file: string): string {
  const near = relative(directory, file);
  return near.startsWith('..') ? file : near;
}
