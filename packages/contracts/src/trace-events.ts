import { ARP_EVENTS } from './trace/arp.ts';
import { ETHERNET_EVENTS } from './trace/ethernet.ts';
import { ICMP_EVENTS } from './trace/icmp.ts';
import { IP_EVENTS } from './trace/ip.ts';
import { MQTT_EVENTS } from './trace/mqtt.ts';
import { TCP_EVENTS } from './trace/tcp.ts';
import { TLS_EVENTS } from './trace/tls.ts';
import { UDP_EVENTS } from './trace/udp.ts';
import type { TraceEventDescription } from './trace.ts';

export * from './trace/arp.ts';
export * from './trace/ethernet.ts';
export * from './trace/icmp.ts';
export * from './trace/ip.ts';
export * from './trace/mqtt.ts';
export * from './trace/tcp.ts';
export * from './trace/tls.ts';
export * from './trace/udp.ts';

/** Every event of every layer; each layer's constants and descriptions live in its own file of `trace/`. */
export const TRACE_EVENTS: readonly TraceEventDescription[] = [
  ...ETHERNET_EVENTS,
  ...ARP_EVENTS,
  ...IP_EVENTS,
  ...ICMP_EVENTS,
  ...UDP_EVENTS,
  ...TCP_EVENTS,
  ...TLS_EVENTS,
  ...MQTT_EVENTS,
];
