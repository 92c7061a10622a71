import type { Profile } from '@strata/stack';
import { parseAddress } from '@strata/wire';
import type { Script } from './ast.ts';
import { isForBsd } from './bsd.ts';
import type { Leniency } from './compare.ts';
import { DrillSyntaxError } from './lexer.ts';
import type { DrillMachine, MachineSetup } from './machine.ts';
import { parseScript } from './parser.ts';
import type { DrillFailure, DrillResult } from './result.ts';
import { DrillRun } from './runner.ts';
import { applyOptions, assumeBsd, type DrillSettings, defaultSettings } from './settings.ts';
import { runShell } from './shell.ts';

/** How to run a script. */
export interface DrillOptions {
  /** Shown in results. Default "script". */
  readonly name?: string;
  /** Symbols to replace, as `--define` does. */
  readonly defines?: ReadonlyMap<string, string>;
  /** Options as on packetdrill's command line; they win over those in the script. */
  readonly scriptOptions?: readonly { readonly name: string; readonly value: string | null }[];
  /** The host's policies. Its TCP profile is changed by the script's sysctls. Default {@link drillProfile}. */
  readonly profile?: Profile;
  /** Default {@link LENIENT}. */
  readonly leniency?: Leniency;
  /** Packets after the last event that the script says nothing of: report them (default), or fail. */
  readonly unexpectedAtEnd?: 'report' | 'fail';
  /** Default 1. */
  readonly seed?: number;
  /** Makes the host under test when it is another than our stack; `profile` and `seed` mean nothing then. */
  readonly machine?: (setup: MachineSetup) => DrillMachine;
}

/** Runs a script. Never throws, whatever the script says: a script that cannot be read has failed. */
export function runDrill(source: string, options: DrillOptions = {}): DrillResult {
  const name = options.name ?? 'script';
  let script: Script;
  try {
    script = parseScript(source, options.defines, usualDefines(source, options));
  } catch (error) {
    if (!(error instanceof DrillSyntaxError)) throw error;
    return emptyResult(name, {
      location: error.location,
      message: `syntax error: ${error.complaint}`,
      expected: null,
      actual: null,
      differences: [],
    });
  }
  const settings = defaultSettings();
  if (options.profile !== undefined) {
    settings.tcp = options.profile.tcp;
    settings.receiveBuffer = options.profile.tcp.defaultWindow;
  }
  applyOptions(settings, script, options.scriptOptions ?? []);
  if (settings.dryRun) return { ...emptyResult(name, null), notes: ['--dry_run: the script was only read'] };
  if (isForBsd(script)) assumeBsd(settings);
  if (script.init !== null) {
    const outcome = runShell(script.init.command, settings);
    if (outcome.unsupported !== null) settings.unsupported.push(outcome.unsupported);
  }
  checkAvailability(script, settings);
  if (settings.unsupported.length > 0) return unsupportedResult(name, settings.unsupported, settings.notes);
  let run: DrillRun;
  try {
    run = new DrillRun(name, script, settings, options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return unsupportedResult(name, [`a host that cannot be set up: ${why}`], settings.notes);
  }
  return run.run();
}

/** Symbols that those who run public suites define, one set per version of IP. */
function usualDefines(source: string, options: DrillOptions): ReadonlyMap<string, string> {
  const given = options.scriptOptions?.findLast(({ name }) => name === 'ip_version')?.value;
  const version = given ?? /^\s*--ip_version=([\w-]+)/m.exec(source)?.[1] ?? 'ipv4';
  const four = version === 'ipv4';
  return new Map([
    ['CMSG_LEVEL_IP', four ? 'SOL_IP' : 'SOL_IPV6'],
    ['CMSG_TYPE_RECVERR', four ? 'IP_RECVERR' : 'IPV6_RECVERR'],
  ]);
}

function emptyResult(name: string, failure: DrillFailure | null): DrillResult {
  return {
    name,
    verdict: failure === null ? 'pass' : 'fail',
    failure,
    reasons: [],
    notes: [],
    overlooked: [],
    unexpected: [],
    output: [],
    frames: [],
    duration: 0,
  };
}

function unsupportedResult(name: string, reasons: readonly string[], notes: readonly string[]): DrillResult {
  return { ...emptyResult(name, null), verdict: 'unsupported', reasons: [...new Set(reasons)], notes };
}

/** Finds what no run of this script could show. */
function checkAvailability(script: Script, settings: DrillSettings): void {
  const { unsupported } = settings;
  for (const { action, location } of script.events) {
    if (action.kind !== 'packet') continue;
    if (action.tunnels.length > 0) unsupported.push(`encapsulation (line ${location.line}: ${action.tunnels[0]})`);
    if (action.body.protocol === 'foreign') {
      unsupported.push(`another protocol (line ${location.line}: ${action.body.text.replace(/[\s:([].*/, '')})`);
    }
    const options = action.body.protocol === 'tcp' ? (action.body.options ?? []) : [];
    const foreign = options.find((option) => option.kind === 'foreign');
    if (foreign?.kind === 'foreign') unsupported.push(`the TCP option ${foreign.text} (line ${location.line})`);
  }
  for (const [what, text] of [
    ['local', settings.local],
    ['remote', settings.remote],
  ]) {
    const address = parseAddress(text as string);
    if (address === null || address.family !== settings.family) unsupported.push(`the ${what} address "${text}"`);
  }
  if (!Number.isInteger(settings.mtu) || settings.mtu < 68 || settings.mtu > 65535)
    unsupported.push(`an MTU of ${settings.mtu}`);
}
