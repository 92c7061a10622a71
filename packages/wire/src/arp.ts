/**
 * ARP for Ethernet and IPv4 (RFC 826). Offsets are relative to the hardware type field. Addresses are int32, a MAC address
 * is its upper 16 and lower 32 bits.
 */
import {
  DROP_ARP_ADDRESS_LENGTH,
  DROP_ARP_HARDWARE_TYPE,
  DROP_ARP_OPERATION,
  DROP_ARP_PROTOCOL_TYPE,
  DROP_ARP_SHORT,
} from '@strata/contracts';
import { formatIpv4, formatMac } from './address.ts';
import { ETHERTYPE_IPV4 } from './ethernet.ts';

/** Length of the whole packet. */
export const ARP_LENGTH = 28;
export const ARP_HARDWARE_TYPE = 0;
export const ARP_PROTOCOL_TYPE = 2;
export const ARP_HARDWARE_LENGTH = 4;
export const ARP_PROTOCOL_LENGTH = 5;
export const ARP_OPERATION = 6;
export const ARP_SENDER_MAC = 8;
export const ARP_SENDER_ADDRESS = 14;
export const ARP_TARGET_MAC = 18;
export const ARP_TARGET_ADDRESS = 24;

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
/** Operations of reverse ARP (RFC 903), in frames of their own EtherType. */
export const RARP_REQUEST = 3;
export const RARP_REPLY = 4;

const HARDWARE_ETHERNET = 1;

export function arpOperation(view: DataView, offset: number): number {
  return view.getUint16(offset + ARP_OPERATION);
}

export function arpSenderAddress(view: DataView, offset: number): number {
  return view.getInt32(offset + ARP_SENDER_ADDRESS);
}

export function arpTargetAddress(view: DataView, offset: number): number {
  return view.getInt32(offset + ARP_TARGET_ADDRESS);
}

/** Judges the fixed part of a packet of `length` octets: 0, or why it is not ARP for Ethernet and IPv4. */
export function checkArp(view: DataView, offset: number, length: number): number {
  if (length < ARP_LENGTH) return DROP_ARP_SHORT;
  if (view.getUint16(offset + ARP_HARDWARE_TYPE) !== HARDWARE_ETHERNET) return DROP_ARP_HARDWARE_TYPE;
  if (view.getUint16(offset + ARP_PROTOCOL_TYPE) !== ETHERTYPE_IPV4) return DROP_ARP_PROTOCOL_TYPE;
  if (view.getUint16(offset + ARP_HARDWARE_LENGTH) !== 0x0604) return DROP_ARP_ADDRESS_LENGTH;
  return 0;
}

/** The meaning of an ARP packet. Reused: {@link parseArp} fills it in. */
export class ArpRepr {
  operation: number;
  senderMsw: number;
  senderLsw: number;
  senderAddress: number;
  targetMsw: number;
  targetLsw: number;
  targetAddress: number;

  constructor() {
    this.operation = 0;
    this.senderMsw = 0;
    this.senderLsw = 0;
    this.senderAddress = 0;
    this.targetMsw = 0;
    this.targetLsw = 0;
    this.targetAddress = 0;
  }
}

/** Reads a packet of `length` octets into `repr`. Returns 0, or a DROP_ reason and then `repr` is undefined. */
export function parseArp(view: DataView, offset: number, length: number, repr: ArpRepr): number {
  const reason = checkArp(view, offset, length);
  if (reason !== 0) return reason;
  repr.operation = arpOperation(view, offset);
  if (repr.operation !== ARP_REQUEST && repr.operation !== ARP_REPLY) return DROP_ARP_OPERATION;
  readAddresses(view, offset, repr);
  return 0;
}

/** As {@link parseArp}, for reverse ARP. */
export function parseRarp(view: DataView, offset: number, length: number, repr: ArpRepr): number {
  const reason = checkArp(view, offset, length);
  if (reason !== 0) return reason;
  repr.operation = arpOperation(view, offset);
  if (repr.operation !== RARP_REQUEST && repr.operation !== RARP_REPLY) return DROP_ARP_OPERATION;
  readAddresses(view, offset, repr);
  return 0;
}

function readAddresses(view: DataView, offset: number, repr: ArpRepr): void {
  repr.senderMsw = view.getUint16(offset + ARP_SENDER_MAC);
  repr.senderLsw = view.getInt32(offset + ARP_SENDER_MAC + 2);
  repr.senderAddress = arpSenderAddress(view, offset);
  repr.targetMsw = view.getUint16(offset + ARP_TARGET_MAC);
  repr.targetLsw = view.getInt32(offset + ARP_TARGET_MAC + 2);
  repr.targetAddress = arpTargetAddress(view, offset);
}

/** Writes the {@link ARP_LENGTH} octets of `repr`. */
export function emitArp(view: DataView, offset: number, repr: ArpRepr): void {
  view.setUint16(offset + ARP_HARDWARE_TYPE, HARDWARE_ETHERNET);
  view.setUint16(offset + ARP_PROTOCOL_TYPE, ETHERTYPE_IPV4);
  view.setUint16(offset + ARP_HARDWARE_LENGTH, 0x0604);
  view.setUint16(offset + ARP_OPERATION, repr.operation);
  view.setUint16(offset + ARP_SENDER_MAC, repr.senderMsw);
  view.setInt32(offset + ARP_SENDER_MAC + 2, repr.senderLsw);
  view.setInt32(offset + ARP_SENDER_ADDRESS, repr.senderAddress);
  view.setUint16(offset + ARP_TARGET_MAC, repr.targetMsw);
  view.setInt32(offset + ARP_TARGET_MAC + 2, repr.targetLsw);
  view.setInt32(offset + ARP_TARGET_ADDRESS, repr.targetAddress);
}

/** One line for people. */
export function describeArp(repr: ArpRepr): string {
  const sender = formatIpv4(repr.senderAddress);
  const target = formatIpv4(repr.targetAddress);
  if (repr.operation === ARP_REPLY) return `ARP ${sender} is at ${formatMac(repr.senderMsw, repr.senderLsw)}`;
  if (repr.senderAddress === 0) return `ARP probe for ${target}`;
  if (repr.senderAddress === repr.targetAddress) return `ARP announcement of ${sender}`;
  return `ARP who has ${target}? tell ${sender}`;
}
