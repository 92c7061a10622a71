/** RFC 2131 figure 5, and the waits after a conflict (DECLINED) and after a RELEASE, until that has left (RELEASING). */
export const DHCP_STOPPED = 0;
export const DHCP_INIT = 1;
export const DHCP_SELECTING = 2;
export const DHCP_REQUESTING = 3;
export const DHCP_REBOOTING = 4;
export const DHCP_CHECKING = 5;
export const DHCP_BOUND = 6;
export const DHCP_RENEWING = 7;
export const DHCP_REBINDING = 8;
export const DHCP_DECLINED = 9;
export const DHCP_RELEASING = 10;

/** Their names, by number. CHECKING is the ARP probe between ACK and BOUND. */
export const DHCP_STATE_NAMES: readonly string[] = [
  'STOPPED',
  'INIT',
  'SELECTING',
  'REQUESTING',
  'REBOOTING',
  'CHECKING',
  'BOUND',
  'RENEWING',
  'REBINDING',
  'DECLINED',
  'RELEASING',
];
