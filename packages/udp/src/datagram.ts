import type { IpAddress, Packet } from '@strata/contracts';
import {
  IPV4_HEADER,
  IPV4_TIME_TO_LIVE,
  IPV4_TYPE_OF_SERVICE,
  IPV6_DESTINATION,
  IPV6_HEADER,
  IPV6_HOP_LIMIT,
  IPV6_SOURCE,
  ipv4Address,
  ipv4Destination,
  ipv4Protocol,
  ipv4Source,
  ipv6AddressAt,
  UDP_HEADER,
  udpDestinationPort,
  udpSourcePort,
} from '@strata/wire';

/** Where a received datagram came from and how it arrived (nx_udp_packet_info_extract). */
export interface DatagramSource {
  readonly address: IpAddress;
  readonly port: number;
  readonly destination: IpAddress;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly interfaceIndex: number;
  /** Of the datagram's first packet: time to live or hop limit, and type of service or traffic class, ECN included. */
  readonly timeToLive: number;
  readonly typeOfService: number;
}

/**
 * Reads it from the headers that are still in front of the data. Null (NX_INVALID_PACKET) for a packet that was not
 * received by UDP.
 */
export function datagramSource(packet: Packet): DatagramSource | null {
  const ip = packet.ipHeader;
  const udp = packet.transportHeader;
  if (ip < packet.dataStart || udp < ip + IPV4_HEADER || udp + UDP_HEADER > packet.prepend) return null;
  const view = packet.view;
  const isIpv6 = packet.ipVersion === 6;
  // A datagram that came in fragments has only the first one's headers in front; they are enough.
  if (isIpv6 ? udp < ip + IPV6_HEADER : packet.ipVersion !== 4 || ipv4Protocol(view, ip) !== 17) return null;
  return {
    address: isIpv6 ? ipv6AddressAt(view, ip + IPV6_SOURCE) : ipv4Address(ipv4Source(view, ip)),
    port: udpSourcePort(packet.view, udp),
    destination: isIpv6 ? ipv6AddressAt(view, ip + IPV6_DESTINATION) : ipv4Address(ipv4Destination(view, ip)),
    destinationPort: udpDestinationPort(packet.view, udp),
    protocol: 17,
    interfaceIndex: packet.interfaceIndex,
    timeToLive: view.getUint8(ip + (isIpv6 ? IPV6_HOP_LIMIT : IPV4_TIME_TO_LIVE)),
    typeOfService: isIpv6 ? (view.getUint16(ip) >>> 4) & 0xff : view.getUint8(ip + IPV4_TYPE_OF_SERVICE),
  };
}
