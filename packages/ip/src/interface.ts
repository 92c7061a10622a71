import {
  CAPABILITY_RX_CHECKSUM,
  CAPABILITY_TX_CHECKSUM,
  DROP_IPV4_ETHERTYPE,
  type LinkService,
  type LinkSink,
  type Packet,
  type PacketAllocator,
} from '@strata/contracts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_RARP } from '@strata/wire';
import { gatherHeaders } from './contiguous.ts';
import type { IpInstance } from './instance.ts';
import { Ipv6Interface } from './ipv6/interface.ts';

/** MTU of the loopback interface: that of an Ethernet, so that its packets fit the pools of a host. */
const LOOPBACK_MTU = 1500;

/** Index of the loopback interface; physical interfaces count from 0. */
export const LOOPBACK_INTERFACE = 127;

/**
 * One interface of an IP instance: a link, an IPv4 address with its mask, the groups it has joined. The loopback interface
 * has no link.
 */
export class IpInterface implements LinkSink {
  readonly ip: IpInstance;
  readonly index: number;
  readonly name: string;
  readonly link: LinkService | null;
  readonly receivePool: PacketAllocator;
  /** Own address, mask, and the broadcast address of the network (0 when it has none); int32. 0 = no address. */
  address: number;
  mask: number;
  broadcast: number;
  mtu: number;
  up: boolean;
  /** The link verifies / fills in checksums. */
  verifiesChecksums: boolean;
  makesChecksums: boolean;
  /** CAPABILITY_ bits of the link that are made use of; see {@link IpInstance.setCapabilities}. */
  capabilities: number;
  /** Own MAC address; see {@link IpInstance.setPhysicalAddress}. */
  macMsw: number;
  macLsw: number;
  /** What it has of IPv6; does nothing until that is enabled. */
  readonly ipv6: Ipv6Interface;
  /** When the last conflict was answered (RFC 5227 2.4), in microseconds. */
  defendedAt: number;

  constructor(ip: IpInstance, index: number, name: string, link: LinkService | null) {
    this.ip = ip;
    this.index = index;
    this.name = name;
    this.link = link;
    this.receivePool = ip.pool;
    this.address = 0;
    this.mask = 0;
    this.broadcast = 0;
    this.mtu = link === null ? LOOPBACK_MTU : link.properties.mtu;
    this.up = link === null ? true : link.properties.up;
    const capabilities = link === null ? 0 : link.properties.capabilities;
    this.verifiesChecksums = (capabilities & CAPABILITY_RX_CHECKSUM) !== 0;
    this.makesChecksums = (capabilities & CAPABILITY_TX_CHECKSUM) !== 0;
    this.capabilities = capabilities;
    this.macMsw = link === null ? 0 : link.properties.macMsw;
    this.macLsw = link === null ? 0 : link.properties.macLsw;
    this.defendedAt = Number.NEGATIVE_INFINITY;
    this.ipv6 = new Ipv6Interface(this);
  }

  /** Takes what the driver received; see {@link LinkSink}. */
  accept(frame: Packet, etherType: number, cast: number, sourceMsw: number, sourceLsw: number): void {
    const packet = frame.next === null ? frame : gatherHeaders(frame, this.receivePool);
    packet.interfaceIndex = this.index;
    if (etherType === ETHERTYPE_IPV4) this.ip.receiver.accept(packet, this, cast);
    else if (etherType === ETHERTYPE_IPV6) this.ip.ipv6.receiver.accept(packet, this, cast);
    else if (etherType === ETHERTYPE_ARP) this.ip.arp.accept(packet, this, sourceMsw, sourceLsw);
    else if (etherType === ETHERTYPE_RARP) this.ip.rarp.accept(packet, this);
    else this.ip.drop(packet, DROP_IPV4_ETHERTYPE);
  }

  linkChanged(up: boolean): void {
    this.up = up;
    this.ip.linkChanged(this);
  }
}
