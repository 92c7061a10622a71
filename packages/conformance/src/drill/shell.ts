import { MILLISECOND, SECOND } from '@strata/contracts';
import { isBsd } from './bsd.ts';
import { congestionNamed, rtoAbove } from './profile.ts';
import { assumeBsd, type DrillSettings } from './settings.ts';
import { applySysctl, knowsSysctl, setInitialWindow } from './sysctls.ts';

/** What a command meant. */
export interface ShellOutcome {
  /** Time it takes, in microseconds (`sleep`). */
  readonly duration: number;
  /** Why it cannot be done here; null when it was done or means nothing here. */
  readonly unsupported: string | null;
}

/**
 * Puts the commands of a script into effect that configure the machine it was written for. Nothing is executed: what is not
 * known makes the script unsupported, because nobody can tell what it would have done.
 */
export function runShell(command: string, settings: DrillSettings): ShellOutcome {
  let duration = 0;
  if (isBsd(command)) assumeBsd(settings);
  for (const line of splitCommands(command)) {
    const words = splitWords(line);
    while (words[0] === 'sudo') words.shift();
    if (words.length === 0) continue;
    // Variables of the shell that are only set.
    while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) words.shift();
    if (words.length === 0) continue;
    if (words[0] === 'sleep' || words[0] === 'usleep') {
      const time = Number.parseFloat(words[1] ?? '');
      if (!(time >= 0))
        return { duration, unsupported: `the command "${line.trim()}": "${words[1] ?? ''}" is no time` };
      duration += time * (words[0] === 'sleep' ? SECOND : 1);
      continue;
    }
    const problem = runWords(words, settings);
    if (problem !== null) return { duration, unsupported: problem };
  }
  return { duration, unsupported: null };
}

/** Commands of a script for the shell: they end at line ends, `;`, `&&` and `||` outside quotes. */
function splitCommands(text: string): string[] {
  const commands: string[] = [];
  let current = '';
  for (const found of text.replace(/\\\n/g, ' ').matchAll(/"[^"]*"|'[^']*'|(?<=^|\s)#[^\n]*|\n|;|&&|\|\||[\s\S]/g)) {
    const [piece] = found;
    if (piece.startsWith('#')) continue;
    if (piece === '\n' || piece === ';' || piece === '&&' || piece === '||') {
      commands.push(current);
      current = '';
    } else current += piece;
  }
  commands.push(current);
  return commands;
}

/** Words of a command line; quotes hold blanks together. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const found of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) words.push(found[0].replace(/["']/g, ''));
  return words.filter((word) => !/^(?:[0-9&]?>+&?[0-9]?(?:\/dev\/null)?|\/dev\/null|2>&1|\|\||true)$/.test(word));
}

/** Programs that change nothing a script can see here. */
const MEANINGLESS = new Set([
  'ethtool',
  'modprobe',
  'rmmod',
  'insmod',
  'kldload',
  'kldunload',
  'kldstat',
  'kenv',
  'ss',
  'netstat',
  'sockstat',
  'cat',
  'ls',
  'stat',
  'uname',
  'id',
  'whoami',
  'logger',
  'dtrace',
  'dd',
  'truncate',
  'touch',
  'mkdir',
  'rm',
  'chmod',
  'ulimit',
  'export',
  'cd',
  'date',
  'nstat',
  'dmesg',
  'tcpdump',
  'killall',
  'wait',
  'sleep',
]);

function runWords(words: readonly string[], settings: DrillSettings): string | null {
  const [path = '', ...args] = words;
  const program = path.slice(path.lastIndexOf('/') + 1);
  const text = words.join(' ');
  if (words.includes('|')) return `the command "${text}" looks at what the kernel counts`;
  switch (program) {
    case ':':
    case 'true':
    case 'sync':
    case 'set':
    case 'exit':
      return null;
    case 'sh':
    case 'bash':
    case 'source':
    case '.': {
      const rest = args.filter((word) => word !== '-c' && word !== '-e' && word !== '-x');
      if (args.includes('-c')) return runShell(rest.join(' '), settings).unsupported;
      return rest.length === 0 ? null : runWords(rest, settings);
    }
    case 'sysctl':
    case 'set_sysctls.py':
    case 'python':
    case 'python3':
      if (program.startsWith('python') && !/set_sysctls\.py$/.test(args[0] ?? '')) break;
      return setSysctls(
        args.filter((word) => !word.endsWith('.py')),
        settings,
      );
    case 'echo':
    case 'printf':
      return echo(args, settings);
    case 'ip':
      return route(args, settings);
    case 'ifconfig':
      return interfaceSettings(args, settings);
    case 'tc':
      return trafficControl(args, settings);
    default:
      if (MEANINGLESS.has(program)) {
        settings.notes.push(`"${text}" means nothing here`);
        return null;
      }
      if (/^sysctl_restore/.test(program)) return null;
      if (/^(?:\w*_)?defaults?\.(?:sh|py)$/.test(program)) {
        settings.notes.push(`${program} stands for the defaults that the runner has anyway`);
        return null;
      }
  }
  return `the command "${text}" is not known here`;
}

