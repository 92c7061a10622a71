import type { TraceArgument, TraceEventDescription } from '@strata/contracts';
import { formatTable, wrap } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type StatusEntry, statusEntries } from './catalogue.ts';
import type { Found } from './lookup.ts';

const MOST_SERVICES = 8;
/** Columns of the labels before each sentence. */
const LABEL = 13;

/** `0x10005`. */
export function formatCode(value: number): string {
  return `0x${value.toString(16).toUpperCase()}`;
}

/** Prints what was found, for people. */
export function printFound(found: Exclude<Found, { kind: 'nothing' }>, terminal: Terminal): void {
  const width = Math.min(100, terminal.columns);
  const say = (label: string, text: string): void => {
    const lines = wrap(text, width, LABEL + 2);
    terminal.data(`  ${terminal.paintData('dim', label.padEnd(LABEL))}${lines[0].trimStart()}`);
    for (const line of lines.slice(1)) {
      terminal.data(line);
    }
  };
  const head = (name: string, rest: string): void => terminal.data(`${terminal.paintData('bold', name)}  ${rest}`);
  switch (found.kind) {
    case 'status':
      for (const [index, entry] of found.entries.entries()) {
        if (index > 0) {
          terminal.data('');
        }
        head(entry.name, `${formatCode(entry.value)} (${entry.value}), ${entry.family}`);
        printStatus(entry, say);
      }
      if (found.alsoNamed.length > 0) {
        say('same code', found.alsoNamed.join(', '));
      }
      return;
    case 'drop':
      head(found.entry.name, `drop reason of the ${found.entry.layer} layer`);
      say('meaning', `Dropped because ${found.entry.sentence}.`);
      say('see it', `--trace ${found.entry.layer} prints each one, and --pcap labels the frame with it.`);
      return;
    case 'trace':
      head(found.event.name, `trace event ${formatCode(found.event.id)} of the ${found.layer} layer`);
      say('printed', `"${template(found.event.text)}"`);
      for (const [letter, kind] of traceArguments(found.event)) {
        say(`  {${letter}}`, ARGUMENTS[kind]);
      }
      say(
        'see it',
        `--trace ${found.layer}${found.event.comment ? ', and as a comment of its frame with --pcap' : ''}.`,
      );
      return;
  }
}

/** A template with the plural of each noun that goes with a number. */
function template(text: string): string {
  return text.replaceAll(
    /\{([a-d]):([^}|]+)(?:\|([^}]+))?\}/g,
    (_, letter: string, noun: string, nouns?: string) => `{${letter}} ${nouns ?? `${noun}s`}`,
  );
}

/** The kinds of numbers that events carry, in words. */
const ARGUMENTS: Readonly<Record<TraceArgument, string>> = {
  none: 'nothing',
  count: 'a number',
  bytes: 'a number of bytes',
  microseconds: 'a length of time',
  address: 'an IPv4 address',
  address6: 'the first word of an IPv6 address',
  port: 'a port',
  sequence: 'a TCP sequence number',
  tcpState: 'a TCP state',
  tcpFlags: 'TCP flags',
  recoveryPhase: 'a phase of loss recovery',
  repeatCause: 'why a segment goes again',
  undoEvidence: 'what showed that a repair was needless',
  mqttType: 'an MQTT packet type',
  mqttState: 'a state of the MQTT client',
  dhcpMessage: 'a DHCP message type',
  dhcpState: 'a state of the DHCP client',
  tlsState: 'a state of the TLS session',
  tlsVersion: 'a version of TLS',
  tlsRecord: 'what a TLS record holds',
  tlsAlert: 'a TLS alert',
  dnsType: 'a type of DNS records',
  dnsCode: 'the response code of a DNS server',
  etherType: 'an EtherType',
  arpOperation: 'an ARP operation',
  ipProtocol: 'a protocol above IP',
  icmpError: 'type and code of an ICMP error',
  icmpv6Error: 'type and code of an ICMPv6 error',
  ndMessage: 'a message of Neighbor Discovery',
  networkError: 'what IP reports to a transport',
  yesNo: 'yes or no',
  status: 'a status',
  reason: 'a drop reason',
  hex: 'a hexadecimal number',
};

function printStatus(entry: StatusEntry, say: (label: string, text: string) => void): void {
  say('meaning', entry.meaning);
  say('usually', entry.cause);
  if (entry.remedy !== undefined) {
    say('do', entry.remedy);
  }
  if (entry.services.length > 0) {
    const more = entry.services.length - MOST_SERVICES;
    const shown = more > 1 ? entry.services.slice(0, MOST_SERVICES) : entry.services;
    say('returned by', shown.join(', ') + (more > 1 ? ` and ${more} more` : ''));
  }
}

function traceArguments(event: TraceEventDescription): (readonly [string, TraceArgument])[] {
  return event.arguments.map((kind, index) => ['abcd'[index], kind] as const).filter(([, kind]) => kind !== 'none');
}

/** What was found as plain data, for `--json`. */
export function foundAsJson(word: string, found: Found): unknown {
  switch (found.kind) {
    case 'status':
      return {
        query: word,
        kind: 'status',
        value: found.value,
        hex: formatCode(found.value),
        names: found.entries.map(({ name, family, meaning, cause, remedy, services }) => ({
          name,
          family,
          meaning,
          cause,
          remedy: remedy ?? null,
          services,
        })),
        alsoNamed: found.alsoNamed,
      };
    case 'drop':
      return { query: word, kind: 'drop', ...found.entry };
    case 'trace':
      return {
        query: word,
        kind: 'trace',
        name: found.event.name,
        id: found.event.id,
        layer: found.layer,
        text: template(found.event.text),
        arguments: Object.fromEntries(traceArguments(found.event)),
        comment: found.event.comment,
      };
    case 'nothing':
      return { query: word, kind: 'nothing', suggestions: found.suggestions };
  }
}

/** Every status as a line of JSON. */
export function allStatusesAsJson(): string[] {
  return statusEntries().map(({ value, name, family, meaning }) =>
    JSON.stringify({ value, hex: formatCode(value), name, family, meaning }),
  );
}

/** Prints every status as a table. */
export function printAllStatuses(terminal: Terminal): void {
  const rows = statusEntries().map((entry) => [
    formatCode(entry.value),
    String(entry.value),
    entry.name,
    entry.meaning,
  ]);
  const columns = [
    { heading: 'code', align: 'right' },
    { heading: 'decimal', align: 'right' },
    { heading: 'name' },
    { heading: 'meaning' },
  ] as const;
  for (const line of formatTable(columns, rows)) {
    terminal.data(line);
  }
}
