import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import {
  type DrillOptions,
  type DrillResult,
  drillCapture,
  drillJson,
  drillJunit,
  formatDrillResult,
  LENIENT,
  runDrill,
  STRICT,
  splitDefine,
  summarizeDrill,
} from '@strata/conformance';
import { EXIT_FAILED, EXIT_OK, UsageError, UserError } from '../errors.ts';
import { type Arguments, given, text, texts, wholeNumber } from '../flags/arguments.ts';
import { HIGHEST_SEED } from '../flags/common.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Command } from './command.ts';

const SCRIPT = '.pkt';

/** `strata drill`: runs scripts of the packetdrill language on the stack, in virtual time. */
export const drillCommand: Command = {
  usage: 'drill [script..]',
  summary: 'Run packetdrill scripts on the stack, in virtual time',
  examples: [
    ['strata drill handshake.pkt', 'one script: pass, fail or unsupported'],
    ['strata drill scripts --strict', 'every .pkt below a folder, with nothing overlooked'],
    ['strata drill scripts --junit report.xml --pcap failures', 'for machines; a capture of each failure'],
  ],
  epilogue:
    'Exit code 0: every script that could run has passed; 1: one failed, or none could run. A script that needs what the ' +
    'stack lacks is reported as unsupported, never as passed.',
  declare: (program) =>
    program
      .positional('script', { type: 'string', describe: 'script, or folder of scripts' })
      .option('strict', { type: 'boolean', describe: 'compare PSH and the layout of SYN options too' })
      .option('strict-end', { type: 'boolean', describe: 'fail on packets after the last event' })
      .option('define', { alias: 'D', type: 'string', requiresArg: true, describe: 'replace a word: SYM=text' })
      .option('seed', { type: 'string', requiresArg: true, describe: 'random seed (default 1)' })
      .option('json', { type: 'boolean', describe: 'print one JSON document' })
      .option('junit', { type: 'string', requiresArg: true, describe: 'write a JUnit report' })
      .option('pcap', { type: 'string', requiresArg: true, describe: 'folder for a capture of each failing script' }),
  run: runDrillCommand,
};

async function runDrillCommand(args: Arguments, terminal: Terminal): Promise<number> {
  const { directory } = terminal.surroundings;
  const paths = texts(args, 'script');
  if (paths.length === 0) throw new UsageError('no script is named', undefined, 'strata drill FILE.pkt, or a folder');
  const files = paths.flatMap((path) => findScripts(resolve(directory, path), path));
  const options = readOptions(args);
  const results = files.map((file) => {
    const name = relative(directory, file) || basename(file);
    const result = runDrill(readFileSync(file, 'utf8'), { ...options, name });
    if (!given(args, 'json')) terminal.data(formatDrillResult(result));
    return result;
  });
  report(results, args, terminal);
  const failed = results.some((result) => result.verdict === 'fail');
  const ran = results.some((result) => result.verdict !== 'unsupported');
  return failed || !ran ? EXIT_FAILED : EXIT_OK;
}

/** The scripts at a path: itself, or all below a folder in the order of their names. */
function findScripts(path: string, given: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UserError({ what: `cannot read ${given}`, why: 'there is no such file or folder' });
  if (stat.isFile()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(SCRIPT));
  if (names.length === 0)
    throw new UserError({ what: `${given} holds no scripts`, why: `their names end in ${SCRIPT}` });
  return names.sort().map((name) => join(path, name));
}

function readOptions(args: Arguments): DrillOptions {
  const defines = new Map<string, string>();
  for (const define of texts(args, 'define')) {
    const [symbol, value] = splitDefine(define);
    if (symbol === '') throw new UsageError(`--define ${define}`, 'SYM=text is wanted');
    defines.set(symbol, value);
  }
  return {
    defines,
    leniency: given(args, 'strict') ? STRICT : LENIENT,
    unexpectedAtEnd: given(args, 'strict-end') ? 'fail' : 'report',
    seed: wholeNumber(args, 'seed', 0, HIGHEST_SEED) ?? 1,
  };
}

function report(results: readonly DrillResult[], args: Arguments, terminal: Terminal): void {
  const { directory } = terminal.surroundings;
  if (given(args, 'json')) terminal.data(JSON.stringify(drillJson(results), null, 2));
  else terminal.note(summarizeDrill(results));
  const junit = text(args, 'junit');
  if (junit !== undefined) writeFileSync(resolve(directory, junit), drillJunit(results));
  const pcap = text(args, 'pcap');
  if (pcap === undefined) return;
  const folder = resolve(directory, pcap);
  mkdirSync(folder, { recursive: true });
  for (const result of results.filter(({ verdict }) => verdict === 'fail')) {
    writeFileSync(join(folder, `${result.name.replaceAll(/[^\w.-]+/g, '-')}.pcapng`), drillCapture(result));
  }
}
