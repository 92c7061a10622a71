/** The UDP header (RFC 768). Offsets are relative to the source port. */
import { DROP_UDP_LENGTH, DROP_UDP_PORT_ZERO, DROP_UDP_SHORT } from '@strata/contracts';

export const UDP_HEADER = 8;
export const UDP_SOURCE_PORT = 0;
export const UDP_DESTINATION_PORT = 2;
export const UDP_LENGTH = 4;
export const UDP_CHECKSUM = 6;

export function udpSourcePort(view: DataView, offset: number): number {
  return view.getUint16(offset);
}

export function udpDestinationPort(view: DataView, offset: number): number {
  return view.getUint16(offset + UDP_DESTINATION_PORT);
}

export function udpLength(view: DataView, offset: number): number {
  return view.getUint16(offset + UDP_LENGTH);
}

export function udpChecksum(view: DataView, offset: number): number {
  return view.getUint16(offset + UDP_CHECKSUM);
}

/** Judges lengths only: `held` octets are contiguous, `length` arrived in all. 0 or a DROP_ reason. */
export function checkUdp(view: DataView, offset: number, held: number, length: number): number {
  if (held < UDP_HEADER) return DROP_UDP_SHORT;
  const claimed = view.getUint16(offset + UDP_LENGTH);
  if (claimed < UDP_HEADER || claimed > length) return DROP_UDP_LENGTH;
  return 0;
}

/** The meaning of a UDP header. Reused: {@link parseUdp} fills it in. */
export class UdpRepr {
  sourcePort: number;
  destinationPort: number;
  /** Header and data. */
  length: number;
  /** 0: the sender made none. */
  checksum: number;

  constructor() {
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.length = 0;
    this.checksum = 0;
  }
}

/** Reads a header; lengths as for {@link checkUdp}. Returns 0 or a DROP_ reason. The checksum's value is the caller's. */
export function parseUdp(view: DataView, offset: number, held: number, length: number, repr: UdpRepr): number {
  const reason = checkUdp(view, offset, held, length);
  if (reason !== 0) return reason;
  repr.sourcePort = view.getUint16(offset);
  repr.destinationPort = view.getUint16(offset + UDP_DESTINATION_PORT);
  repr.length = view.getUint16(offset + UDP_LENGTH);
  repr.checksum = view.getUint16(offset + UDP_CHECKSUM);
  if (repr.destinationPort === 0) return DROP_UDP_PORT_ZERO;
  return 0;
}

/** Writes the {@link UDP_HEADER} octets as they are in `repr`. */
export function emitUdp(view: DataView, offset: number, repr: UdpRepr): void {
  view.setInt32(offset, (repr.sourcePort << 16) | repr.destinationPort);
  view.setInt32(offset + UDP_LENGTH, (repr.length << 16) | repr.checksum);
}

/** One line for people. */
export function describeUdp(repr: UdpRepr): string {
  return `UDP ${repr.sourcePort} -> ${repr.destinationPort}, ${repr.length - UDP_HEADER} B`;
}
