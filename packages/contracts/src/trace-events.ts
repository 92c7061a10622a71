import { ARP_EVENTS } from './trace/arp.ts';
import { DHCP_EVENTS } from './trace/dhcp.ts';
import { DNS_EVENTS } from './trace/dns.ts';
import { ETHERNET_EVENTS } from './trace/ethernet.ts';
import { ICMP_EVENTS } from './trace/icmp.ts';
import { ICMPV6_EVENTS } from './trace/icmpv6.ts';
import { IP_EVENTS } from './trace/ip.ts';
import { IPV6_EVENTS } from './trace/ipv6.ts';
import { MQTT_EVENTS } from './trace/mqtt.ts';
import { ND_EVENTS } from './trace/nd.ts';
import { TCP_EVENTS } from './trace/tcp.ts';
import { TLS_EVENTS } from './trace/tls.ts';
import { UDP_EVENTS } from './trace/udp.ts';
import type { TraceEventDescription } from './trace.ts';

export * from './trace/arp.ts';
export * from './trace/dhcp.ts';
export * from './trace/dns.ts';
export * from './trace/ethernet.ts';
export * from './trace/icmp.ts';
export * from './trace/icmpv6.ts';
export * from './trace/ip.ts';
export * from './trace/ipv6.ts';
export * from './trace/mqtt.ts';
export * from './trace/nd.ts';
export * from './trace/tcp.ts';
export * from './trace/tls.ts';
export * from './trace/udp.ts';

/** Every event of every layer; each layer's constants and descriptions live in its own file of `trace/`. */
export const TRACE_EVENTS: readonly TraceEventDescription[] = [
  ...ETHERNET_EVENTS,
  ...ARP_EVENTS,
  ...IP_EVENTS,
  ...IPV6_EVENTS,
  ...ND_EVENTS,
  ...ICMP_EVENTS,
  ...ICMPV6_EVENTS,
  ...UDP_EVENTS,
  ...TCP_EVENTS,
  ...TLS_EVENTS,
  ...MQTT_EVENTS,
  ...DHCP_EVENTS,
  ...DNS_EVENTS,
];
