/** Choices of UDP. */
export interface UdpPolicy {
  /** What a new socket may do without asking: send to broadcast addresses (SO_BROADCAST). */
  readonly broadcast: boolean;
  /** The range from which port 0 is bound; the first try is random, then upward and around. */
  readonly ephemeralFirst: number;
  readonly ephemeralLast: number;
  /** Datagrams that a new socket queues at most (nx_udp_socket_create's queue_maximum). */
  readonly queueMaximum: number;
  /** What a full queue loses: its oldest datagram, as NetX does (UG 4, nx_udp_socket_create), or the one that comes. */
  readonly dropOldest: boolean;
  /** Pool packets that the queued datagrams of a socket hold at most, however large they are. */
  readonly queuePackets: number;
}

/** NetX Duo 6.4. */
export const netxUdpPolicy: UdpPolicy = {
  broadcast: true,
  ephemeralFirst: 0xc000,
  ephemeralLast: 0xffff,
  queueMaximum: 5,
  dropOldest: true,
  queuePackets: Number.POSITIVE_INFINITY,
};

/** A current Internet host (RFC 6056 3.2: the dynamic range of IANA). */
export const modernUdpPolicy: UdpPolicy = {
  broadcast: false,
  ephemeralFirst: 0xc000,
  ephemeralLast: 0xffff,
  queueMaximum: 256,
  dropOldest: false,
  queuePackets: 256,
};
