import { DROP_REASONS } from '@strata/contracts';
import type { StormHost } from './storm-host.ts';

/** Reasons for which IP drops what it was to send: counted too, and none of a received frame's. */
export const OUTGOING_DROPS: ReadonlySet<string> = new Set([
  'arp-unresolved',
  'arp-queue-full',
  'arp-cache-full',
  'arp-flushed',
  'ipv4-no-route',
  'ipv4-too-big',
  'ipv4-loopback-pool',
]);

const FIRST_ETHERNET = 0x10;
const FIRST_IP = 0x30;
const FIRST_TCP = 0xc0;
const FIRST_MQTT = 0x100;

/** The target's drop counters, by the reason's name, of every layer up to TCP. */
export function countedDrops(storm: StormHost): Map<string, number> {
  const { target, link } = storm;
  const counted = new Map<string, number>();
  const driver = target.drivers[0];
  for (const [reason, name] of DROP_REASONS) {
    let count = 0;
    if (reason >= FIRST_ETHERNET && reason < FIRST_IP) {
      count += driver?.drops.of(reason) ?? 0;
      for (const end of link.counters()) count += (end.missed[name] ?? 0) + (end.lost[name] ?? 0);
    } else if (reason >= FIRST_IP && reason < FIRST_TCP) count = target.ip.dropCount(reason);
    else if (reason >= FIRST_TCP && reason < FIRST_MQTT) count = target.tcp.dropped(reason);
    if (count > 0) counted.set(name, count);
  }
  return counted;
}
