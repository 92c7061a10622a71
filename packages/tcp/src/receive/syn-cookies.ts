import {
  type DatagramInfo,
  DROP_TCP_BACKLOG,
  DROP_TCP_COOKIE,
  type Flow,
  NX_SUCCESS,
  NX_TCP_PACKET,
  PROTOCOL_TCP,
  SECOND,
  TRACE_TCP_COOKIE_GOOD,
  TRACE_TCP_COOKIE_SENT,
  TRACE_TCP_SEND,
} from '@strata/contracts';
import { emitTcp, TCP_ACK, TCP_CWR, TCP_ECE, TCP_HEADER, TCP_SYN, type TcpHeader } from '@strata/wire';
import { ECN_OFF } from '../congestion/ecn.ts';
import { flowMss } from '../establish.ts';
import { halfSipHash } from '../keyed-hash.ts';
import { emitSynOptions } from '../options.ts';
import { addressOf } from '../send/control.ts';
import { fillChecksum } from '../send/header.ts';
import type { TcpService } from '../service.ts';
import { timestampClock, timestampOffset } from '../timestamps.ts';
import { windowShift } from '../window.ts';

/**
 * SYN cookies (Bernstein; RFC 4987 3.6): when too many connections are half-open, a SYN is answered without keeping
 * anything of it. All that the acknowledgment must bring back is in our initial sequence number: a keyed hash of addresses,
 * ports and the peer's number, the minute, and which of a few sizes the peer's MSS is. Window scale, SACK and ECN go into the lowest bits of
 * our timestamp, which the peer echoes; without timestamps such a connection does without them.
 */

/** A cookie is good in the period it was made in and the next. */
const PERIOD = 60 * SECOND;
const PERIODS = 2;

/** How long after it was sent a cookie may come back. */
export const COOKIE_LIFE = PERIODS * PERIOD;

/** The MSS values a cookie can carry, by family: the sizes that there are (Alcock and Nelson 2011), and smaller ones. */
const MSS_OF_IPV4 = [48, 256, 536, 1024, 1300, 1440, 1460, 8960] as const;
const MSS_OF_IPV6 = [48, 256, 536, 1220, 1300, 1420, 1440, 8940] as const;
/** What a SYN without the option means (RFC 9293 3.7.1). */
const DEFAULT_MSS_OF_IPV4 = 536;
const DEFAULT_MSS_OF_IPV6 = 1220;

/** The lowest bits of the timestamp. */
const NO_SCALE = 15;
const SCALE_MASK = 15;
const SACK_BIT = 16;
const ECN_BIT = 32;
const OPTION_BITS = 63;

const INDEX_BITS = 24;
const INDEX_MASK = (1 << INDEX_BITS) - 1;
/** The number of the size is in the upper four of these bits, so that a number next to a cookie is none. */
const INDEX_SHIFT = 20;

const words = new Int32Array(11);

/**
 * Answers the SYN in `segment` with a cookie; `windowSize` and how far it may grow, and the limit of the MSS (0: none), are
 * what the connection will have.
 */
export function sendCookie(
  service: TcpService,
  segment: TcpHeader,
  info: DatagramInfo,
  windowSize: number,
  windowLimit: number,
  mssLimit: number,
): void {
  const local = addressOf(info.family, info.destination0, info.destination1, info.destination2, info.destination3);
  const remote = addressOf(info.family, info.source0, info.source1, info.source2, info.source3);
  service.drop(DROP_TCP_BACKLOG, null, segment.sequence);
  const flow = service.network.openFlow(remote, PROTOCOL_TCP, local);
  if (flow === null) return;
  const packet = service.pool.allocate(NX_TCP_PACKET);
  if (packet === null) {
    service.counters.noPacket++;
    return;
  }
  const { offers } = service.profile.options;
  const index = indexOfMss(flow, segment.mss);
  const timestamps = offers.timestamps && segment.hasTimestamps;
  const scaling = timestamps && offers.windowScale && segment.windowScale >= 0;
  const sack = timestamps && offers.sack && segment.sackPermitted;
  const asksEcn = (segment.flags & (TCP_ECE | TCP_CWR)) === (TCP_ECE | TCP_CWR) && (info.typeOfService & 3) === 0;
  const ecn = timestamps && service.profile.ecn !== ECN_OFF && asksEcn;
  let bits = scaling ? Math.min(segment.windowScale, 14) : NO_SCALE;
  if (sack) bits |= SACK_BIT;
  if (ecn) bits |= ECN_BIT;
  const clock = timestampClock(service);
  let stamp = (clock & ~OPTION_BITS) | bits;
  // Never in the future: the round trip that is measured by it would be negative.
  if (((stamp - clock) | 0) > 0) stamp -= OPTION_BITS + 1;
  const at = packet.prepend;
  const options = emitSynOptions(
    packet.view,
    at + TCP_HEADER,
    Math.min(flowMss(flow), mssLimit > 0 ? mssLimit : 0xffff, 0xffff),
    timestamps,
    (stamp + timestampOffset(service, local, remote)) | 0,
    segment.timestampValue,
    sack,
    scaling ? windowShift(windowLimit) : -1,
  );
  const headerLength = TCP_HEADER + options;
  const cookie = makeCookie(service, segment, info, segment.sequence, index);
  const flags = TCP_SYN | TCP_ACK | (ecn ? TCP_ECE : 0);
  emitTcp(
    packet.view,
    at,
    segment.destinationPort,
    segment.sourcePort,
    cookie,
    (segment.sequence + 1) | 0,
    headerLength,
    flags,
    Math.min(windowSize, 0xffff),
    0,
  );
  packet.append = at + headerLength;
  packet.length = headerLength;
  packet.transportHeader = at;
  if (!flow.checksumOffload) fillChecksum(flow, packet, at, headerLength);
  service.counters.cookiesSent++;
  if (service.tracer !== null) {
    const { destinationPort, sourcePort } = segment;
    const mss = sizesOf(flow)[index] as number;
    service.tracer.event(TRACE_TCP_COOKIE_SENT, destinationPort, sourcePort, cookie, mss, service.current);
    service.tracer.event(TRACE_TCP_SEND, flags, cookie, (segment.sequence + 1) | 0, 0, packet);
  }
  if (service.network.send(packet, flow) === NX_SUCCESS) service.counters.packetsSent++;
  else packet.release();
}

