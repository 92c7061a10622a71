import { type ChildProcess, fork } from 'node:child_process';
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
import { EXIT_FAILED, EXIT_OK, UsageError } from '../errors.ts';
import { findFiles, outputFolder, readText, writeOutput } from '../files.ts';
import { type Arguments, given, text, texts, wholeNumber } from '../flags/arguments.ts';
import { HIGHEST_SEED } from '../flags/common.ts';
import { readAddress } from '../flags/tap.ts';
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
    ['strata drill scripts --ip-version ipv6 --jobs 4', 'the same over IPv6, four at a time'],
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
      .option('define', {
        alias: 'D',
        type: 'string',
        requiresArg: true,
        describe: '<SYM=TEXT> replace a word: SYM=text',
      })
      .option('ip-version', {
        alias: 'ip_version',
        type: 'string',
        requiresArg: true,
        describe: '<VERSION> ipv4, ipv6 or ipv4-mapped-ipv6, unless the script says which',
      })
      .option('tolerance-usecs', {
        alias: 'tolerance_usecs',
        type: 'string',
        requiresArg: true,
        describe: '<N> by how many microseconds times may be off (default 4000)',
      })
      .option('mtu', {
        type: 'string',
        requiresArg: true,
        describe: '<BYTES> octets that the link takes (default 1500)',
      })
      .option('mss', {
        type: 'string',
        requiresArg: true,
        describe: '<BYTES> octets of the segments that larger inbound ones stand for',
      })
      .option('local-ip', {
        alias: 'local_ip',
        type: 'string',
        requiresArg: true,
        describe: '<ADDRESS> address of the stack',
      })
      .option('remote-ip', {
        alias: 'remote_ip',
        type: 'string',
        requiresArg: true,
        describe: '<ADDRESS> address of its peer',
      })
      .option('set', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        describe: '<NAME[=VALUE]> any other option of the script language: name or name=value',
      })
      .option('send-omit-free', {
        alias: 'send_omit_free',
        type: 'boolean',
        describe: 'taken, and without a meaning here',
      })
      .option('jobs', {
        alias: 'j',
        type: 'string',
        requiresArg: true,
        describe: '<N> scripts at the same time (default 1)',
      })
      .option('worker', { type: 'boolean', hidden: true })
      .option('seed', { type: 'string', requiresArg: true, describe: '<N> random seed (default 1)' })
      .option('json', { type: 'boolean', describe: 'print one JSON document' })
      .option('junit', { type: 'string', requiresArg: true, describe: '<FILE> write a JUnit report' })
      .option('pcap', {
        type: 'string',
        requiresArg: true,
        describe: '<FOLDER> folder for a capture of each failing script',
      }),
  run: runDrillCommand,
};

/** One script to run. */
interface Task {
  readonly name: string;
  readonly script: string;
}

/** What the processes of `--jobs` are told. */
interface Order extends Task {
  readonly options: DrillOptions;
}

const MOST_JOBS = 64;

async function runDrillCommand(args: Arguments, terminal: Terminal): Promise<number> {
  if (given(args, 'worker')) return work();
  const { directory } = terminal.surroundings;
  const paths = texts(args, 'script');
  if (paths.length === 0) throw new UsageError('no script is named', undefined, 'strata drill FILE.pkt, or a folder');
  const tasks = paths
    .flatMap((path) => findFiles(directory, path, SCRIPT))
    .map((file) => ({ name: relative(directory, resolve(directory, file)), script: readText(directory, file) }));
  const options = readOptions(args);
  const jobs = Math.min(wholeNumber(args, 'jobs', 1, MOST_JOBS) ?? 1, tasks.length);
  const show = (result: DrillResult) => {
    if (!given(args, 'json')) terminal.data(formatDrillResult(result));
  };
  const program = process.argv[1] ?? '';
  const apart = jobs > 1 && /^strata(?:\.m?js)?$/.test(basename(program));
  const results = apart ? await runApart(program, jobs, tasks, options, show) : runHere(tasks, options, show);
  report(results, args, terminal);
  const failed = results.some((result) => result.verdict === 'fail');
  const ran = results.some((result) => result.verdict !== 'unsupported');
  return failed || !ran ? EXIT_FAILED : EXIT_OK;
}

function runHere(tasks: readonly Task[], options: DrillOptions, show: (result: DrillResult) => void): DrillResult[] {
  return tasks.map(({ name, script }) => {
    const result = runDrill(script, { ...options, name });
    show(result);
    return result;
  });
}

