import { NX_SUCCESS, type Packet, type Status } from '@strata/contracts';

/** Where a packet that a {@link PacketFilter} looks at is going (NX_IP_PACKET_IN, NX_IP_PACKET_OUT). */
export const NX_IP_PACKET_IN = 0;
export const NX_IP_PACKET_OUT = 1;

/**
 * Looks at every IP packet of both families: what arrives once its header is good and the packet is for this host or to be
 * forwarded, and what leaves with its header in front, before it is cut into fragments. `packet.prepend` is at the IP header;
 * the packet may be read, not changed or kept. NX_SUCCESS lets it pass, any other status drops it (nx_ip_packet_filter and its
 * extended form).
 */
export type PacketFilter = (packet: Packet, direction: number) => Status;

/** @internal */
export function passes(filter: PacketFilter | null, packet: Packet, direction: number): boolean {
  return filter === null || filter(packet, direction) === NX_SUCCESS;
}
