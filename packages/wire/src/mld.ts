/** Multicast Listener Discovery, versions 1 and 2 (RFC 2710, RFC 3810). Offsets are relative to the ICMPv6 type. */
/** A message of version 1; a query of version 2 is at least {@link MLD_V2_QUERY} long. */
export const MLD_HEADER = 24;
export const MLD_V2_QUERY = 28;
export const MLD_MAXIMUM_RESPONSE = 4;
export const MLD_ADDRESS = 8;

/** A report of version 2: its header and one record without sources. */
export const MLD_V2_HEADER = 8;
export const MLD_V2_RECORD_COUNT = 6;
export const MLD_V2_RECORD = 20;
export const MLD_RECORD_ADDRESS = 4;

/** Record types (RFC 3810 5.2.12). */
export const MLD_MODE_IS_EXCLUDE = 2;
export const MLD_CHANGE_TO_INCLUDE = 3;
export const MLD_CHANGE_TO_EXCLUDE = 4;

/** The time to answer a query of `length` octets in, in milliseconds (RFC 2710 3.4, RFC 3810 5.1.3). */
export function mldMaximumResponse(view: DataView, offset: number, length: number): number {
  const code = view.getUint16(offset + MLD_MAXIMUM_RESPONSE);
  if (length < MLD_V2_QUERY || code < 0x8000) return code;
  return ((code & 0xfff) | 0x1000) << (((code >>> 12) & 7) + 3);
}
