import { SECOND } from '@strata/contracts';
import { applySysctl, type DrillSettings, setInitialWindow } from './settings.ts';

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
 *
 * @param configuring true while sockets can still be given what the command sets
 */
export function runShell(command: string, settings: DrillSettings, configuring: boolean): ShellOutcome {
  let duration = 0;
  for (const line of command.replace(/\\\n/g, ' ').split(/\n|;|&&/)) {
    const words = splitWords(line.replace(/(^|\s)#.*/, ''));
    while (words[0] === 'sudo') words.shift();
    if (words.length === 0) continue;
    if (words[0] === 'sleep') {
      duration += Number(words[1] ?? 0) * SECOND;
      continue;
    }
    const problem = runWords(words, settings, configuring);
    if (problem !== null) return { duration, unsupported: problem };
  }
  return { duration, unsupported: null };
}

/** Words of a command line; quotes hold blanks together. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const found of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) words.push(found[0].replace(/["']/g, ''));
  return words.filter((word) => !/^(?:[0-9&]?>+&?[0-9]?(?:\/dev\/null)?|\/dev\/null|2>&1|\|\||true)$/.test(word));
}

function runWords(words: readonly string[], settings: DrillSettings, configuring: boolean): string | null {
  const [path = '', ...args] = words;
  const program = path.slice(path.lastIndexOf('/') + 1);
  switch (program) {
    case 'defaults.sh':
    case ':':
    case 'sync':
      return null;
    case 'sysctl':
    case 'set_sysctls.py':
      return setSysctls(args, settings, configuring);
    case 'echo':
      return echo(args, settings, configuring);
    case 'ip':
      return route(args, settings);
    case 'tc':
      return trafficControl(args, settings);
    case 'ethtool':
    case 'modprobe':
    case 'kldload':
    case 'ifconfig':
      settings.notes.push(`"${words.join(' ')}" means nothing here`);
      return null;
    default:
      if (/^sysctl_restore/.test(program)) return null;
      return `the command "${words.join(' ')}" is not known here`;
  }
}

function setSysctls(args: readonly string[], settings: DrillSettings, configuring: boolean): string | null {
  for (const word of args) {
    if (word.startsWith('-')) continue;
    const at = word.indexOf('=');
    if (at < 0) return `reading the sysctl ${word}`;
    const problem = sysctl(word.slice(0, at), word.slice(at + 1), settings, configuring);
    if (problem !== null) return problem;
  }
  return null;
}

function sysctl(name: string, value: string, settings: DrillSettings, configuring: boolean): string | null {
  const before = settings.tcp;
  const problem = applySysctl(settings, name.replace(/^\/proc\/sys\//, ''), value);
  if (problem === null && !configuring && settings.tcp !== before) {
    return `${name} is set after the clock has started, which cannot be done here`;
  }
  return problem;
}

function echo(args: readonly string[], settings: DrillSettings, configuring: boolean): string | null {
  const text = args.join(' ');
  const found = /^(.*?)\s*>\s*(\/proc\/sys\/\S+)$/.exec(text);
  if (found !== null) return sysctl(found[2] as string, found[1] as string, settings, configuring);
  const file = args.findIndex((word) => word.startsWith('/proc/sys/'));
  if (file >= 1) return sysctl(args[file] as string, args.slice(0, file).join(' '), settings, configuring);
  return text.includes('/') ? `the command "echo ${text}" is not known here` : null;
}

/** Attributes of a route that change nothing here. */
const ROUTE_HARMLESS = new Set([
  'initrwnd',
  'proto',
  'scope',
  'src',
  'via',
  'dev',
  'metric',
  'table',
  'onlink',
  'quickack',
  'advmss',
]);

function route(args: readonly string[], settings: DrillSettings): string | null {
  if (args.includes('tcp_metrics') || args.includes('tcpmetrics')) return null;
  const text = `ip ${args.join(' ')}`;
  if (!args.includes('route') && !args.includes('ro')) {
    if (args.includes('link') || args.includes('addr')) {
      settings.notes.push(`"${text}" means nothing here`);
      return null;
    }
    return `the command "${text}" is not known here`;
  }
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (word === 'initcwnd') setInitialWindow(settings, Number(args[++i]));
    else if (
      /^(?:rto_min|mtu|cwnd|ssthresh|rtt|rttvar|features|congctl|window|reordering|fastopen_no_cookie)$/.test(word)
    ) {
      return `"${text}": the route attribute ${word} is not available`;
    } else if (ROUTE_HARMLESS.has(word)) i++;
  }
  return null;
}

function trafficControl(args: readonly string[], settings: DrillSettings): string | null {
  const text = `tc ${args.join(' ')}`;
  if (/netem|tbf|htb|police|ingress|clsact|codel/.test(text)) return `"${text}" shapes traffic, which is not available`;
  settings.notes.push(`"${text}" means nothing here: packets leave at once`);
  return null;
}
