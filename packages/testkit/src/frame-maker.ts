import { PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP } from '@strata/contracts';
import {
  ARP_LENGTH,
  ArpRepr,
  ETHERNET_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  EthernetHeader,
  emitArp,
  emitEthernet,
  emitIcmp,
  emitIpv4,
  emitTcp,
  emitUdp,
  fold,
  ICMP_CHECKSUM,
  ICMP_HEADER,
  IcmpRepr,
  IPV4_HEADER,
  Ipv4Repr,
  ipv4AddressSum,
  sumBytes,
  TCP_ACK,
  TCP_CHECKSUM,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_HEADER,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
  UDP_CHECKSUM,
  UDP_HEADER,
  UdpRepr,
} from '@strata/wire';

/** Who a frame is from or for: MAC address (upper 16, lower 32 bits) and IPv4 address (int32). */
export interface Station {
  readonly msw: number;
  readonly lsw: number;
  readonly address: number;
}

/** A TCP segment; whatever is absent is 0 or nothing. */
export interface SegmentFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** As packetdrill writes them: `S`, `S.`, `P.`, `F.`, `R`, `.`. */
  readonly flags: string;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  /** Default 65535. */
  readonly window?: number;
  readonly urgentPointer?: number;
  /** Padded to a multiple of 4 with End of Option List. */
  readonly options?: ArrayLike<number>;
  readonly data?: ArrayLike<number>;
}

const FLAG_BITS: Readonly<Record<string, number>> = {
  F: TCP_FIN,
  S: TCP_SYN,
  R: TCP_RST,
  P: TCP_PSH,
  '.': TCP_ACK,
  U: TCP_URG,
  E: TCP_ECE,
  W: TCP_CWR,
};

/** The TCP_ bits of flags in packetdrill's letters. @throws RangeError for a letter that is none */
export function flagBits(text: string): number {
  let bits = 0;
  for (const letter of text) {
    const bit = FLAG_BITS[letter];
    if (bit === undefined)
      throw new RangeError(`"${letter}" is not a TCP flag; they are ${Object.keys(FLAG_BITS).join('')}`);
    bits |= bit;
  }
  return bits;
}

/** Makes whole frames from one station to another, lengths and checksums right. */
export class FrameMaker {
  readonly from: Station;
  readonly to: Station;
  /** Counts up, as identifications do. */
  private identification: number;

  constructor(from: Station, to: Station) {
    this.from = from;
    this.to = to;
    this.identification = 0;
  }

  private frame(etherType: number, length: number, broadcast = false): DataView {
    const view = new DataView(new ArrayBuffer(ETHERNET_HEADER + length));
    const header = new EthernetHeader();
    header.destinationMsw = broadcast ? 0xffff : this.to.msw;
    header.destinationLsw = broadcast ? -1 : this.to.lsw;
    header.sourceMsw = this.from.msw;
    header.sourceLsw = this.from.lsw;
    header.etherType = etherType;
    emitEthernet(view, 0, header);
    return view;
  }

  /** @param operation 1 request (broadcast), 2 reply */
  arp(operation: number, targetAddress = this.to.address, senderAddress = this.from.address): Uint8Array {
    const view = this.frame(ETHERTYPE_ARP, ARP_LENGTH, operation === 1);
    const repr = new ArpRepr();
    repr.operation = operation;
    repr.senderMsw = this.from.msw;
    repr.senderLsw = this.from.lsw;
    repr.senderAddress = senderAddress;
    if (operation !== 1) {
      repr.targetMsw = this.to.msw;
      repr.targetLsw = this.to.lsw;
    }
    repr.targetAddress = targetAddress;
    emitArp(view, ETHERNET_HEADER, repr);
    return new Uint8Array(view.buffer);
  }

  private ipv4(protocol: number, length: number): DataView {
    const view = this.frame(ETHERTYPE_IPV4, IPV4_HEADER + length);
    const repr = new Ipv4Repr();
    repr.totalLength = IPV4_HEADER + length;
    repr.identification = ++this.identification & 0xffff;
    repr.timeToLive = 64;
    repr.protocol = protocol;
    repr.source = this.from.address;
    repr.destination = this.to.address;
    emitIpv4(view, ETHERNET_HEADER, repr);
    return view;
  }

  private transportSum(view: DataView, protocol: number, length: number): number {
    const addresses = ipv4AddressSum(this.from.address, this.to.address);
    return ~fold(addresses + protocol + length + sumBytes(view, TRANSPORT, length)) & 0xffff;
  }

  tcp(fields: SegmentFields): Uint8Array {
    const options = fields.options ?? [];
    const data = fields.data ?? [];
    const headerLength = TCP_HEADER + ((options.length + 3) & ~3);
    const length = headerLength + data.length;
    const view = this.ipv4(PROTOCOL_TCP, length);
    emitTcp(
      view,
      TRANSPORT,
      fields.sourcePort,
      fields.destinationPort,
      (fields.sequence ?? 0) | 0,
      (fields.acknowledgment ?? 0) | 0,
      headerLength,
      flagBits(fields.flags),
      fields.window ?? 0xffff,
      fields.urgentPointer ?? 0,
    );
    const bytes = new Uint8Array(view.buffer);
    bytes.set(options, TRANSPORT + TCP_HEADER);
    bytes.set(data, TRANSPORT + headerLength);
    view.setUint16(TRANSPORT + TCP_CHECKSUM, this.transportSum(view, PROTOCOL_TCP, length));
    return bytes;
  }

  udp(sourcePort: number, destinationPort: number, data: ArrayLike<number>): Uint8Array {
    const length = UDP_HEADER + data.length;
    const view = this.ipv4(PROTOCOL_UDP, length);
    const repr = new UdpRepr();
    repr.sourcePort = sourcePort;
    repr.destinationPort = destinationPort;
    repr.length = length;
    emitUdp(view, TRANSPORT, repr);
    const bytes = new Uint8Array(view.buffer);
    bytes.set(data, TRANSPORT + UDP_HEADER);
    view.setUint16(TRANSPORT + UDP_CHECKSUM, this.transportSum(view, PROTOCOL_UDP, length) || 0xffff);
    return bytes;
  }

  /** @param rest the second word of the header: identifier and sequence number of an echo, say */
  icmp(type: number, code: number, rest: number, data: ArrayLike<number>): Uint8Array {
    const length = ICMP_HEADER + data.length;
    const view = this.ipv4(PROTOCOL_ICMP, length);
    const repr = new IcmpRepr();
    repr.type = type;
    repr.code = code;
    repr.rest = rest;
    emitIcmp(view, TRANSPORT, repr);
    const bytes = new Uint8Array(view.buffer);
    bytes.set(data, TRANSPORT + ICMP_HEADER);
    view.setUint16(TRANSPORT + ICMP_CHECKSUM, ~sumBytes(view, TRANSPORT, length) & 0xffff);
    return bytes;
  }
}

/** Where the transport header is in frames made here, and in every untagged frame without IP options. */
export const TRANSPORT = ETHERNET_HEADER + IPV4_HEADER;
