import { join } from 'node:path';
import {
  formatSuiteResult,
  runSuite,
  SUITES,
  type Suite,
  type SuiteResult,
  suiteHtml,
  suiteJson,
  suitePassed,
  summarizeSuite,
} from '@strata/conformance';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../errors.ts';
import { outputFolder, writeOutput } from '../files.ts';
import { type Arguments, given, text, texts, wholeNumber } from '../flags/arguments.ts';
import { HIGHEST_SEED } from '../flags/common.ts';
import { nearest } from '../nearest.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { readVersion } from '../version.ts';
import type { Command } from './command.ts';

/** `strata conformance`: holds the stack to a document, requirement by requirement, in virtual time. */
export const conformanceCommand: Command = {
  usage: 'conformance',
  summary: 'Hold the stack to a document, requirement by requirement',
  examples: [
    ['strata conformance --suite rfc9293', 'every requirement of TCP, for both profiles'],
    ['strata conformance --suite rfc9293 --profile modern --only MUST-15', 'one requirement'],
    ['strata conformance --suite rfc9293 --html report.html', 'a page to look at and to send around'],
    ['strata conformance --list', 'the suites'],
  ],
  epilogue:
    'Exit code 0: nothing failed; 1: something did. A deviation is what a profile does on purpose: its scenario fails when ' +
    'the stack suddenly conforms, or deviates in another way.',
  declare: (program) =>
    program
      .option('suite', { type: 'string', requiresArg: true, describe: `<NAME> what to run: ${names().join(', ')}` })
      .option('profile', { type: 'string', requiresArg: true, describe: '<NAME> netx, modern or both (default)' })
      .option('only', {
        type: 'string',
        requiresArg: true,
        describe: '<ID> a requirement, or the beginning of several: SHLD*',
      })
      .option('list', { type: 'boolean', describe: 'list the suites, or the requirements of one' })
      .option('ip-version', { type: 'string', requiresArg: true, describe: '<VERSION> 4 (default) or 6' })
      .option('seed', { type: 'string', requiresArg: true, describe: '<N> random seed (default 1)' })
      .option('json', { type: 'boolean', describe: 'print one JSON document' })
      .option('html', { type: 'string', requiresArg: true, describe: '<FILE> write a page' })
      .option('pcap', {
        type: 'string',
        requiresArg: true,
        describe: '<FOLDER> folder for a capture of each scenario that fails',
      }),
  run: runConformance,
};

async function runConformance(args: Arguments, terminal: Terminal): Promise<number> {
  const name = text(args, 'suite');
  if (name === undefined) {
    if (!given(args, 'list')) throw new UsageError('no suite is named', undefined, `--suite ${names().join(' | ')}`);
    if (given(args, 'json')) {
      terminal.data(JSON.stringify(SUITES.map(({ name, title, profiles }) => ({ name, title, profiles }))));
      return EXIT_OK;
    }
    for (const suite of SUITES) terminal.data(`${suite.name.padEnd(12)} ${suite.title}`);
    return EXIT_OK;
  }
  if (texts(args, 'suite').length > 1) throw new UsageError('--suite is given twice', 'a run is about one suite');
  const suite = findSuite(name);
  if (given(args, 'list') && given(args, 'json')) {
    terminal.data(JSON.stringify(suite.requirements, null, 2));
    return EXIT_OK;
  }
  if (given(args, 'list')) {
    for (const { id, level, clause, text: what } of suite.requirements) {
      terminal.data(`${id.padEnd(10)} ${level.padEnd(11)} ${clause.padEnd(20)} ${what}`);
    }
    return EXIT_OK;
  }
  const result = await attempt(suite, args);
  report(result, args, terminal);
  return suitePassed(result) ? EXIT_OK : EXIT_FAILED;
}

function names(): string[] {
  return SUITES.map(({ name }) => name);
}

function findSuite(name: string): Suite {
  const suite = SUITES.find((candidate) => candidate.name === name);
  if (suite !== undefined) return suite;
  const [meant] = nearest(name, names(), 1);
  throw new UsageError(
    `there is no suite "${name}"`,
    undefined,
    meant === undefined ? `the suites are ${names().join(', ')}` : `did you mean --suite ${meant}?`,
  );
}

async function attempt(suite: Suite, args: Arguments): Promise<SuiteResult> {
  const profile = text(args, 'profile') ?? 'both';
  if (profile !== 'both' && !suite.profiles.includes(profile)) {
    throw new UsageError(`--profile ${profile}`, `${suite.name} is for ${suite.profiles.join(' and ')}`);
  }
  const ipVersion = text(args, 'ip-version') ?? '4';
  if (ipVersion !== '4' && ipVersion !== '6') throw new UsageError(`--ip-version ${ipVersion}`, '4 or 6 is wanted');
  try {
    return await runSuite(suite, {
      profile,
      only: texts(args, 'only'),
      ipVersion: ipVersion === '4' ? 4 : 6,
      seed: wholeNumber(args, 'seed', 0, HIGHEST_SEED) ?? 1,
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, undefined, '--list names them');
    throw error;
  }
}

function report(result: SuiteResult, args: Arguments, terminal: Terminal): void {
  const { directory } = terminal.surroundings;
  terminal.data(given(args, 'json') ? JSON.stringify(suiteJson(result), null, 2) : formatSuiteResult(result));
  const html = text(args, 'html');
  if (html !== undefined) {
    const page = suiteHtml(result, {
      product: `strata ${readVersion()}`,
      date: new Date().toISOString().slice(0, 10),
      command: commandLine(result, args),
    });
    writeOutput(directory, '--html FILE', html, page);
  }
  const pcap = text(args, 'pcap');
  if (pcap !== undefined) keepCaptures(result, pcap, terminal);
  if (!given(args, 'json')) terminal.note(`\n${summarizeSuite(result)}`);
}

function keepCaptures(result: SuiteResult, pcap: string, terminal: Terminal): void {
  const folder = outputFolder(terminal.surroundings.directory, '--pcap FOLDER', pcap);
  for (const { name, profile, capture } of result.scenarios) {
    if (capture === null) continue;
    const file = `${profile}-${name.replaceAll(/[^\w.-]+/g, '-').slice(0, 100)}.pcapng`;
    writeOutput(folder, '--pcap FOLDER', file, capture);
    terminal.note(`the frames of "${name}": ${join(pcap, file)}`);
  }
}

/** The line that repeats a run, without what it leaves behind. */
function commandLine(result: SuiteResult, args: Arguments): string {
  const words = ['strata conformance', `--suite ${result.suite}`];
  for (const flag of ['profile', 'only', 'ip-version', 'seed']) {
    for (const value of texts(args, flag)) words.push(`--${flag} ${/^[\w.-]+$/.test(value) ? value : `'${value}'`}`);
  }
  return words.join(' ');
}