/**
 * True when `segment` acknowledges a cookie of ours. Then it has been turned into the SYN that the cookie was made for, as
 * far as that is known; {@link restoreAcknowledgment} turns it back.
 */
export function recallSyn(service: TcpService, segment: TcpHeader, info: DatagramInfo): boolean {
  const cookie = (segment.acknowledgment - 1) | 0;
  const irs = (segment.sequence - 1) | 0;
  const index = checkCookie(service, segment, info, cookie, irs);
  if (index < 0) {
    service.counters.cookiesRejected++;
    service.drop(DROP_TCP_COOKIE, null, segment.sequence);
    return false;
  }
  service.counters.cookiesAccepted++;
  const mss = (info.family === 4 ? MSS_OF_IPV4 : MSS_OF_IPV6)[index] as number;
  if (service.tracer !== null) {
    const { destinationPort, sourcePort } = segment;
    service.tracer.event(TRACE_TCP_COOKIE_GOOD, destinationPort, sourcePort, cookie, mss, service.current);
  }
  saved.flags = segment.flags;
  saved.typeOfService = service.typeOfService;
  service.typeOfService = 0;
  segment.sequence = irs;
  segment.flags = TCP_SYN;
  segment.mss = mss;
  segment.windowScale = -1;
  segment.sackPermitted = false;
  if (segment.hasTimestamps) {
    const local = addressOf(info.family, info.destination0, info.destination1, info.destination2, info.destination3);
    const remote = addressOf(info.family, info.source0, info.source1, info.source2, info.source3);
    const bits = (segment.timestampEcho - timestampOffset(service, local, remote)) & OPTION_BITS;
    if ((bits & SCALE_MASK) !== NO_SCALE) segment.windowScale = bits & SCALE_MASK;
    segment.sackPermitted = (bits & SACK_BIT) !== 0;
    if (bits & ECN_BIT) segment.flags = TCP_SYN | TCP_ECE | TCP_CWR;
  }
  return true;
}

/** Makes `segment` the acknowledgment again that {@link recallSyn} found. */
export function restoreAcknowledgment(service: TcpService, segment: TcpHeader): void {
  service.typeOfService = saved.typeOfService;
  segment.sequence = (segment.sequence + 1) | 0;
  segment.flags = saved.flags;
  segment.mss = -1;
  segment.windowScale = -1;
  segment.sackPermitted = false;
}

const saved = { flags: 0, typeOfService: 0 };

function makeCookie(service: TcpService, segment: TcpHeader, info: DatagramInfo, irs: number, index: number): number {
  const period = periodOf(service);
  const fixed = hash(service, segment, info, irs, -1);
  return (
    (fixed +
      (period << INDEX_BITS) +
      ((hash(service, segment, info, irs, period) + (index << INDEX_SHIFT)) & INDEX_MASK)) |
    0
  );
}

/** Which MSS the cookie stands for; -1 when it is none of ours, or too old. */
function checkCookie(service: TcpService, segment: TcpHeader, info: DatagramInfo, cookie: number, irs: number): number {
  const rest = (cookie - hash(service, segment, info, irs, -1)) | 0;
  const period = periodOf(service);
  const age = (period - (rest >>> INDEX_BITS)) & 0xff;
  if (age >= PERIODS) return -1;
  const data = (rest - hash(service, segment, info, irs, period - age)) & INDEX_MASK;
  const index = data >>> INDEX_SHIFT;
  return (data & ((1 << INDEX_SHIFT) - 1)) === 0 && index < MSS_OF_IPV4.length ? index : -1;
}

function periodOf(service: TcpService): number {
  return Math.floor(service.time.now / PERIOD);
}

function hash(service: TcpService, segment: TcpHeader, info: DatagramInfo, irs: number, period: number): number {
  words[0] = info.source0;
  words[1] = info.source1;
  words[2] = info.source2;
  words[3] = info.source3;
  words[4] = info.destination0;
  words[5] = info.destination1;
  words[6] = info.destination2;
  words[7] = info.destination3;
  words[8] = (segment.sourcePort << 16) | segment.destinationPort;
  words[9] = irs;
  words[10] = period;
  return halfSipHash(service.secret0, service.secret1, words);
}

function sizesOf(flow: Flow): readonly number[] {
  return flow.family === 4 ? MSS_OF_IPV4 : MSS_OF_IPV6;
}

/** The largest size of the table that is no more than what the peer said; -1: it said nothing. */
function indexOfMss(flow: Flow, said: number): number {
  const sizes = sizesOf(flow);
  const mss = said >= 0 ? said : flow.family === 4 ? DEFAULT_MSS_OF_IPV4 : DEFAULT_MSS_OF_IPV6;
  let index = sizes.length - 1;
  while (index > 0 && (sizes[index] as number) > mss) index--;
  return index;
}
