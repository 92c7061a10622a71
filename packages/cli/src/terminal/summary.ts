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

/** The table of hosts that ends `demo` and `up`: a line for each host, or a column for each where that is too wide. */
export function formatHostSummaries(hosts: readonly HostSummary[], width: number = Number.POSITIVE_INFINITY): string[] {
  const pair = (out: number | undefined, into: number | undefined): string =>
    out === undefined && into === undefined ? '-' : `${formatCount(out ?? 0)} / ${formatCount(into ?? 0)}`;
  const rows = hosts.map((host) => [
    host.name,
    pair(host.framesSent, host.framesReceived),
    `${formatBytes(host.bytesSent)} / ${formatBytes(host.bytesReceived)}`,
    formatCount(host.retransmissions),
    formatCount(host.dropped),
    pair(host.messagesSent, host.messagesReceived),
    pair(host.poolLowWater, host.poolTotal),
    formatCount(host.leaks),
  ]);
  const lines = formatTable(COLUMNS, rows);
  if (lines.every((line) => line.length <= width)) {
    return lines;
  }
  const [names, ...turned] = COLUMNS.map(({ heading }, index) => [heading, ...rows.map((row) => row[index])]);
  return formatTable(
    names.map((heading, index) => (index === 0 ? { heading } : { heading, align: 'right' })),
    turned,
  );
}
