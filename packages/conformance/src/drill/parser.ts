import type { Action, Script, ScriptEvent, ScriptOption, ShellAction, TimeSpec } from './ast.ts';
import { DrillSyntaxError, Lexer } from './lexer.ts';
import { parseCall } from './parse-call.ts';
import { parsePacket } from './parse-packet.ts';

/** Symbols to be replaced in a script, as `--define` gives them. */
export type Defines = ReadonlyMap<string, string>;

/**
 * Reads a script. Options of the script itself that define symbols count too; `defines` win over them, and they over `usual`.
 * @throws DrillSyntaxError with line, column and what was expected
 */
export function parseScript(source: string, defines: Defines = new Map(), usual: Defines = new Map()): Script {
  const own = new Map<string, string>();
  for (const option of parseOptions(new Lexer(source))) {
    if (option.name !== 'define' || option.value === null) continue;
    const [symbol, value] = splitDefine(option.value);
    if (symbol === '') throw new DrillSyntaxError(option.location, '--define takes SYMBOL=value');
    own.set(symbol, value);
  }
  const all = new Map([...usual, ...own, ...defines]);
  const lexer = new Lexer(source, all);
  const options = parseOptions(lexer);
  const init = parseShells(lexer);
  const events: ScriptEvent[] = [];
  let cleanup: ShellAction | null = null;
  while (!lexer.atEnd) {
    if (lexer.sees('`')) {
      cleanup = parseShells(lexer);
      if (!lexer.atEnd) throw lexer.error(`nothing may follow the last command, but ${lexer.next()} does`);
      break;
    }
    events.push(parseEvent(lexer, events.length === 0));
  }
  if (events.length === 0 && init === null && cleanup === null) {
    throw lexer.error('an event expected, not the end of the script');
  }
  return { options, init, events, cleanup };
}

/** `SYM=value` into its halves. */
export function splitDefine(text: string): [symbol: string, value: string] {
  const at = text.indexOf('=');
  return at < 0 ? ['', ''] : [text.slice(0, at), text.slice(at + 1)];
}

function parseOptions(lexer: Lexer): ScriptOption[] {
  const options: ScriptOption[] = [];
  while (lexer.sees('--')) {
    const location = lexer.location();
    const found = lexer.match(/--([A-Za-z][A-Za-z0-9_-]*)/y);
    if (found === null) throw lexer.error('the name of an option expected after "--"');
    let value: string | null = null;
    const rest = /=((?:[A-Za-z_][A-Za-z0-9_]*=)?)("[^"\n]*"|`[^`]*`|[^\s`"]*)/y;
    rest.lastIndex = lexer.offset;
    const assigned = rest.exec(lexer.text);
    if (assigned !== null) {
      const quoted = assigned[2] as string;
      const prefix = assigned[1] as string;
      value = prefix + (prefix === '' && quoted.startsWith('"') ? quoted.slice(1, -1) : quoted);
      lexer.offset += assigned[0].length;
    }
    options.push({ name: (found[1] as string).replaceAll('-', '_'), value, location });
  }
  return options;
}

function parseShell(lexer: Lexer): ShellAction {
  const location = lexer.location();
  lexer.expect('`', 'before a command');
  return { kind: 'shell', command: lexer.until('`', 'this command').trim(), location };
}

/** Commands without a time, one behind the other, are one. */
function parseShells(lexer: Lexer): ShellAction | null {
  if (!lexer.sees('`')) return null;
  const first = parseShell(lexer);
  let { command } = first;
  while (lexer.sees('`')) command += `\n${parseShell(lexer).command}`;
  return { ...first, command };
}

function parseEvent(lexer: Lexer, first: boolean): ScriptEvent {
  const location = lexer.location();
  const time = parseTime(lexer);
  if (first && !(time.kind === 'any' || ('at' in time && time.at >= 0))) {
    throw new DrillSyntaxError(location, 'the first event must have a time');
  }
  const at = lexer.location();
  const action = parseAction(lexer);
  const ranged = time.kind === 'any' || time.kind.endsWith('range');
  if (ranged && !(action.kind === 'packet' && !action.inbound)) {
    throw new DrillSyntaxError(location, 'only an outbound packet may have a range of times, or "*"');
  }
  if (time.kind.endsWith('blocking') && action.kind !== 'call') {
    throw new DrillSyntaxError(location, 'only a system call may have a start and an end ("...")');
  }
  return { time, location: at, action };
}

const NUMBER = /(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:\.(?![.0-9]))?/y;

function parseTime(lexer: Lexer): TimeSpec {
  if (lexer.take('*')) return { kind: 'any' };
  const relative = lexer.take('+');
  const at = parseSeconds(lexer, 'the time of an event');
  if (lexer.take('~')) {
    const again = lexer.take('+');
    if (again !== relative) throw lexer.error('both ends of a range must be relative, or both absolute');
    const to = parseSeconds(lexer, 'the end of the range');
    if (to < at) throw lexer.error('the range ends before it begins');
    return { kind: relative ? 'relative-range' : 'absolute-range', at, to };
  }
  if (lexer.take('...')) {
    lexer.take('+');
    const to = parseSeconds(lexer, 'the time at which the call returns');
    if (to < at) throw lexer.error('the call returns before it begins');
    return { kind: relative ? 'relative-blocking' : 'absolute-blocking', at, to };
  }
  return { kind: relative ? 'relative' : 'absolute', at };
}

function parseSeconds(lexer: Lexer, what: string): number {
  const found = lexer.match(NUMBER);
  if (found === null) throw lexer.error(`${what} expected (seconds, "+seconds" or "*"), not ${lexer.next()}`);
  return Math.round(Number(found[0]) * 1e6);
}

function parseAction(lexer: Lexer): Action {
  if (lexer.sees('<') || lexer.sees('>')) return parsePacket(lexer);
  if (lexer.sees('`')) return parseShell(lexer);
  if (lexer.sees('%{')) {
    const location = lexer.location();
    lexer.take('%{');
    return { kind: 'code', text: lexer.until('}%', 'this piece of code'), location };
  }
  if (lexer.word !== '') return parseCall(lexer);
  throw lexer.error(`a packet ("<" or ">"), a system call, a \`command\` or %{ code }% expected, not ${lexer.next()}`);
}
