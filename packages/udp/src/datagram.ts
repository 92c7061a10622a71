import type { IpAddress, Packet } from '@strata/contracts';
import {
  IPV4_HEADER,
  ipv4Address,
  ipv4Destination,
  ipv4Protocol,
  ipv4Source,
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
}

/**
 * Reads it from the headers that are still in front of the data. Null (NX_INVALID_PACKET) for a packet that was not
 * received by UDP.
 */
export function datagramSource(packet: Packet): DatagramSource | null {
  const ip = packet.ipHeader;
  const udp = packet.transportHeader;
  if (ip < packet.dataStart || udp < ip + IPV4_HEADER || udp + UDP_HEADER > packet.prepend) return null;
  if (packet.ipVersion !== 4 || ipv4Protocol(packet.view, ip) !== 17) return null;
  return {
    address: ipv4Address(ipv4Source(packet.view, ip)),
    port: udpSourcePort(packet.view, udp),
    destination: ipv4Address(ipv4Destination(packet.view, ip)),
    destinationPort: udpDestinationPort(packet.view, udp),
    protocol: 17,
    interfaceIndex: packet.interfaceIndex,
  };
}
