import {
  NX_PHYSICAL_HEADER,
  NX_SUCCESS,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_UDP,
  type Status,
} from '@strata/contracts';
import {
  ETHERTYPE_IPV4,
  fold,
  ICMP_CHECKSUM,
  IPV4_CHECKSUM,
  IPV4_DONT_FRAGMENT,
  IPV4_FRAGMENT,
  IPV4_HEADER,
  IPV4_MORE_FRAGMENTS,
  IPV4_OFFSET_MASK,
  IPV4_OPTION_END,
  IPV4_OPTION_NOP,
  IPV4_OPTIONS,
  IPV4_TOTAL_LENGTH,
  ipv4AddressSum,
  ipv4Destination,
  ipv4Fragment,
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4Source,
  setIpv4Checksum,
  sumPacket,
  UDP_CHECKSUM,
} from '@strata/wire';
import type { FragmentShaper } from '../fragment/fragmenter.ts';
import type { IpInstance } from '../instance.ts';
import type { IpInterface } from '../interface.ts';

/** Set in the type of an option that every fragment repeats (RFC 791 3.1). */
const OPTION_COPIED = 0x80;

/** Cuts IPv4 datagrams, our own and forwarded ones, fragments included, to the MTU of the link they leave by (RFC 791 3.2). */
export class Ipv4Fragments implements FragmentShaper {
  headroom: number;
  private readonly ip: IpInstance;
  private outgoing: IpInterface | null;
  private msw: number;
  private lsw: number;
  /** Of the datagram: where its header is, what it says of fragments, and the length of the header of later fragments. */
  private view: DataView | null;
  private header: number;
  private headerLength: number;
  private fragmentWord: number;
  /** Header of the later fragments: the fixed part and the options that are copied, padded. */
  private readonly later: Uint8Array;
  private laterLength: number;

  constructor(ip: IpInstance) {
    this.headroom = 0;
    this.ip = ip;
    this.outgoing = null;
    this.msw = 0;
    this.lsw = 0;
    this.view = null;
    this.header = 0;
    this.headerLength = 0;
    this.fragmentWord = 0;
    this.later = new Uint8Array(60);
    this.laterLength = 0;
  }

  /**
   * Sends a packet whose `prepend` is at its IPv4 header in fragments of at most `mtu` octets. NX_SUCCESS takes it;
   * NX_NO_PACKET leaves it as it was.
   */
  send(packet: Packet, outgoing: IpInterface, mtu: number, msw: number, lsw: number): Status {
    const view = packet.view;
    const header = packet.prepend;
    const headerLength = ipv4HeaderLength(view, header);
    this.outgoing = outgoing;
    this.msw = msw;
    this.lsw = lsw;
    this.view = view;
    this.header = header;
    this.headerLength = headerLength;
    this.headroom = NX_PHYSICAL_HEADER + headerLength;
    this.fragmentWord = ipv4Fragment(view, header);
    this.copyLaterHeader(packet);
    packet.prepend += headerLength;
    packet.length -= headerLength;
    const whole = (this.fragmentWord & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) === 0;
    if (outgoing.makesChecksums && whole) completeChecksum(packet, view, header);
    const status = this.ip.fragmenter.split(packet, mtu - headerLength, this);
    if (status !== NX_SUCCESS) {
      packet.prepend = header;
      packet.length += headerLength;
    }
    return status;
  }

  private copyLaterHeader(packet: Packet): void {
    const later = this.later;
    const view = packet.view;
    for (let i = 0; i < IPV4_HEADER; i++) later[i] = view.getUint8(this.header + i);
    let length = IPV4_HEADER;
    for (let at = IPV4_OPTIONS; at < this.headerLength; ) {
      const type = view.getUint8(this.header + at);
      if (type === IPV4_OPTION_END) break;
      const size = type === IPV4_OPTION_NOP || at + 1 >= this.headerLength ? 1 : view.getUint8(this.header + at + 1);
      if (size < 1 || at + size > this.headerLength) break;
      if ((type & OPTION_COPIED) !== 0) {
        for (let i = 0; i < size; i++) later[length++] = view.getUint8(this.header + at + i);
      }
      at += size;
    }
    while ((length & 3) !== 0) later[length++] = IPV4_OPTION_END;
    later[0] = 0x40 | (length >> 2);
    this.laterLength = length;
  }

  shape(fragment: Packet, offset: number, more: boolean): void {
    const outgoing = this.outgoing as IpInterface;
    const first = offset === 0;
    const headerLength = first ? this.headerLength : this.laterLength;
    const start = fragment.prepend - headerLength;
    const view = fragment.view;
    fragment.prepend = start;
    fragment.length += headerLength;
    fragment.ipHeader = start;
    fragment.ipVersion = 4;
    if (first) {
      for (let i = 0; i < headerLength; i++)
        view.setUint8(start + i, (this.view as DataView).getUint8(this.header + i));
    } else for (let i = 0; i < headerLength; i++) view.setUint8(start + i, this.later[i] as number);
    const word = this.fragmentWord;
    const base = word & IPV4_OFFSET_MASK;
    const flags = (word & IPV4_DONT_FRAGMENT) | (more ? IPV4_MORE_FRAGMENTS : word & IPV4_MORE_FRAGMENTS);
    view.setUint16(start + IPV4_TOTAL_LENGTH, fragment.length);
    view.setUint16(start + IPV4_FRAGMENT, flags | (base + (offset >>> 3)));
    if (outgoing.makesChecksums) view.setUint16(start + IPV4_CHECKSUM, 0);
    else setIpv4Checksum(view, start);
    outgoing.link?.send(fragment, ETHERTYPE_IPV4, this.msw, this.lsw);
  }
}

/** The link fills in checksums, but not of a datagram that it sees in pieces. `prepend` is at the transport header. */
function completeChecksum(packet: Packet, view: DataView, header: number): void {
  const protocol = ipv4Protocol(view, header);
  const at = packet.prepend;
  if (protocol === PROTOCOL_ICMP) {
    view.setUint16(at + ICMP_CHECKSUM, 0);
    view.setUint16(at + ICMP_CHECKSUM, ~sumPacket(packet) & 0xffff);
  } else if (protocol === PROTOCOL_UDP) {
    const pseudo = ipv4AddressSum(ipv4Source(view, header), ipv4Destination(view, header)) + protocol + packet.length;
    view.setUint16(at + UDP_CHECKSUM, 0);
    const sum = ~fold(sumPacket(packet) + pseudo) & 0xffff;
    view.setUint16(at + UDP_CHECKSUM, sum === 0 ? 0xffff : sum);
  }
}
