import { ETHERTYPE_PREDICATES, type FramePredicate } from '@strata/ethernet';
import {
  ETHERNET_HEADER,
  ETHERNET_TYPE,
  ETHERTYPE_IPV4,
  ETHERTYPE_VLAN,
  IPV4_HEADER,
  IPV4_PROTOCOL,
  IPV4_TOTAL_LENGTH,
  TCP_FIN,
  TCP_HEADER,
  TCP_OFFSET_AND_FLAGS,
  TCP_RST,
  TCP_SYN,
  VLAN_TAG,
} from '@strata/wire';

const PROTOCOL_ICMP = 1;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const TCP_ACK = 0x10;

/** Where the payload of an IPv4 packet with this protocol begins, or -1 when the frame is no such packet. */
function ipv4Payload(bytes: Uint8Array, offset: number, length: number, protocol: number): number {
  let at = offset + ETHERNET_TYPE;
  if (length < ETHERNET_HEADER + VLAN_TAG + IPV4_HEADER) {
    if (length < ETHERNET_HEADER + IPV4_HEADER) {
      return -1;
    }
  } else if (((bytes[at] << 8) | bytes[at + 1]) === ETHERTYPE_VLAN) {
    at += VLAN_TAG;
  }
  const ip = at + 2;
  if (((bytes[at] << 8) | bytes[at + 1]) !== ETHERTYPE_IPV4 || bytes[ip + IPV4_PROTOCOL] !== protocol) {
    return -1;
  }
  return ip + (bytes[ip] & 15) * 4;
}

/** TCP flags of a frame in the low byte and the number of data bytes above; -1 when it is no whole TCP segment. */
function tcpSegment(bytes: Uint8Array, offset: number, length: number): number {
  const tcp = ipv4Payload(bytes, offset, length, PROTOCOL_TCP);
  if (tcp < 0 || tcp + TCP_HEADER > offset + length) {
    return -1;
  }
  const ip = tcp - ipHeaderLength(bytes, offset);
  const total = (bytes[ip + IPV4_TOTAL_LENGTH] << 8) | bytes[ip + IPV4_TOTAL_LENGTH + 1];
  const header = (bytes[tcp + TCP_OFFSET_AND_FLAGS] >> 4) * 4;
  const data = Math.max(0, ip + total - tcp - header);
  return (data << 8) | bytes[tcp + TCP_OFFSET_AND_FLAGS + 1];
}

function ipHeaderLength(bytes: Uint8Array, offset: number): number {
  const tagged = ((bytes[offset + ETHERNET_TYPE] << 8) | bytes[offset + ETHERNET_TYPE + 1]) === ETHERTYPE_VLAN;
  return (bytes[offset + ETHERNET_HEADER + (tagged ? VLAN_TAG : 0)] & 15) * 4;
}

function withFlag(flag: number): FramePredicate {
  return (bytes, offset, length) => {
    const segment = tcpSegment(bytes, offset, length);
    return segment >= 0 && (segment & flag) !== 0;
  };
}

/**
 * The kinds of frames that `--drop-nth data:2` and its relatives can name. `data` is a TCP segment with data, `ack` one that
 * has none and only acknowledges.
 */
export const FRAME_PREDICATES: Readonly<Record<string, FramePredicate>> = {
  ...ETHERTYPE_PREDICATES,
  icmp: (bytes, offset, length) => ipv4Payload(bytes, offset, length, PROTOCOL_ICMP) >= 0,
  udp: (bytes, offset, length) => ipv4Payload(bytes, offset, length, PROTOCOL_UDP) >= 0,
  tcp: (bytes, offset, length) => ipv4Payload(bytes, offset, length, PROTOCOL_TCP) >= 0,
  syn: withFlag(TCP_SYN),
  fin: withFlag(TCP_FIN),
  rst: withFlag(TCP_RST),
  data: (bytes, offset, length) => tcpSegment(bytes, offset, length) >= 0x100,
  ack: (bytes, offset, length) => {
    const segment = tcpSegment(bytes, offset, length);
    return segment >= 0 && segment < 0x100 && (segment & (TCP_ACK | TCP_SYN | TCP_FIN | TCP_RST)) === TCP_ACK;
  },
};
