import {
  NX_PHYSICAL_HEADER,
  NX_SUCCESS,
  type Packet,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type Status,
} from '@strata/contracts';
import {
  ETHERTYPE_IPV6,
  FRAGMENT_HEADER,
  fold,
  IPV6_DESTINATION,
  IPV6_HEADER,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  IPV6_SOURCE,
  ipv6AddressAt,
  ipv6AddressSum,
  NEXT_FRAGMENT,
  sumPacket,
  TCP_CHECKSUM,
  UDP_CHECKSUM,
} from '@strata/wire';
import type { FragmentShaper } from '../fragment/fragmenter.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';

const ICMPV6_CHECKSUM = 2;

/** Cuts our own IPv6 packets to the MTU of their path (RFC 8200 4.5). Routers never do. */
export class Ipv6Fragments implements FragmentShaper {
  readonly headroom: number;
  /** Identification of the next datagram that is cut; -1: each random. */
  identification: number;
  private readonly ip: IpInstance;
  private outgoing: IpInterface | null;
  private msw: number;
  private lsw: number;
  private view: DataView | null;
  private header: number;
  private current: number;

  constructor(ip: IpInstance) {
    this.headroom = NX_PHYSICAL_HEADER + IPV6_HEADER + FRAGMENT_HEADER;
    this.identification = ip.policy.ipv6.fragmentIdentification;
    this.ip = ip;
    this.outgoing = null;
    this.msw = 0;
    this.lsw = 0;
    this.view = null;
    this.header = 0;
    this.current = 0;
  }

  /**
   * Sends a packet whose `prepend` is at its IPv6 header, without extension headers, in fragments of at most `mtu` octets.
   * NX_SUCCESS takes it; NX_NO_PACKET leaves it as it was.
   */
  send(packet: Packet, outgoing: IpInterface, mtu: number, msw: number, lsw: number): Status {
    this.outgoing = outgoing;
    this.msw = msw;
    this.lsw = lsw;
    this.view = packet.view;
    this.header = packet.prepend;
    if (this.identification < 0) this.current = this.ip.random.uint32() | 0;
    else {
      this.current = this.identification | 0;
      this.identification = (this.identification + 1) >>> 0;
    }
    packet.prepend += IPV6_HEADER;
    packet.length -= IPV6_HEADER;
    if (outgoing.makesChecksums) completeChecksum(packet, this.header);
    const status = this.ip.fragmenter.split(packet, mtu - IPV6_HEADER - FRAGMENT_HEADER, this);
    if (status !== NX_SUCCESS) {
      packet.prepend -= IPV6_HEADER;
      packet.length += IPV6_HEADER;
    }
    return status;
  }

  shape(fragment: Packet, offset: number, more: boolean): void {
    const { view } = fragment;
    const original = this.view as DataView;
    const start = fragment.prepend - FRAGMENT_HEADER - IPV6_HEADER;
    for (let i = 0; i < IPV6_HEADER; i += 4) view.setInt32(start + i, original.getInt32(this.header + i));
    const next = original.getUint8(this.header + IPV6_NEXT_HEADER);
    view.setUint8(start + IPV6_NEXT_HEADER, NEXT_FRAGMENT);
    view.setUint16(start + IPV6_PAYLOAD_LENGTH, fragment.length + FRAGMENT_HEADER);
    view.setInt32(start + IPV6_HEADER, (next << 24) | offset | (more ? 1 : 0));
    view.setInt32(start + IPV6_HEADER + 4, this.current);
    fragment.prepend = start;
    fragment.length += IPV6_HEADER + FRAGMENT_HEADER;
    fragment.ipHeader = start;
    fragment.ipVersion = 6;
    this.outgoing?.link?.send(fragment, ETHERTYPE_IPV6, this.msw, this.lsw);
  }
}

/** The link fills in checksums, but not of a datagram that it sees in pieces. `prepend` is at the transport header. */
function completeChecksum(packet: Packet, header: number): void {
  const { view } = packet;
  const protocol = view.getUint8(header + IPV6_NEXT_HEADER);
  const field = protocol === PROTOCOL_UDP ? UDP_CHECKSUM : protocol === PROTOCOL_TCP ? TCP_CHECKSUM : ICMPV6_CHECKSUM;
  if (protocol !== PROTOCOL_UDP && protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_ICMPV6) return;
  const source = ipv6AddressAt(view, header + IPV6_SOURCE);
  const destination = ipv6AddressAt(view, header + IPV6_DESTINATION);
  view.setUint16(packet.prepend + field, 0);
  const pseudo = ipv6AddressSum(source) + ipv6AddressSum(destination) + protocol + packet.length;
  const sum = ~fold(sumPacket(packet) + pseudo) & 0xffff;
  view.setUint16(packet.prepend + field, sum === 0 && protocol === PROTOCOL_UDP ? 0xffff : sum);
}
