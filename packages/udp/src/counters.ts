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
    this.bytesSent = 0;
    this.packetsReceived = 0;
    this.bytesReceived = 0;
    this.invalidPackets = 0;
    this.receivePacketsDropped = 0;
    this.checksumErrors = 0;
  }
}
