import { PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP } from '@strata/contracts';
import {
  ETHERNET_HEADER,
  ETHERNET_TYPE,
  ETHERTYPE_IPV4,
  fold,
  ICMP_CHECKSUM,
  IPV4_HEADER,
  sumBytes,
  TCP_CHECKSUM,
  UDP_CHECKSUM,
} from '@strata/wire';

const IPV4_TOTAL_LENGTH = 2;
const IPV4_PROTOCOL = 9;
const IPV4_CHECKSUM = 10;
const IPV4_ADDRESSES = 12;

/**
 * Makes the checksums of a damaged IPv4 frame right again, in place, so that it reaches the code behind them. What its
 * length fields claim is taken at its word as far as there are octets; frames too broken for that stay as they are.
 */
export function repairChecksums(frame: Uint8Array): void {
  const ip = ETHERNET_HEADER;
  if (frame.length < ip + IPV4_HEADER) return;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (view.getUint16(ETHERNET_TYPE) !== ETHERTYPE_IPV4) return;
  const headerLength = (view.getUint8(ip) & 15) << 2;
  const total = view.getUint16(ip + IPV4_TOTAL_LENGTH);
  if (headerLength < IPV4_HEADER || ip + headerLength > frame.length) return;
  const transport = ip + headerLength;
  const length = Math.min(total - headerLength, frame.length - transport);
  if (length > 0) repairTransport(view, transport, length, ip);
  view.setUint16(ip + IPV4_CHECKSUM, 0);
  view.setUint16(ip + IPV4_CHECKSUM, ~sumBytes(view, ip, headerLength) & 0xffff);
}

function repairTransport(view: DataView, at: number, length: number, ip: number): void {
  const protocol = view.getUint8(ip + IPV4_PROTOCOL);
  const field = checksumField(protocol);
  if (field < 0 || length < field + 2) return;
  view.setUint16(at + field, 0);
  const pseudo = protocol === PROTOCOL_ICMP ? 0 : sumBytes(view, ip + IPV4_ADDRESSES, 8) + protocol + length;
  const checksum = ~fold(sumBytes(view, at, length) + pseudo) & 0xffff;
  view.setUint16(at + field, protocol === PROTOCOL_UDP && checksum === 0 ? 0xffff : checksum);
}

function checksumField(protocol: number): number {
  if (protocol === PROTOCOL_TCP) return TCP_CHECKSUM;
  if (protocol === PROTOCOL_UDP) return UDP_CHECKSUM;
  return protocol === PROTOCOL_ICMP ? ICMP_CHECKSUM : -1;
}
