import { DROP_ETHERNET_SHORT, type DropReason } from '@strata/contracts';
import { formatMac } from './address.ts';

/**
 * Ethernet II (IEEE 802.3 3.2) and the 802.1Q tag (IEEE 802.1Q 9.6). Offsets are relative to the first octet of the
 * destination address. A frame sits two bytes past a 4-byte boundary so that the network header behind it is aligned; with
 * a tag, which is four octets, that stays so.
 *
 * A MAC address is its upper 16 bits and its lower 32 bits (int32), as in the link contract.
 */
export const ETHERNET_HEADER = 14;
export const VLAN_TAG = 4;
export const ETHERNET_DESTINATION = 0;
export const ETHERNET_SOURCE = 6;
export const ETHERNET_TYPE = 12;
/** In a tagged frame: tag control information, then the EtherType of what follows. */
export const VLAN_CONTROL = 14;
export const VLAN_TYPE = 16;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_RARP = 0x8035;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
/** Smaller values of the type field are an 802.3 length (IEEE 802.3 3.2.6). */
export const ETHERTYPE_MINIMUM = 0x0600;

/** `ff:ff:ff:ff:ff:ff`. */
export const MAC_BROADCAST_MSW = 0xffff;
export const MAC_BROADCAST_LSW = -1;

/** VLAN identifiers 1..4094 name a VLAN; 0 means "priority only", 4095 is reserved (IEEE 802.1Q table 9-2). */
export const VLAN_NONE = -1;
export const VLAN_MAXIMUM = 4094;

export function ethernetDestinationMsw(view: DataView, offset: number): number {
  return view.getUint16(offset + ETHERNET_DESTINATION);
}

export function ethernetDestinationLsw(view: DataView, offset: number): number {
  return view.getInt32(offset + ETHERNET_DESTINATION + 2);
}

export function ethernetSourceMsw(view: DataView, offset: number): number {
  return view.getUint16(offset + ETHERNET_SOURCE);
}

export function ethernetSourceLsw(view: DataView, offset: number): number {
  return view.getInt32(offset + ETHERNET_SOURCE + 2);
}

/** The type field as it stands: {@link ETHERTYPE_VLAN} in a tagged frame. */
export function ethernetType(view: DataView, offset: number): number {
  return view.getUint16(offset + ETHERNET_TYPE);
}

/** Identifier of a tagged frame's VLAN, 0..4095. */
export function vlanId(view: DataView, offset: number): number {
  return view.getUint16(offset + VLAN_CONTROL) & 0xfff;
}

/** Priority code point of a tagged frame, 0..7. */
export function vlanPriority(view: DataView, offset: number): number {
  return view.getUint8(offset + VLAN_CONTROL) >>> 5;
}

/** The group bit: multicast and broadcast addresses have it (IEEE 802.3 3.2.3.1). */
export function isGroupMac(msw: number): boolean {
  return (msw & 0x0100) !== 0;
}

export function isBroadcastMac(msw: number, lsw: number): boolean {
  return lsw === MAC_BROADCAST_LSW && msw === MAC_BROADCAST_MSW;
}

export function setEthernetDestination(view: DataView, offset: number, msw: number, lsw: number): void {
  view.setUint16(offset + ETHERNET_DESTINATION, msw);
  view.setInt32(offset + ETHERNET_DESTINATION + 2, lsw);
}

export function setEthernetSource(view: DataView, offset: number, msw: number, lsw: number): void {
  view.setUint16(offset + ETHERNET_SOURCE, msw);
  view.setInt32(offset + ETHERNET_SOURCE + 2, lsw);
}

export function setEthernetType(view: DataView, offset: number, type: number): void {
  view.setUint16(offset + ETHERNET_TYPE, type);
}

/** Writes the tag control information: identifier 0..4095, priority 0..7, drop-eligible bit clear. */
export function setVlanControl(view: DataView, offset: number, id: number, priority: number): void {
  view.setUint16(offset + VLAN_CONTROL, (priority << 13) | id);
}

/** 0 when `length` octets hold the whole header, the tag included; otherwise why not. After 0 no getter can fail. */
export function checkEthernet(view: DataView, offset: number, length: number): DropReason {
  if (length < ETHERNET_HEADER) return DROP_ETHERNET_SHORT;
  if (length < ETHERNET_HEADER + VLAN_TAG && ethernetType(view, offset) === ETHERTYPE_VLAN) return DROP_ETHERNET_SHORT;
  return 0;
}

