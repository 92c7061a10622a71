import type { IpAddress, Packet, PacketStream, Status, StreamListener, TimeService } from '@strata/contracts';
import { NX_NOT_IMPLEMENTED } from '@strata/contracts';
import { ControlBlock } from './control-block.ts';
import type { TcpProfile } from './profile.ts';
import type { TcpService } from './service.ts';

/** How to make a socket; everything has the profile's default. */
export interface TcpSocketOptions {
  /** Receive window in octets: 1..65535, or up to 2^30 where the profile scales windows. */
  readonly windowSize?: number;
  /** 1..255; 0 or absent: the IP instance's default. */
  readonly timeToLive?: number;
  readonly typeOfService?: number;
  readonly dontFragment?: boolean;
  /** Local address to use (RFC 9293 MUST-43); null: IP chooses. */
  readonly localAddress?: IpAddress | null;
  /** The socket unbinds and deletes itself when its connection is over (after TIMED_WAIT), unread data included. */
  readonly deleteWhenClosed?: boolean;
  /** Shown in audits and traces. */
  readonly name?: string;
}

/** NetX's notify callbacks of a socket. Each is called after the event, from a deferred task, and may call the socket. */
export interface TcpNotifications {
  /** Data was queued (nx_tcp_socket_receive_notify): once per in-order arrival. */
  receive: ((socket: TcpSocket) => void) | null;
  /** Room to send after a refusal (nx_tcp_socket_window_update_notify_set). */
  windowUpdate: ((socket: TcpSocket) => void) | null;
  /** The connection is open (nx_tcp_socket_establish_notify). */
  establish: ((socket: TcpSocket) => void) | null;
  /** FIN from the peer, reset, or TIMED_WAIT entered (disconnect_callback). */
  disconnect: ((socket: TcpSocket) => void) | null;
  /** The connection is over (nx_tcp_socket_disconnect_complete_notify). */
  disconnectComplete: ((socket: TcpSocket) => void) | null;
  /** nx_tcp_socket_timed_wait_callback. */
  timedWait: ((socket: TcpSocket) => void) | null;
  /** Urgent data was announced (urgent_data_callback). */
  urgent: ((socket: TcpSocket) => void) | null;
}

/** Everything about a connection as plain data, for people and plots. Sequence numbers are unsigned here. */
export interface TcpSnapshot {
  readonly state: string;
  readonly cause: string;
  readonly local: string;
  readonly remote: string;
  readonly localPort: number;
  readonly remotePort: number;
  readonly iss: number;
  readonly irs: number;
  readonly sndUna: number;
  readonly sndNxt: number;
  readonly sndWnd: number;
  readonly rcvNxt: number;
  readonly rcvWnd: number;
  readonly rcvAdv: number;
  readonly mss: number;
  readonly cwnd: number;
  readonly ssthresh: number;
  readonly flight: number;
  readonly srtt: number;
  readonly rttvar: number;
  readonly rto: number;
  readonly retries: number;
  readonly recovery: string;
  readonly duplicateAcks: number;
  readonly transmitPackets: number;
  readonly transmitBytes: number;
  readonly receivePackets: number;
  readonly receiveBytes: number;
  readonly outOfOrderPackets: number;
  readonly sndScale: number;
  readonly rcvScale: number;
  readonly retransmissions: number;
}

/** Counters of one socket (nx_tcp_socket_info_get). */
export interface TcpSocketInfo {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly retransmitPackets: number;
  readonly packetsQueued: number;
  readonly checksumErrors: number;
  readonly state: number;
  readonly transmitQueueDepth: number;
  readonly transmitWindow: number;
  readonly receiveWindow: number;
}

/**
 * One end of a TCP connection: a {@link PacketStream}, and NetX's socket with its states and statuses.
 *
 * As a stream: `connect` (or a listener) opens it, `listener` hears what happens, `send`/`receive` move packets, `shutdown`
 * ends one direction and `disconnect` both. As NetX's socket: `bind`, `connect`, `accept`, … return NetX's statuses as if
 * called with NX_NO_WAIT; waiting is the caller's business, on top of `notifications`.
 */
export class TcpSocket extends ControlBlock implements PacketStream {
  listener: StreamListener | null;
  readonly notifications: TcpNotifications;
  readonly name: string;

  constructor(service: TcpService, profile: TcpProfile, time: TimeService, options: TcpSocketOptions) {
    super(service, profile, time);
    this.listener = null;
    this.notifications = {
      receive: null,
      windowUpdate: null,
      establish: null,
      disconnect: null,
      disconnectComplete: null,
      timedWait: null,
      urgent: null,
    };
    this.name = options.name ?? '';
  }

  /** Takes a local port; 0 chooses one. NX_ALREADY_BOUND, NX_PORT_UNAVAILABLE, NX_NO_FREE_PORTS, NX_INVALID_PORT. */
  bind(_port: number): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Gives the port back. NX_NOT_BOUND; NX_NOT_CLOSED unless CLOSED or TIMED_WAIT. */
  unbind(): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Starts to connect. NX_IN_PROGRESS; NX_NOT_BOUND, NX_NOT_CLOSED, NX_IP_ADDRESS_ERROR (no route), NX_INVALID_PORT. */
  connect(_remote: IpAddress, _port: number): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Answers the SYN that the listening socket holds or will get: NX_IN_PROGRESS; NX_SUCCESS when established; NX_NOT_LISTEN_STATE. */
  accept(): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Ends a server socket's association and flushes what it holds: CLOSED and unbound. NX_NOT_LISTEN_STATE. */
  unaccept(): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** A packet with room for every header below, or null when the pool is empty. */
  allocate(): Packet | null {
    return null;
  }

  /**
   * Sends all of the packet. NX_SUCCESS: taken. NX_WINDOW_OVERFLOW or NX_TX_QUEUE_DEPTH: the packet holds what was not taken
   * and `sendable` follows. NX_NOT_BOUND, NX_NOT_CONNECTED, NX_INVALID_PACKET (empty), NX_UNDERFLOW (head-room).
   */
  send(_packet: Packet): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** As `send`, with its last octet marked urgent (RFC 6093). */
  sendUrgent(_packet: Packet): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** The next segment's data, now the caller's, or null. */
  receive(): Packet | null {
    return null;
  }

  /** Why `receive` has nothing, as NetX says it: NX_NOT_BOUND, NX_NOT_CONNECTED, NX_NO_PACKET; NX_SUCCESS when it has. */
  receiveStatus(): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Ends our direction (FIN behind everything sent) and keeps receiving. NX_NOT_CONNECTED. */
  shutdown(): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /**
   * Ends the connection: in order, or at once with a reset (NetX's NX_NO_WAIT). NX_IN_PROGRESS while an orderly end is under
   * way and after a reset; NX_SUCCESS when there was nothing to wait for; NX_NOT_CONNECTED.
   */
  disconnect(_abort: boolean): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Ends an orderly close that took too long: flushes, no segment is sent (NetX's expired wait). */
  abandon(): void {}

  /** Ends the socket's life. NX_STILL_BOUND unless CLOSED and unbound. */
  delete(): Status {
    return NX_NOT_IMPLEMENTED;
  }

  /** Forces any state to an end without a word to the peer and releases every packet; the socket is deleted. */
  destroy(): void {}

  inspect(): TcpSnapshot {
    throw new Error('not yet');
  }

  info(): TcpSocketInfo {
    throw new Error('not yet');
  }

  nextDeadline(): number {
    return this.retransmitDeadline;
  }

  onTime(_now: number): void {}

  run(): void {}
}
