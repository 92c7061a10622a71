/** What `nx_udp_info_get` and `nx_udp_socket_info_get` report. All numbers only grow. */
export class UdpCounters {
  packetsSent: number;
  bytesSent: number;
  packetsReceived: number;
  bytesReceived: number;
  /** Malformed headers. */
  invalidPackets: number;
  /** Datagrams to no socket, and those that found a receive queue full. */
  receivePacketsDropped: number;
  checksumErrors: number;

  constructor() {
    this.packetsSent = 0;
    // A double from the first store on: past 2^31 octets a field of small integers would allocate at every update.
    this.bytesSent = 0.5;
    this.bytesSent = 0;
    this.packetsReceived = 0;
    this.bytesReceived = 0.5;
    this.bytesReceived = 0;
    this.invalidPackets = 0;
    this.receivePacketsDropped = 0;
    this.checksumErrors = 0;
  }
}

/** What nx_udp_info_get reports, in its order. */
export interface UdpInfo {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly invalidPackets: number;
  readonly receivePacketsDropped: number;
  readonly checksumErrors: number;
}

/** What nx_udp_socket_info_get reports. */
export interface UdpSocketInfo {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly packetsQueued: number;
  readonly receivePacketsDropped: number;
  readonly checksumErrors: number;
}

/** A snapshot of counters. */
export function udpInfo(counters: UdpCounters): UdpInfo {
  return { ...counters };
}