/** What an Ethernet header says. Made once, filled by {@link parseEthernet}. */
export class EthernetHeader {
  destinationMsw: number;
  destinationLsw: number;
  sourceMsw: number;
  sourceLsw: number;
  /** Of the payload: in a tagged frame the one behind the tag. */
  etherType: number;
  /** {@link VLAN_NONE} when untagged, otherwise 0..4095. */
  vlan: number;
  priority: number;
  /** Octets up to the payload: 14 or 18. */
  headerLength: number;

  constructor() {
    this.destinationMsw = 0;
    this.destinationLsw = 0;
    this.sourceMsw = 0;
    this.sourceLsw = 0;
    this.etherType = 0;
    this.vlan = VLAN_NONE;
    this.priority = 0;
    this.headerLength = ETHERNET_HEADER;
  }
}

/** Reads the header of a frame of `length` octets into `header`. Returns 0, or the reason and leaves `header` as it was. */
export function parseEthernet(view: DataView, offset: number, length: number, header: EthernetHeader): DropReason {
  if (length < ETHERNET_HEADER) return DROP_ETHERNET_SHORT;
  const type = view.getUint16(offset + ETHERNET_TYPE);
  if (type === ETHERTYPE_VLAN) {
    if (length < ETHERNET_HEADER + VLAN_TAG) return DROP_ETHERNET_SHORT;
    const control = view.getUint16(offset + VLAN_CONTROL);
    header.vlan = control & 0xfff;
    header.priority = control >>> 13;
    header.etherType = view.getUint16(offset + VLAN_TYPE);
    header.headerLength = ETHERNET_HEADER + VLAN_TAG;
  } else {
    header.vlan = VLAN_NONE;
    header.priority = 0;
    header.etherType = type;
    header.headerLength = ETHERNET_HEADER;
  }
  header.destinationMsw = view.getUint16(offset + ETHERNET_DESTINATION);
  header.destinationLsw = view.getInt32(offset + ETHERNET_DESTINATION + 2);
  header.sourceMsw = view.getUint16(offset + ETHERNET_SOURCE);
  header.sourceLsw = view.getInt32(offset + ETHERNET_SOURCE + 2);
  return 0;
}

/** Writes `header` at `offset`: 14 octets, or 18 when it has a VLAN. Returns how many. */
export function emitEthernet(view: DataView, offset: number, header: EthernetHeader): number {
  setEthernetDestination(view, offset, header.destinationMsw, header.destinationLsw);
  setEthernetSource(view, offset, header.sourceMsw, header.sourceLsw);
  if (header.vlan === VLAN_NONE) {
    setEthernetType(view, offset, header.etherType);
    return ETHERNET_HEADER;
  }
  setEthernetType(view, offset, ETHERTYPE_VLAN);
  setVlanControl(view, offset, header.vlan, header.priority);
  view.setUint16(offset + VLAN_TYPE, header.etherType);
  return ETHERNET_HEADER + VLAN_TAG;
}

/** One line for people: `02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff arp vlan 7`. Takes any bytes. */
export function describeEthernet(view: DataView, offset: number, length: number): string {
  const header = new EthernetHeader();
  if (parseEthernet(view, offset, length, header) !== 0) return `ethernet: truncated header, ${length} B`;
  const tag =
    header.vlan === VLAN_NONE ? '' : ` vlan ${header.vlan}${header.priority > 0 ? ` pri ${header.priority}` : ''}`;
  const source = formatMac(header.sourceMsw, header.sourceLsw);
  const destination = formatMac(header.destinationMsw, header.destinationLsw);
  return `${source} > ${destination} ${describeEtherType(header.etherType)}${tag}`;
}

/** Short name of an EtherType, or its number in hexadecimal; `length N` for an 802.3 length. */
export function describeEtherType(type: number): string {
  switch (type) {
    case ETHERTYPE_IPV4:
      return 'ipv4';
    case ETHERTYPE_ARP:
      return 'arp';
    case ETHERTYPE_RARP:
      return 'rarp';
    case ETHERTYPE_IPV6:
      return 'ipv6';
    case ETHERTYPE_VLAN:
      return 'vlan';
    default:
      return type < ETHERTYPE_MINIMUM ? `length ${type}` : `0x${type.toString(16).padStart(4, '0')}`;
  }
}
