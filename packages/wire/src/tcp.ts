/**
 * TCP header (RFC 9293 3.1) and its options. All `at` arguments are offsets of the header's first octet in the view.
 */
export const TCP_HEADER = 20;
/** The largest header: data offset 15. */
export const TCP_MAXIMUM_HEADER = 60;
export const TCP_SOURCE_PORT = 0;
export const TCP_DESTINATION_PORT = 2;
export const TCP_SEQUENCE = 4;
export const TCP_ACKNOWLEDGMENT = 8;
/** Data offset (4 bits), reserved (3 bits), flags (9 bits). */
export const TCP_OFFSET_AND_FLAGS = 12;
export const TCP_WINDOW = 14;
export const TCP_CHECKSUM = 16;
export const TCP_URGENT_POINTER = 18;

export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_PSH = 0x08;
export const TCP_ACK = 0x10;
export const TCP_URG = 0x20;
export const TCP_ECE = 0x40;
export const TCP_CWR = 0x80;
/** Accurate ECN (the former NS bit of RFC 3540). */
export const TCP_AE = 0x100;

export const TCP_OPTION_END = 0;
export const TCP_OPTION_NOP = 1;
export const TCP_OPTION_MSS = 2;
export const TCP_OPTION_WINDOW_SCALE = 3;
export const TCP_OPTION_SACK_PERMITTED = 4;
export const TCP_OPTION_SACK = 5;
export const TCP_OPTION_TIMESTAMPS = 8;

/** The most SACK blocks that fit the option space. */
export const TCP_MAXIMUM_SACK_BLOCKS = 4;

export function tcpSourcePort(view: DataView, at: number): number {
  return view.getUint16(at + TCP_SOURCE_PORT);
}

export function tcpDestinationPort(view: DataView, at: number): number {
  return view.getUint16(at + TCP_DESTINATION_PORT);
}

export function tcpSequence(view: DataView, at: number): number {
  return view.getInt32(at + TCP_SEQUENCE);
}

export function tcpAcknowledgment(view: DataView, at: number): number {
  return view.getInt32(at + TCP_ACKNOWLEDGMENT);
}

/** Header length in bytes, options included: 0..60. */
export function tcpHeaderLength(view: DataView, at: number): number {
  return (view.getUint8(at + TCP_OFFSET_AND_FLAGS) >>> 4) << 2;
}

/** The sum of the TCP_ flag bits. */
export function tcpFlags(view: DataView, at: number): number {
  return view.getUint16(at + TCP_OFFSET_AND_FLAGS) & 0x1ff;
}

export function tcpWindow(view: DataView, at: number): number {
  return view.getUint16(at + TCP_WINDOW);
}

/** What {@link checkTcp} found. */
export const TCP_HEADER_GOOD = 0;
export const TCP_HEADER_SHORT = 1;
export const TCP_HEADER_BAD_OFFSET = 2;

/** Judges lengths: after TCP_HEADER_GOOD no getter and no parser leaves the segment of `length` octets. */
export function checkTcp(view: DataView, at: number, length: number): number {
  if (length < TCP_HEADER) return TCP_HEADER_SHORT;
  const header = tcpHeaderLength(view, at);
  return header < TCP_HEADER || header > length ? TCP_HEADER_BAD_OFFSET : TCP_HEADER_GOOD;
}

/**
 * A parsed header: one record per engine, filled again for each segment. Numbers only, so that parsing allocates nothing.
 * Option fields hold their absent value (-1, false or 0) unless the segment carried the option.
 */
export class TcpHeader {
  sourcePort: number;
  destinationPort: number;
  /** int32, as are all sequence numbers. */
  sequence: number;
  acknowledgment: number;
  headerLength: number;
  /** Sum of the TCP_ flag bits. */
  flags: number;
  /** The 16-bit field, not scaled. */
  window: number;
  urgentPointer: number;
  /** Octets of payload. */
  payloadLength: number;
  /** Payload plus one each for SYN and FIN. */
  sequenceLength: number;
  /** -1 when absent. */
  mss: number;
  /** -1 when absent; as sent, so possibly above 14. */
  windowScale: number;
  sackPermitted: boolean;
  hasTimestamps: boolean;
  /** int32. */
  timestampValue: number;
  timestampEcho: number;
  sackCount: number;
  /** Left and right edges in turn, `2 * sackCount` of them in use. */
  readonly sackEdges: Int32Array;
  /** True when an option's length was illegal; parsing stopped there. */
  badOption: boolean;
  /** There is an MSS option of another length than 4; it is passed over. */
  badMss: boolean;

  constructor() {
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.sequence = 0;
    this.acknowledgment = 0;
    this.headerLength = TCP_HEADER;
    this.flags = 0;
    this.window = 0;
    this.urgentPointer = 0;
    this.payloadLength = 0;
    this.sequenceLength = 0;
    this.mss = -1;
    this.windowScale = -1;
    this.sackPermitted = false;
    this.hasTimestamps = false;
    this.timestampValue = 0;
    this.timestampEcho = 0;
    this.sackCount = 0;
    this.sackEdges = new Int32Array(2 * TCP_MAXIMUM_SACK_BLOCKS);
    this.badOption = false;
    this.badMss = false;
  }
}

