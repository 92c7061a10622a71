import type { Flow, Packet } from '@strata/contracts';
import { emitTcp, fold, sumAligned, sumBytes, TCP_ACK, TCP_CHECKSUM, TCP_HEADER, TCP_SYN, TCP_URG } from '@strata/wire';
import type { ControlBlock } from '../control-block.ts';
import { roomToRead } from '../pool-shares.ts';
import { windowField } from '../window.ts';

/**
 * Writes a segment's header at `at`, in front of whatever the packet holds from `at + headerLength` on, with the
 * acknowledgment and window of this moment, and its checksum. Options, if any, are in place already. Sets `prepend`,
 * `length` and `transportHeader`; `payload` is the number of octets behind the header.
 */
export function writeHeader(
  tcb: ControlBlock,
  flow: Flow,
  packet: Packet,
  at: number,
  headerLength: number,
  sequence: number,
  flags: number,
  payload: number,
): void {
  const window = flags & TCP_SYN ? advertiseInSyn(tcb) : advertise(tcb);
  let urgentPointer = 0;
  let allFlags = flags;
  if (tcb.sndUrgent) {
    const ahead = (tcb.sndUp - sequence) | 0;
    if (ahead > 0) {
      allFlags |= TCP_URG;
      urgentPointer = Math.min(ahead, 0xffff);
    }
  }
  emitTcp(
    packet.view,
    at,
    tcb.localPort,
    tcb.remotePort,
    sequence,
    flags & TCP_ACK ? tcb.rcvNxt : 0,
    headerLength,
    allFlags,
    window,
    urgentPointer,
  );
  const length = headerLength + payload;
  packet.prepend = at;
  packet.length = length;
  packet.transportHeader = at;
  if (!flow.checksumOffload) fillChecksum(flow, packet, at, length);
}

/** Makes the checksum of the segment of `length` octets at `at` (RFC 9293 3.1). The field must hold 0. */
export function fillChecksum(flow: Flow, packet: Packet, at: number, length: number): void {
  const sum = packet.next === null ? sumAligned(packet.words, packet.view, at, length) : sumChain(packet, at, length);
  packet.view.setUint16(at + TCP_CHECKSUM, ~fold(sum + flow.pseudoHeaderSum + length) & 0xffff);
}

/**
 * Sum of `length` octets of a packet chain, the first of them at `at` in its first packet. Folded. A part that starts at an
 * odd offset of the whole contributes its octets swapped (RFC 1071 2B).
 */
export function sumChain(packet: Packet, at: number, length: number): number {
  let sum = 0;
  let done = 0;
  let from = at;
  for (let part: Packet | null = packet; part !== null && done < length; part = part.next) {
    if (part !== packet) from = part.prepend;
    const count = Math.min(part.append - from, length - done);
    const partial =
      (from & 3) === 0 ? sumAligned(part.words, part.view, from, count) : sumBytes(part.view, from, count);
    sum += done & 1 ? ((partial & 0xff) << 8) | (partial >>> 8) : partial;
    done += count;
  }
  return fold(sum);
}

/** The window field of an ordinary segment; notes the right edge that the peer learns from it. */
function advertise(tcb: ControlBlock): number {
  // What was promised is not taken back in our books; the peer hears that nothing is taken now.
  if (tcb.service.pool.isLow === true) return 0;
  const promised = (tcb.rcvAdv - tcb.rcvNxt) | 0;
  const room = roomToRead(tcb);
  const octets = tcb.profile.acks.advertise(tcb, Math.max(room, promised), promised);
  const field = windowField(octets, tcb.rcvScale);
  const edge = (tcb.rcvNxt + (field << tcb.rcvScale)) | 0;
  if (((edge - tcb.rcvAdv) | 0) > 0) tcb.rcvAdv = edge;
  return field;
}

/** A SYN's window is never scaled (RFC 7323 2.2). */
function advertiseInSyn(tcb: ControlBlock): number {
  const field = Math.min(tcb.windowSize, 0xffff);
  tcb.rcvAdv = (tcb.rcvNxt + field) | 0;
  return field;
}

/** Length of the TCP header that a packet of the transmit queue carries from its last transmission. */
export function headerInPlace(packet: Packet): number {
  return packet.transmissions === 0 ? 0 : (packet.view.getUint8(packet.transportHeader + 12) >>> 4) << 2;
}

/** Header length of a data segment with `options` octets of options. */
export function dataHeader(options: number): number {
  return TCP_HEADER + options;
}
