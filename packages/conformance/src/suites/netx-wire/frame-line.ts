import { hex } from '../../suite/failure.ts';
import { flagLetters, SYN } from '../../suite/peer/frame.ts';
import { readFrame, type Seen, type SeenTcp } from '../../suite/peer/seen.ts';

/** MAC addresses of the two nodes of every run, and the last octets that tell them apart. */
const NODES: Readonly<Record<string, string>> = {
  '001122334456': 'a',
  '001122334457': 'b',
  ffffffffffff: '*',
  '000000000000': '0',
};
/** Time to live of everything that the real stack sends. */
const TTL = 128;
const HOP_LIMIT = 255;
const ARP = 0x0806;
const DONT_FRAGMENT = 0x4000;
/** More data than this is shown by its length alone, and is compared by it. */
const SHOWN_DATA = 100;
const ICMP = 1;

/** How frames of a run are written down. */
export interface LineOptions {
  /** Show TCP data as hexadecimal digits. */
  readonly data: boolean;
  /** Write whole frames as hexadecimal digits, numbers of TCP segments apart. */
  readonly hexadecimal: boolean;
}

/**
 * Writes frames as lines of text, which is how the runs of the real stack are kept:
 *
 * - TCP: `tick sender identification [df] flags sequence acknowledgment octets window [options] [data]`, numbers counted
 *   from the initial ones, options and data in hexadecimal digits
 * - ARP: `tick sender arp operation sender-MAC sender-IP target-MAC target-IP to destination-MAC`
 * - ICMP: `tick sender identification icmp type code id … seq … data`
 *
 * Everything that the lines do not show is the same in every frame of the real stack: TOS 0, TTL 128, no IP options, no
 * fragments, no urgent pointer, frames that end where IP ends, right checksums. Where that is not so a line says it.
 */
export class FrameLines {
  private readonly options: LineOptions;
  private readonly initial: Map<string, number>;

  constructor(options: LineOptions) {
    this.options = options;
    this.initial = new Map();
  }

  /** @param tick the moment in hundredths of a second */
  write(bytes: Uint8Array, tick: number): string {
    const seen = readFrame(bytes, 0);
    const from = nodeOf(bytes, 6);
    if (this.options.hexadecimal) return [String(tick), from, ...this.digits(seen, bytes, from)].join(' ');
    return [String(tick), from, ...this.fields(seen, bytes, from), ...oddities(seen, bytes)].join(' ');
  }

  private digits(seen: Seen, bytes: Uint8Array, from: string): (string | number)[] {
    const { tcp } = seen;
    if (tcp === null) return [hex(bytes)];
    const { sequence, acknowledgment } = this.relative(tcp, from);
    const options = tcp.options.length > 0 ? [hex(tcp.options)] : [];
    const headers = hex(bytes.subarray(0, 14 + seen.ipHeaderLength));
    const flags = tcp.flags.toString(16).padStart(2, '0');
    return [headers, 'tcp', flags, sequence, acknowledgment, tcp.window, ...options, tcp.data.length, ...seen.problems];
  }

  /** Numbers counted from the initial ones. */
  private relative(tcp: SeenTcp, from: string): { sequence: number; acknowledgment: number } {
    const own = `${from} ${tcp.sourcePort} ${tcp.destinationPort}`;
    const other = `${from === 'a' ? 'b' : 'a'} ${tcp.destinationPort} ${tcp.sourcePort}`;
    if (tcp.flags & SYN) this.initial.set(own, tcp.sequence);
    return {
      sequence: (tcp.sequence - (this.initial.get(own) ?? tcp.sequence)) >>> 0,
      acknowledgment: tcp.flags & 16 ? (tcp.acknowledgment - (this.initial.get(other) ?? 0)) >>> 0 : 0,
    };
  }

  private fields(seen: Seen, bytes: Uint8Array, from: string): (string | number)[] {
    if (seen.etherType === ARP) return arpFields(bytes);
    const fragment = seen.fragment === DONT_FRAGMENT ? ['df'] : [];
    if (seen.protocol === ICMP) return [seen.identification, ...fragment, ...icmpFields(seen.payload)];
    const { tcp } = seen;
    if (tcp === null) return [`type 0x${seen.etherType.toString(16)}`, `protocol ${seen.protocol}`];
    const { sequence, acknowledgment } = this.relative(tcp, from);
    const length = tcp.data.length;
    const shown = this.options.data && length > 0;
    return [
      seen.identification,
      ...fragment,
      flagLetters(tcp.flags),
      sequence,
      acknowledgment,
      length,
      tcp.window,
      ...(tcp.options.length > 0 ? [hex(tcp.options)] : []),
      ...(shown ? [length < SHOWN_DATA ? hex(tcp.data) : `${hex(tcp.data.subarray(0, 12))}..`] : []),
      ...(tcp.urgent === 0 ? [] : [`urgent=${tcp.urgent}`]),
    ];
  }
}

function nodeOf(bytes: Uint8Array, at: number): string {
  const digits = hex(bytes.subarray(at, at + 6));
  return NODES[digits] ?? digits;
}

function arpFields(bytes: Uint8Array): (string | number)[] {
  const target = nodeOf(bytes, 32);
  return ['arp', bytes[21] ?? 0, nodeOf(bytes, 22), `.${bytes[31]}`, target, `.${bytes[41]}`, 'to', nodeOf(bytes, 0)];
}

function icmpFields(payload: Uint8Array): (string | number)[] {
  const view = new DataView(payload.buffer, payload.byteOffset);
  const data = hex(payload.subarray(8));
  return [
    ...['icmp', payload[0] ?? 0, payload[1] ?? 0],
    ...['id', view.getUint16(4).toString(16), 'seq', view.getUint16(6)],
    ...(data === '' ? [] : [data]),
  ];
}

/** What is unlike every frame of the real stack. */
function oddities(seen: Seen, bytes: Uint8Array): string[] {
  if (seen.packet.length === 0) return [];
  const odd = [...seen.problems];
  const four = seen.etherType === 0x0800;
  if (seen.ttl !== (four ? TTL : HOP_LIMIT)) odd.push(`ttl=${seen.ttl}`);
  if (seen.tos !== 0) odd.push(`tos=${seen.tos}`);
  if (seen.fragment !== 0 && seen.fragment !== DONT_FRAGMENT) odd.push(`fragment=${seen.fragment}`);
  if (four && seen.ipHeaderLength !== 20) odd.push('ip-options');
  if (bytes.length !== 14 + seen.packet.length) odd.push('padding');
  return odd;
}
