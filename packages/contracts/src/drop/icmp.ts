import type { DropDescription } from '../drop.ts';

export const DROP_ICMP_SHORT = 0x60;
export const DROP_ICMP_CHECKSUM = 0x61;
export const DROP_ICMP_TYPE = 0x62;
export const DROP_ICMP_CODE = 0x63;
export const DROP_ICMP_ECHO_GROUP = 0x64;
export const DROP_ICMP_ECHO_UNMATCHED = 0x65;
export const DROP_ICMP_QUOTE = 0x66;
export const DROP_ICMP_QUOTE_NOT_OURS = 0x67;
export const DROP_ICMP_ERROR_IGNORED = 0x68;
export const DROP_ICMP_ECHO_REPLY_FAILED = 0x69;
export const DROP_ICMP_REDIRECT = 0x6b;

/** Reasons 0x60 and up. */
export const DROP_ICMP: readonly DropDescription[] = [
  [DROP_ICMP_SHORT, 'icmp-short', 'the message is shorter than 8 octets'],
  [DROP_ICMP_CHECKSUM, 'icmp-checksum', 'the ICMP checksum is wrong'],
  [DROP_ICMP_TYPE, 'icmp-type', 'this host does nothing with this ICMP type'],
  [DROP_ICMP_CODE, 'icmp-code', 'the code is not defined for this ICMP type'],
  [DROP_ICMP_ECHO_GROUP, 'icmp-echo-group', 'an echo request to a group is not answered'],
  [DROP_ICMP_ECHO_UNMATCHED, 'icmp-echo-unmatched', 'nobody waits for this echo reply'],
  [DROP_ICMP_QUOTE, 'icmp-quote', 'the quoted packet is too short or no IPv4 packet'],
  [DROP_ICMP_QUOTE_NOT_OURS, 'icmp-quote-not-ours', 'the quoted packet is not one that this host sent'],
  [DROP_ICMP_ERROR_IGNORED, 'icmp-error-ignored', 'the policy is to ignore ICMP errors'],
  [DROP_ICMP_REDIRECT, 'icmp-redirect', 'the redirect does not come from the gateway in use, or leads nowhere'],
  [DROP_ICMP_ECHO_REPLY_FAILED, 'icmp-echo-reply-failed', 'the echo reply could not be sent'],
];
