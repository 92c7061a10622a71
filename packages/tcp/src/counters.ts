/** Counters of one TCP service (nx_tcp_info_get and more). All count up from 0. */
export class TcpCounters {
  packetsSent = 0;
  bytesSent: number;
  packetsReceived = 0;
  bytesReceived: number;
  invalidPackets = 0;
  packetsDropped = 0;
  checksumErrors = 0;
  connections = 0;
  activeConnections = 0;
  passiveConnections = 0;
  connectionsClosed = 0;
  /** Of connections that were open: how many have come to their end. */
  disconnections = 0;
  /** Connections that broke off (reset, timed out, evicted …), and SYNs for which a listen queue had no room. */
  connectionsDropped = 0;
  retransmitPackets = 0;
  retransmitTimeouts = 0;
  fastRetransmits = 0;
  /** Probes of the tail (RFC 8985 7); repairs that were needless and taken back; those of them after a timeout. */
  tailProbes = 0;
  undone = 0;
  spuriousTimeouts = 0;
  zeroWindowProbes = 0;
  keepaliveProbes = 0;
  resetsSent = 0;
  resetsReceived = 0;
  challengeAcks = 0;
  gaveUp = 0;
  /** A segment could not be made because the pool was empty; IP refused one. */
  noPacket = 0;
  sendFailures = 0;
  networkErrors = 0;
  /** Connections whose TIMED_WAIT ended early because there were too many; that were reset because nobody read them. */
  timeWaitsCut = 0;
  evicted = 0;
  /** SYNs answered with a cookie because the backlog was full; acknowledgments of good cookies and of none. */
  cookiesSent = 0;
  cookiesAccepted = 0;
  cookiesRejected = 0;
  /** Segments that came with a congestion mark; windows reduced because the peer echoed one (RFC 3168). */
  congestionExperienced = 0;
  congestionEchoes = 0;

  constructor() {
    // A double from the first store on: past 2^31 octets a field of small integers would allocate at every update.
    this.bytesSent = 0.5;
    this.bytesSent = 0;
    this.bytesReceived = 0.5;
    this.bytesReceived = 0;
  }
}
