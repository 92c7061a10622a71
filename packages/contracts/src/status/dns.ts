/** NetX Duo's statuses of the DNS client (nxd_dns.h). */
export const NX_DNS_NO_SERVER = 0xa1;
export const NX_DNS_TIMEOUT = 0xa2;
export const NX_DNS_QUERY_FAILED = 0xa3;
export const NX_DNS_MALFORMED_PACKET = 0xa6;
export const NX_DNS_PARAM_ERROR = 0xa8;
export const NX_DNS_EMPTY_DNS_SERVER_LIST = 0xab;
