import { DROP_ARP } from './drop/arp.ts';
import { DROP_ETHERNET } from './drop/ethernet.ts';
import { DROP_FRAGMENT } from './drop/fragment.ts';
import { DROP_ICMP } from './drop/icmp.ts';
import { DROP_IPV4 } from './drop/ipv4.ts';
import { DROP_IPV6 } from './drop/ipv6.ts';
import { DROP_MQTT } from './drop/mqtt.ts';
import { DROP_MULTICAST } from './drop/multicast.ts';
import { DROP_TCP } from './drop/tcp.ts';
import { DROP_UDP } from './drop/udp.ts';
import type { DropDescription } from './drop.ts';

export * from './drop/arp.ts';
export * from './drop/ethernet.ts';
export * from './drop/fragment.ts';
export * from './drop/icmp.ts';
export * from './drop/ipv4.ts';
export * from './drop/ipv6.ts';
export * from './drop/mqtt.ts';
export * from './drop/multicast.ts';
export * from './drop/tcp.ts';
export * from './drop/udp.ts';

/** Every drop reason of every layer, by number. */
export const DROP_REASONS: readonly DropDescription[] = [
  ...DROP_ETHERNET,
  ...DROP_ARP,
  ...DROP_IPV4,
  ...DROP_ICMP,
  ...DROP_FRAGMENT,
  ...DROP_IPV6,
  ...DROP_UDP,
  ...DROP_MULTICAST,
  ...DROP_TCP,
  ...DROP_MQTT,
];
