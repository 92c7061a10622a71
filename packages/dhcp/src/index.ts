/**
 * `@strata/dhcp`: how a host gets an IPv4 address by itself: from a DHCP server (RFC 2131, options of RFC 2132, 3396, 3442),
 * or, where there is none, a link-local one (RFC 3927).
 */
export { DhcpClient, type DhcpListener } from './client.ts';
export { DhcpCounters } from './counters.ts';
export type { DhcpInterface } from './interface.ts';
export { type DhcpLease, INFINITE_LEASE } from './lease.ts';
export { LINK_LOCAL_PREFIX, LinkLocal, type LinkLocalListener } from './link-local.ts';
export { DHCP_CLIENT_PORT, DHCP_SERVER_PORT } from './message.ts';
export type { DhcpRoute } from './options.ts';
export { type DhcpPolicy, rfc2131Policy } from './policy.ts';
export { DhcpService, type DhcpServiceOptions } from './service.ts';
export * from './states.ts';
