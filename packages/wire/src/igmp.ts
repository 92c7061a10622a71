/** IGMP, versions 1 and 2, and what a host needs of version 3's query (RFC 1112, 2236, 3376). Offsets are relative to the type. */
import { DROP_IGMP_SHORT } from '@strata/contracts';

export const IGMP_HEADER = 8;
export const IGMP_TYPE = 0;
export const IGMP_MAXIMUM_RESPONSE = 1;
export const IGMP_CHECKSUM = 2;
export const IGMP_GROUP = 4;

export const IGMP_QUERY = 0x11;
export const IGMP_V1_REPORT = 0x12;
export const IGMP_V2_REPORT = 0x16;
export const IGMP_LEAVE = 0x17;
export const IGMP_V3_REPORT = 0x22;

/** Judges lengths only: 0 or a DROP_ reason. */
export function checkIgmp(held: number): number {
  return held < IGMP_HEADER ? DROP_IGMP_SHORT : 0;
}

/** The fields of an IGMP message. Reused: {@link parseIgmp} fills it in. */
export class IgmpRepr {
  type: number;
  /** Of a query: the most time to answer in, in tenths of a second; 0 from a router of version 1. */
  maximumResponse: number;
  /** int32; 0 in a general query. */
  group: number;

  constructor() {
    this.type = 0;
    this.maximumResponse = 0;
    this.group = 0;
  }
}

/** Reads a message of which `held` octets are contiguous. The checksum covers all of it and is the caller's. */
export function parseIgmp(view: DataView, offset: number, held: number, repr: IgmpRepr): number {
  const reason = checkIgmp(held);
  if (reason !== 0) return reason;
  repr.type = view.getUint8(offset);
  repr.maximumResponse = view.getUint8(offset + IGMP_MAXIMUM_RESPONSE);
  repr.group = view.getInt32(offset + IGMP_GROUP);
  return 0;
}

/** Writes the {@link IGMP_HEADER} octets with a checksum of 0. */
export function emitIgmp(view: DataView, offset: number, repr: IgmpRepr): void {
  view.setInt32(offset, (repr.type << 24) | (repr.maximumResponse << 16));
  view.setInt32(offset + IGMP_GROUP, repr.group);
}