/** Runs scripts in processes of their own; results are shown in the order of the scripts all the same. */
async function runApart(
  program: string,
  jobs: number,
  tasks: readonly Task[],
  options: DrillOptions,
  show: (result: DrillResult) => void,
): Promise<DrillResult[]> {
  const results: DrillResult[] = [];
  let next = 0;
  let shown = 0;
  const finish = (index: number, result: DrillResult) => {
    results[index] = result;
    for (let ready = results[shown]; ready !== undefined; ready = results[shown]) {
      show(ready);
      shown++;
    }
  };
  const runner = async () => {
    let child: ChildProcess | null = null;
    for (let index = next++; index < tasks.length; index = next++) {
      const task = tasks[index] as Task;
      child ??= fork(program, ['drill', '--worker'], { serialization: 'advanced' });
      const result = await order(child, { ...task, options });
      if (result === null) child = null;
      finish(index, result ?? (runHere([task], options, () => {})[0] as DrillResult));
    }
    child?.disconnect();
  };
  await Promise.all(Array.from({ length: jobs }, runner));
  return results;
}

/** Has a process run one script; null when it is gone. */
function order(child: ChildProcess, what: Order): Promise<DrillResult | null> {
  return new Promise((settle) => {
    const gone = () => {
      child.off('message', done);
      settle(null);
    };
    const done = (message: unknown) => {
      child.off('exit', gone);
      settle(message as DrillResult);
    };
    child.once('exit', gone);
    child.once('message', done);
    child.send(what as never);
  });
}

/** The other end of {@link order}: runs what it is told until the parent lets go. */
function work(): Promise<number> {
  return new Promise((settle) => {
    process.on('message', (message: Order) => {
      const { name, script, options } = message;
      process.send?.(runDrill(script, { ...options, name }));
    });
    process.once('disconnect', () => settle(EXIT_OK));
  });
}

function readOptions(args: Arguments): DrillOptions {
  const defines = new Map<string, string>();
  for (const define of texts(args, 'define')) {
    const [symbol, value] = splitDefine(define);
    if (symbol === '') throw new UsageError(`--define ${define}`, 'SYM=text is wanted');
    defines.set(symbol, value);
  }
  checkPassedOn(args);
  const scriptOptions = PASSED_ON.flatMap((flag) => {
    const value = text(args, flag);
    return value === undefined ? [] : [scriptOption(`${flag.replaceAll('-', '_')}=${value}`)];
  });
  return {
    defines,
    scriptOptions: [...scriptOptions, ...texts(args, 'set').map(scriptOption)],
    leniency: given(args, 'strict') ? STRICT : LENIENT,
    unexpectedAtEnd: given(args, 'strict-end') ? 'fail' : 'report',
    seed: wholeNumber(args, 'seed', 0, HIGHEST_SEED) ?? 1,
  };
}

/** What no script can run with is a mistake on the command line, not a thing that the stack lacks. */
function checkPassedOn(args: Arguments): void {
  const version = text(args, 'ip-version');
  if (version !== undefined && !/^(ipv)?[46]$|^ipv4-mapped(-ipv6)?$/.test(version)) {
    throw new UsageError(`--ip-version ${version}`, 'ipv4, ipv6 or ipv4-mapped-ipv6 is wanted');
  }
  for (const flag of ['tolerance-usecs', 'mtu', 'mss']) wholeNumber(args, flag, 0, 0x7fffffff);
  for (const flag of ['local-ip', 'remote-ip']) {
    const address = text(args, flag);
    if (address !== undefined) readAddress(flag, address);
  }
}

/** Flags that are options of the script language too. */
const PASSED_ON = ['ip-version', 'tolerance-usecs', 'mtu', 'mss', 'local-ip', 'remote-ip'];

/** `name` or `name=value`, as a script's head has it behind `--`. */
function scriptOption(typed: string): { name: string; value: string | null } {
  const at = typed.indexOf('=');
  const name = (at < 0 ? typed : typed.slice(0, at)).replace(/^-*/, '').replaceAll('-', '_');
  const value = at < 0 ? null : typed.slice(at + 1);
  if (name === 'ip_version') return { name, value: value?.replace(/^[46]$/, 'ipv$&') ?? null };
  return { name, value };
}

function report(results: readonly DrillResult[], args: Arguments, terminal: Terminal): void {
  const { directory } = terminal.surroundings;
  if (given(args, 'json')) terminal.data(JSON.stringify(drillJson(results), null, 2));
  const junit = text(args, 'junit');
  if (junit !== undefined) writeOutput(directory, '--junit FILE', junit, drillJunit(results));
  const pcap = text(args, 'pcap');
  if (pcap !== undefined) keepCaptures(results, pcap, terminal);
  if (!given(args, 'json')) terminal.note(summarizeDrill(results));
}

function keepCaptures(results: readonly DrillResult[], pcap: string, terminal: Terminal): void {
  const folder = outputFolder(terminal.surroundings.directory, '--pcap FOLDER', pcap);
  for (const result of results.filter(({ verdict }) => verdict === 'fail')) {
    const file = `${result.name.replaceAll(/[^\w.-]+/g, '-')}.pcapng`;
    writeOutput(folder, '--pcap FOLDER', file, drillCapture(result));
    terminal.note(`the frames of ${result.name}: ${join(pcap, file)}`);
  }
}
