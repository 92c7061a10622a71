import type { DropDescription } from '../drop.ts';

export const DROP_IGMP_SHORT = 0xb8;
export const DROP_IGMP_CHECKSUM = 0xb9;
export const DROP_IGMP_TYPE = 0xba;
export const DROP_IGMP_QUERY = 0xbb;
export const DROP_MLD_QUERY = 0xbc;
export const DROP_MLD_REPORT = 0xbd;

/** Reasons 0xb8 and up: group membership of both families. */
export const DROP_MULTICAST: readonly DropDescription[] = [
  [DROP_IGMP_SHORT, 'igmp-short', 'the message is shorter than 8 octets'],
  [DROP_IGMP_CHECKSUM, 'igmp-checksum', 'the IGMP checksum is wrong'],
  [DROP_IGMP_TYPE, 'igmp-type', 'a host does nothing with this IGMP type'],
  [DROP_IGMP_QUERY, 'igmp-query', 'the query was not sent to the group that it asks about'],
  [DROP_MLD_QUERY, 'mld-query', 'the query has an impossible length, hop limit, source or group'],
  [DROP_MLD_REPORT, 'mld-report', 'the report has an impossible length, hop limit or source'],
];
