import { DROP_REASONS, type DropReason } from '@strata/contracts';
import type { SegmentEnd } from '@strata/ethernet';
import type { MqttClient } from '@strata/mqtt';
import type { Host, Lab } from '@strata/stack';
import { formatCount } from '../terminal/format.ts';
import type { HostSummary } from '../terminal/summary.ts';
import type { SiteNames } from './names.ts';

/** Where a command works: a lab with the host that acts, on the embedded default or on a TAP device. */
export interface Site {
  readonly lab: Lab;
  /** The host that acts. */
  readonly device: Host;
  /** The device's end of its link. */
  readonly deviceEnd: SegmentEnd;
  /** The address to talk to when none is given; null when there is no such default. */
  readonly peerAddress: string | null;
  /** Host names, wherever an address is wanted. */
  readonly names: SiteNames;
  /** The hosts of an emulated network, in words; null on a real one. */
  readonly hosts: string | null;
  /** Moment 0 of the lab in microseconds since 1970. */
  readonly epoch: number;
  /** Runs `work`, and time, until it is done. */
  run<T>(work: () => Promise<T>, what: string): Promise<T>;
  /** Takes everything down and ends the capture. */
  close(): Promise<void>;
}

/** Sums a host up. Call it when everything of the host was closed: what is out then, and not waiting inside IP, leaked. */
export function summarizeHost(host: Host, end: SegmentEnd, client?: MqttClient): HostSummary {
  const { counters } = end;
  const drops = Object.values(dropsOf(host)).reduce((sum, count) => sum + count, 0);
  return {
    name: host.name,
    framesSent: counters.framesOut,
    framesReceived: counters.framesIn,
    bytesSent: counters.bytesOut,
    bytesReceived: counters.bytesIn,
    retransmissions: host.tcp.counters.retransmitPackets,
    dropped: drops,
    messagesSent: client?.counters.messagesSent,
    messagesReceived: client?.counters.messagesReceived,
    poolTotal: host.pool.total,
    poolLowWater: host.pool.minimumAvailable,
    leaks: host.pool.total - host.pool.available - host.ip.packetsWaiting,
  };
}

const DROP_NAMES = new Map<DropReason, string>(DROP_REASONS.map(([reason, name]) => [reason, name]));

/** What a host dropped, by the reason's name. */
export function dropsOf(host: Host): Record<string, number> {
  const drops: Record<string, number> = {};
  const add = (name: string, count: number): void => {
    drops[name] = (drops[name] ?? 0) + count;
  };
  for (const driver of host.drivers) {
    for (const [name, count] of Object.entries(driver.counters().drops)) {
      add(name, count);
    }
  }
  for (const [reason, count] of host.ip.counters.drops.entries()) {
    if (count > 0) {
      add(DROP_NAMES.get(reason) ?? `reason-${reason}`, count);
    }
  }
  return drops;
}

/** "dropped: ethernet-not-for-us 7 (strata explain NAME says why)"; null when the host dropped nothing. */
export function describeDrops(host: Host, title = 'dropped'): string | null {
  const drops = Object.entries(dropsOf(host)).map(([name, count]) => `${name} ${formatCount(count)}`);
  return drops.length === 0 ? null : `${title}: ${drops.join(', ')} (strata explain NAME says why)`;
}