/** Fills `header` from a segment of `length` octets that {@link checkTcp} found good. */
export function parseTcp(header: TcpHeader, view: DataView, at: number, length: number): void {
  const offsetAndFlags = view.getUint16(at + TCP_OFFSET_AND_FLAGS);
  const headerLength = (offsetAndFlags >>> 12) << 2;
  const flags = offsetAndFlags & 0x1ff;
  const payloadLength = length - headerLength;
  header.sourcePort = view.getUint16(at);
  header.destinationPort = view.getUint16(at + TCP_DESTINATION_PORT);
  header.sequence = view.getInt32(at + TCP_SEQUENCE);
  header.acknowledgment = view.getInt32(at + TCP_ACKNOWLEDGMENT);
  header.headerLength = headerLength;
  header.flags = flags;
  header.window = view.getUint16(at + TCP_WINDOW);
  header.urgentPointer = view.getUint16(at + TCP_URGENT_POINTER);
  header.payloadLength = payloadLength;
  header.sequenceLength = payloadLength + (flags & TCP_FIN) + ((flags & TCP_SYN) >> 1);
  header.mss = -1;
  header.windowScale = -1;
  header.sackPermitted = false;
  header.hasTimestamps = false;
  header.sackCount = 0;
  header.badOption = false;
  header.badMss = false;
  if (headerLength > TCP_HEADER) parseTcpOptions(header, view, at + TCP_HEADER, at + headerLength);
}

/** NOP NOP TIMESTAMPS 10 as one word: how nearly every stack lays the option out (RFC 7323 appendix A). */
const ALIGNED_TIMESTAMPS = 0x0101080a;

/** One pass over the options, without allocation. Unknown ones are skipped by their length (RFC 9293 3.1, MUST-6). */
function parseTcpOptions(header: TcpHeader, view: DataView, from: number, end: number): void {
  if (end - from === 12 && view.getInt32(from) === ALIGNED_TIMESTAMPS) {
    header.hasTimestamps = true;
    header.timestampValue = view.getInt32(from + 4);
    header.timestampEcho = view.getInt32(from + 8);
    return;
  }
  let i = from;
  while (i < end) {
    const kind = view.getUint8(i);
    if (kind === TCP_OPTION_END) return;
    if (kind === TCP_OPTION_NOP) {
      i++;
      continue;
    }
    const length = i + 1 < end ? view.getUint8(i + 1) : 0;
    if (length < 2 || i + length > end) {
      header.badOption = true;
      return;
    }
    switch (kind) {
      case TCP_OPTION_MSS:
        if (length === 4) header.mss = view.getUint16(i + 2);
        else header.badMss = true;
        break;
      case TCP_OPTION_WINDOW_SCALE:
        if (length === 3) header.windowScale = view.getUint8(i + 2);
        break;
      case TCP_OPTION_SACK_PERMITTED:
        if (length === 2) header.sackPermitted = true;
        break;
      case TCP_OPTION_TIMESTAMPS:
        if (length === 10) {
          header.hasTimestamps = true;
          header.timestampValue = view.getInt32(i + 2);
          header.timestampEcho = view.getInt32(i + 6);
        }
        break;
      case TCP_OPTION_SACK:
        if (length >= 10 && (length - 2) % 8 === 0) parseSackBlocks(header, view, i + 2, i + length);
        break;
      default:
        break;
    }
    i += length;
  }
}

function parseSackBlocks(header: TcpHeader, view: DataView, from: number, end: number): void {
  let count = 0;
  for (let i = from; i < end && count < TCP_MAXIMUM_SACK_BLOCKS; i += 8) {
    header.sackEdges[2 * count] = view.getInt32(i);
    header.sackEdges[2 * count + 1] = view.getInt32(i + 4);
    count++;
  }
  header.sackCount = count;
}

/** Writes the 20 fixed octets, with a zero checksum. `headerLength` includes the options, which are the caller's. */
export function emitTcp(
  view: DataView,
  at: number,
  sourcePort: number,
  destinationPort: number,
  sequence: number,
  acknowledgment: number,
  headerLength: number,
  flags: number,
  window: number,
  urgentPointer: number,
): void {
  view.setInt32(at, (sourcePort << 16) | destinationPort);
  view.setInt32(at + TCP_SEQUENCE, sequence);
  view.setInt32(at + TCP_ACKNOWLEDGMENT, acknowledgment);
  view.setInt32(at + TCP_OFFSET_AND_FLAGS, (headerLength << 26) | (flags << 16) | window);
  view.setInt32(at + TCP_CHECKSUM, urgentPointer);
}

const FLAG_LETTERS = 'FSRPAUEWN';

/** Flags as packetdrill writes them: `S.`, `P.`, `F.`, `R`; `.` is ACK. */
export function describeTcpFlags(flags: number): string {
  let text = '';
  for (let bit = 0; bit < 9; bit++) {
    if (flags & (1 << bit) && 1 << bit !== TCP_ACK) text += FLAG_LETTERS[bit];
  }
  if (flags & TCP_ACK) text += '.';
  return text === '' ? 'none' : text;
}

/** One line for people: `S 1:1(0) ack 0 win 8192 <mss 1460>`. */
export function describeTcp(header: TcpHeader): string {
  const from = header.sequence >>> 0;
  const options: string[] = [];
  if (header.mss >= 0) options.push(`mss ${header.mss}`);
  if (header.windowScale >= 0) options.push(`wscale ${header.windowScale}`);
  if (header.sackPermitted) options.push('sackOK');
  if (header.hasTimestamps) options.push(`TS val ${header.timestampValue >>> 0} ecr ${header.timestampEcho >>> 0}`);
  for (let i = 0; i < header.sackCount; i++) {
    options.push(`sack ${(header.sackEdges[2 * i] as number) >>> 0}:${(header.sackEdges[2 * i + 1] as number) >>> 0}`);
  }
  const ack = header.flags & TCP_ACK ? ` ack ${header.acknowledgment >>> 0}` : '';
  const list = options.length > 0 ? ` <${options.join(',')}>` : '';
  const to = (header.sequence + header.payloadLength) >>> 0;
  return `${describeTcpFlags(header.flags)} ${from}:${to}(${header.payloadLength})${ack} win ${header.window}${list}`;
}