function setSysctls(args: readonly string[], settings: DrillSettings): string | null {
  const words = args.filter((word) => !word.startsWith('-'));
  const forgiving = args.some((word) => /^-[a-z]*[ei]/.test(word));
  for (let i = 0; i < words.length; i++) {
    let word = words[i] as string;
    if (words[i + 1] === '=') {
      word = `${word}=${words[i + 2] ?? ''}`;
      i += 2;
    }
    const at = word.indexOf('=');
    const name = (at < 0 ? word : word.slice(0, at)).trim().replace(/^\/proc\/sys\//, '');
    if (at < 0) {
      // Its value is only shown.
      if (!knowsSysctl(name)) return `the sysctl ${name} is not known here`;
      continue;
    }
    // Those that do not exist are to be passed over (-e on Linux, -i on FreeBSD).
    if (forgiving && !knowsSysctl(name)) {
      settings.notes.push(`the sysctl ${name} is not known here, and may be missing`);
      continue;
    }
    const problem = applySysctl(settings, name, word.slice(at + 1));
    if (problem !== null) return problem;
  }
  return null;
}

/** What an interface is told; only its MTU matters here. */
function interfaceSettings(args: readonly string[], settings: DrillSettings): string | null {
  const at = args.indexOf('mtu');
  if (at >= 0) settings.mtu = Number(args[at + 1]);
  else settings.notes.push(`"ifconfig ${args.join(' ')}" means nothing here`);
  return null;
}

function echo(args: readonly string[], settings: DrillSettings): string | null {
  const text = args.join(' ');
  const sysctl = (name: string, value: string) => applySysctl(settings, name.replace(/^\/proc\/sys\//, ''), value);
  const found = /^(.*?)\s*>\s*(\/proc\/sys\/\S+)$/.exec(text);
  if (found !== null) return sysctl(found[2] as string, found[1] as string);
  const file = args.findIndex((word) => word.startsWith('/proc/sys/'));
  if (file >= 1) return sysctl(args[file] as string, args.slice(0, file).join(' '));
  return text.includes('/') ? `the command "echo ${text}" is not known here` : null;
}

/** Attributes of a route that change nothing here. */
const ROUTE_HARMLESS = new Set(['initrwnd', 'proto', 'scope', 'src', 'via', 'dev', 'metric', 'table', 'pref', 'tos']);

/** A time as `ip` takes it, in microseconds: milliseconds unless it says `s` or `us`. */
function duration(text: string): number {
  const value = Number.parseFloat(text);
  if (/[0-9]us$/.test(text)) return value;
  return value * (/[0-9]s$/.test(text) ? SECOND : MILLISECOND);
}

/** What a route's attribute sets here: null when it could be done, otherwise why not. */
const ROUTE_ATTRIBUTES: Readonly<Record<string, (settings: DrillSettings, value: string) => string | null>> = {
  initcwnd(settings, value) {
    setInitialWindow(settings, Number(value) || 1);
    return null;
  },
  rto_min(settings, value) {
    const minimum = duration(value);
    if (!(minimum > 0)) return `"${value}" is no time`;
    settings.tcp = { ...settings.tcp, rto: rtoAbove(minimum) };
    return null;
  },
  mtu(settings, value) {
    settings.mtu = Number(value);
    return null;
  },
  advmss(settings, value) {
    settings.mssLimit = Number(value);
    return null;
  },
  window(settings, value) {
    settings.receiveBuffer = Math.max(1, Math.min(settings.receiveBuffer, Number(value) || 1));
    return null;
  },
  congctl(settings, value) {
    const congestion = congestionNamed(value);
    if (congestion === null) return `there is no congestion control "${value}" here`;
    settings.tcp = { ...settings.tcp, congestion };
    return null;
  },
  features(settings, value) {
    return value === 'ecn' ? applySysctl(settings, 'net.ipv4.tcp_ecn', '1') : `the feature ${value}`;
  },
  quickack(settings, value) {
    settings.quickAcks = value !== '0';
    return null;
  },
  hoplimit(settings, value) {
    settings.timeToLive = Number(value);
    return null;
  },
  reordering(settings, value) {
    return applySysctl(settings, 'net.ipv4.tcp_reordering', value);
  },
};

function route(args: readonly string[], settings: DrillSettings): string | null {
  if (args.includes('tcp_metrics') || args.includes('tcpmetrics')) return null;
  const text = `ip ${args.join(' ')}`;
  const words = args.filter((word) => !/^-[a-z0-9]+$/.test(word));
  if (/^(?:link|li|l)$/.test(words[0] ?? '')) {
    const at = words.indexOf('mtu');
    if (at >= 0) settings.mtu = Number(words[at + 1]);
    else settings.notes.push(`"${text}" means nothing here`);
    return null;
  }
  if (/^(?:addr|address|a|neigh|neighbor|n)$/.test(words[0] ?? '')) {
    settings.notes.push(`"${text}" means nothing here`);
    return null;
  }
  if (!/^(?:route|ro|r)$/.test(words[0] ?? '')) return `the command "${text}" is not known here`;
  for (let i = 1; i < words.length; i++) {
    const word = words[i] as string;
    if (ROUTE_HARMLESS.has(word) || word === 'type') i++;
    const attribute = ROUTE_ATTRIBUTES[word];
    if (attribute !== undefined) {
      if (words[i + 1] === 'lock') i++;
      const problem = attribute(settings, words[++i] ?? '');
      if (problem !== null) return `"${text}": ${problem}`;
    } else if (/^(?:cwnd|ssthresh|rtt|rttvar|fastopen_no_cookie)$/.test(word)) {
      return `"${text}": the route attribute ${word} is not available`;
    }
  }
  return null;
}

function trafficControl(args: readonly string[], settings: DrillSettings): string | null {
  const text = `tc ${args.join(' ')}`;
  if (/netem|tbf|htb|police|ingress|clsact|codel|maxrate|bpf|u32/.test(text))
    return `"${text}" shapes traffic, which is not available`;
  settings.notes.push(`"${text}" means nothing here: packets leave at once`);
  return null;
}
