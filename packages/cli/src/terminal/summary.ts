import { formatBytes, formatCount } from './format.ts';
import { type Column, formatTable } from './table.ts';

/** What a run tells about one host when it is over. A member that does not apply to the host is left out. */
export interface HostSummary {
  readonly name: string;
  readonly framesSent: number;
  readonly framesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** TCP segments sent again. */
  readonly retransmissions: number;
  /** Frames and packets that a layer of the host refused, all reasons together. */
  readonly dropped: number;
  /** MQTT messages, when the host speaks MQTT through the stack. */
  readonly messagesSent?: number | undefined;
  readonly messagesReceived?: number | undefined;
  readonly poolTotal: number;
  /** The fewest free packets that the pool had at any moment. */
  readonly poolLowWater: number;
  /** Packets still out when everything was closed. */
  readonly leaks: number;
}

const COLUMNS: readonly Column[] = [
  { heading: 'host' },
  { heading: 'frames out/in', align: 'right' },
  { heading: 'bytes out/in', align: 'right' },
  { heading: 'retransmitted', align: 'right' },
  { heading: 'dropped', align: 'right' },
  { heading: 'messages out/in', align: 'right' },
  { heading: 'pool low/total', align: 'right' },
  { heading: 'leaks', align: 'right' },
];

/** The table of hosts that ends `demo`, `up`, `ping`, `pub -d` and `sub -d`. */
export function formatHostSummaries(hosts: readonly HostSummary[]): string[] {
  const pair = (out: number | undefined, into: number | undefined): string =>
    out === undefined && into === undefined ? '-' : `${formatCount(out ?? 0)} / ${formatCount(into ?? 0)}`;
  return formatTable(
    COLUMNS,
    hosts.map((host) => [
      host.name,
      pair(host.framesSent, host.framesReceived),
      `${formatBytes(host.bytesSent)} / ${formatBytes(host.bytesReceived)}`,
      formatCount(host.retransmissions),
      formatCount(host.dropped),
      pair(host.messagesSent, host.messagesReceived),
      pair(host.poolLowWater, host.poolTotal),
      formatCount(host.leaks),
    ]),
  );
}
