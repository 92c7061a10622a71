import type { IpAddress } from '@strata/contracts';
import { sumBytes } from '@strata/wire';
import { flagLetters, TCP, transportSum } from './frame.ts';

/** A TCP segment that the host sent; numbers as on the wire, sequence numbers as int32. */
export interface SeenTcp {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  readonly checksum: number;
  readonly options: Uint8Array;
  readonly data: Uint8Array;
}

/** A frame that the host sent, taken apart by code that shares nothing with the stack's parsers. */
export interface Seen {
  /** Microseconds of the lab's time. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly etherType: number;
  /** The IP packet; empty for anything else. */
  readonly packet: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly tos: number;
  readonly ttl: number;
  readonly identification: number;
  /** IPv4's flags and fragment offset. */
  readonly fragment: number;
  readonly ipHeaderLength: number;
  /** What IP carries. */
  readonly payload: Uint8Array;
  readonly tcp: SeenTcp | null;
  /** What is wrong with lengths and checksums. */
  readonly problems: readonly string[];
}

const NOBODY: IpAddress = { family: 4, w0: 0, w1: 0, w2: 0, w3: 0 };

/** Takes a frame apart. */
export function readFrame(bytes: Uint8Array, time: number): Seen {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const etherType = view.getUint16(12);
  const none = { time, bytes, etherType, source: NOBODY, destination: NOBODY, protocol: -1, tos: 0, ttl: 0 };
  const rest = { identification: 0, fragment: 0, ipHeaderLength: 0, tcp: null };
  const empty = new Uint8Array(0);
  if (etherType !== 0x0800 && etherType !== 0x86dd) {
    return { ...none, ...rest, packet: empty, payload: bytes.subarray(14), problems: [] };
  }
  const problems: string[] = [];
  const four = etherType === 0x0800;
  const header = four ? (view.getUint8(14) & 15) * 4 : 40;
  const total = four ? view.getUint16(16) : 40 + view.getUint16(18);
  if (14 + total > bytes.length) problems.push('the IP length is beyond the frame');
  const packet = bytes.subarray(14, Math.min(bytes.length, 14 + total));
  if (four && sumBytes(view, 14, header) !== 0xffff) problems.push('wrong IPv4 header checksum');
  const read = (at: number): IpAddress =>
    four
      ? { ...NOBODY, w3: view.getInt32(at) }
      : {
          family: 6,
          w0: view.getInt32(at),
          w1: view.getInt32(at + 4),
          w2: view.getInt32(at + 8),
          w3: view.getInt32(at + 12),
        };
  const source = read(four ? 26 : 22);
  const destination = read(four ? 30 : 38);
  const protocol = view.getUint8(four ? 23 : 20);
  const payload = packet.subarray(header);
  return {
    time,
    bytes,
    etherType,
    packet,
    source,
    destination,
    protocol,
    tos: four ? view.getUint8(15) : (view.getUint16(14) >>> 4) & 255,
    ttl: view.getUint8(four ? 22 : 21),
    identification: four ? view.getUint16(18) : 0,
    fragment: four ? view.getUint16(20) : 0,
    ipHeaderLength: header,
    payload,
    tcp: protocol === TCP ? readTcp(payload, source, destination, problems) : null,
    problems,
  };
}

function readTcp(bytes: Uint8Array, source: IpAddress, destination: IpAddress, problems: string[]): SeenTcp | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = bytes.length >= 20 ? (view.getUint8(12) >>> 4) * 4 : 0;
  if (header < 20 || header > bytes.length) {
    problems.push('the TCP header does not fit its packet');
    return null;
  }
  if (transportSum(source, destination, TCP, bytes) !== 0xffff) problems.push('wrong TCP checksum');
  const options = bytes.subarray(20, header);
  const trouble = optionTrouble(options);
  if (trouble !== null) problems.push(trouble);
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getInt32(4),
    acknowledgment: view.getInt32(8),
    flags: view.getUint8(13),
    window: view.getUint16(14),
    urgent: view.getUint16(18),
    checksum: view.getUint16(16),
    options,
    data: bytes.subarray(header),
  };
}

/** Every option but End of Option List and No-Operation has a length, and behind the end there are zeros (RFC 9293 3.1). */
function optionTrouble(options: Uint8Array): string | null {
  for (let at = 0; at < options.length; ) {
    const kind = options[at] as number;
    if (kind === 0) {
      return options.subarray(at).some((octet) => octet !== 0)
        ? 'octets that are not 0 behind the end of options'
        : null;
    }
    if (kind === 1) at++;
    else {
      const length = options[at + 1] ?? 0;
      if (length < 2 || at + length > options.length) return `option ${kind} with length ${length}`;
      at += length;
    }
  }
  return null;
}

/** The value of an option, without kind and length; null when the segment has none of this kind. */
export function optionOf(tcp: SeenTcp, kind: number): Uint8Array | null {
  const { options } = tcp;
  for (let at = 0; at < options.length; ) {
    const found = options[at] as number;
    if (found === 0) return null;
    const length = found === 1 ? 1 : (options[at + 1] as number);
    if (found === kind) return options.subarray(at + Math.min(2, length), at + length);
    at += Math.max(1, length);
  }
  return null;
}

/** One line for people. */
export function describe(seen: Seen): string {
  const { tcp } = seen;
  if (tcp !== null) {
    return `TCP ${tcp.sourcePort} > ${tcp.destinationPort} ${flagLetters(tcp.flags)} seq ${tcp.sequence >>> 0} ack ${tcp.acknowledgment >>> 0} win ${tcp.window} len ${tcp.data.length}`;
  }
  if (seen.protocol === 1 || seen.protocol === 58) return `ICMP type ${seen.payload[0]} code ${seen.payload[1]}`;
  return seen.etherType === 0x0806
    ? 'ARP'
    : `frame of type 0x${seen.etherType.toString(16)}, protocol ${seen.protocol}`;
}
