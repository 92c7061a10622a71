/** What `nx_ip_info_get` reports, plus drops by reason. All numbers only grow. */
export class IpCounters {
  totalPacketsSent: number;
  totalBytesSent: number;
  totalPacketsReceived: number;
  totalBytesReceived: number;
  invalidPackets: number;
  receivePacketsDropped: number;
  receiveChecksumErrors: number;
  sendPacketsDropped: number;
  totalFragmentsSent: number;
  totalFragmentsReceived: number;
  /** Datagrams put together, given up because the rest did not come, and given up for want of room. */
  datagramsReassembled: number;
  reassemblyTimeouts: number;
  reassemblyEvictions: number;
  /** Datagrams cut into fragments, and not cut because the pool had too few packets. */
  datagramsFragmented: number;
  fragmentationFailures: number;
  /** Packets of others sent on. */
  packetsForwarded: number;
  /** Paths forgotten to remember others. */
  pathMtuEvictions: number;
  /** Drops of every layer of the instance, indexed by DROP_ reason. */
  readonly drops: Uint32Array;

  constructor() {
    this.totalPacketsSent = 0;
    // A double from the first store on: past 2^31 octets a field of small integers would allocate at every update.
    this.totalBytesSent = 0.5;
    this.totalBytesSent = 0;
    this.totalPacketsReceived = 0;
    this.totalBytesReceived = 0.5;
    this.totalBytesReceived = 0;
    this.invalidPackets = 0;
    this.receivePacketsDropped = 0;
    this.receiveChecksumErrors = 0;
    this.sendPacketsDropped = 0;
    this.totalFragmentsSent = 0;
    this.totalFragmentsReceived = 0;
    this.datagramsReassembled = 0;
    this.reassemblyTimeouts = 0;
    this.reassemblyEvictions = 0;
    this.datagramsFragmented = 0;
    this.fragmentationFailures = 0;
    this.packetsForwarded = 0;
    this.pathMtuEvictions = 0;
    this.drops = new Uint32Array(256);
  }
}

/** What `nx_arp_info_get` reports of the past; the numbers of entries are the cache's. */
export class ArpCounters {
  requestsSent: number;
  requestsReceived: number;
  responsesSent: number;
  responsesReceived: number;
  agedEntries: number;
  invalidMessages: number;
  /** Conflicts over our own addresses seen. */
  conflicts: number;

  constructor() {
    this.requestsSent = 0;
    this.requestsReceived = 0;
    this.responsesSent = 0;
    this.responsesReceived = 0;
    this.agedEntries = 0;
    this.invalidMessages = 0;
    this.conflicts = 0;
  }
}

/** What `nx_icmp_info_get` reports, plus errors. */
export class IcmpCounters {
  pingsSent: number;
  pingTimeouts: number;
  pingResponsesReceived: number;
  checksumErrors: number;
  unhandledMessages: number;
  /** Echo requests answered. */
  pingsAnswered: number;
  errorsSent: number;
  /** Errors not sent because of the rate limit. */
  errorsWithheld: number;
  errorsReceived: number;
  redirectsReceived: number;
  /** Errors "too big" that lowered the MTU of a path. */
  pathMtuLowered: number;
  /** Errors "too big" that were not believed. */
  pathMtuRefused: number;

  constructor() {
    this.pingsSent = 0;
    this.pingTimeouts = 0;
    this.pingResponsesReceived = 0;
    this.checksumErrors = 0;
    this.unhandledMessages = 0;
    this.pingsAnswered = 0;
    this.errorsSent = 0;
    this.errorsWithheld = 0;
    this.errorsReceived = 0;
    this.redirectsReceived = 0;
    this.pathMtuLowered = 0;
    this.pathMtuRefused = 0;
  }
}

/** What `nx_igmp_info_get` reports of the past; the number of groups is the table's. */
export class IgmpCounters {
  reportsSent: number;
  leavesSent: number;
  queriesReceived: number;
  checksumErrors: number;
  invalidMessages: number;

  constructor() {
    this.reportsSent = 0;
    this.leavesSent = 0;
    this.queriesReceived = 0;
    this.checksumErrors = 0;
    this.invalidMessages = 0;
  }
}

/** Multicast Listener Discovery. */
export class MldCounters {
  reportsSent: number;
  donesSent: number;
  queriesReceived: number;

  constructor() {
    this.reportsSent = 0;
    this.donesSent = 0;
    this.queriesReceived = 0;
  }
}

/** Reverse ARP. */
export class RarpCounters {
  requestsSent: number;
  responsesReceived: number;
  invalidMessages: number;

  constructor() {
    this.requestsSent = 0;
    this.responsesReceived = 0;
    this.invalidMessages = 0;
  }
}
