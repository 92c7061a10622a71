import {
  type IpAddress,
  LINK_UNICAST,
  NX_ALREADY_BOUND,
  NX_IN_PROGRESS,
  NX_INVALID_INTERFACE,
  NX_INVALID_PACKET,
  NX_INVALID_PORT,
  NX_IP_ADDRESS_ERROR,
  NX_NO_PACKET,
  NX_NOT_BOUND,
  NX_NOT_CLOSED,
  NX_NOT_CONNECTED,
  NX_NOT_LISTEN_STATE,
  NX_OPTION_ERROR,
  NX_PORT_UNAVAILABLE,
  NX_STILL_BOUND,
  NX_SUCCESS,
  NX_UNDERFLOW,
  type Packet,
  type PacketStream,
  PROTOCOL_TCP,
  type Status,
  type StreamListener,
  type TimeService,
} from '@strata/contracts';
import { TCP_ACK, TCP_FIN } from '@strata/wire';
import { CONGESTION_CONTROLLERS } from './congestion/controllers.ts';
import { ControlBlock, ORIGIN_ACTIVE } from './control-block.ts';
import { applyFlowOptions } from './establish.ts';
import { EVENT_RECEIVABLE, EVENT_WINDOW, raise } from './events.ts';
import type { ListenQueue } from './listener.ts';
import { NOBODY, silentNotifications, type TcpNotifications, tell, tellReceivable } from './notifications.ts';
import { relievePool } from './pool-relief.ts';
import { mayHoldToSend, roomToRead } from './pool-shares.ts';
import type { TcpProfile } from './profile.ts';
import { automaticLimit, noteRead } from './receive/auto-window.ts';
import { answerSyn } from './receive/listen.ts';
import { sendAcknowledgment, sendControl, sendReset, sendSyn } from './send/control.ts';
import { MARK_RECORD } from './send/marks.ts';
import { output, queueFin } from './send/output.ts';
import { waitForPackets } from './send/policies.ts';
import { trimFront } from './send/segmentation.ts';
import type { TcpService } from './service.ts';
import { infoOf, snapshotOf, type TcpSnapshot, type TcpSocketInfo } from './snapshot.ts';
import {
  CAUSE_ABORTED,
  CAUSE_ORDERLY,
  CAUSE_UNREAD_DATA,
  TCP_CLOSE_WAIT,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_DELETED,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT_1,
  TCP_FIN_WAIT_2,
  TCP_LAST_ACK,
  TCP_LISTEN,
  TCP_SYN_RECEIVED,
  TCP_SYN_SENT,
  TCP_TIMED_WAIT,
} from './states.ts';
import { endConnection, flushReceiveQueue, resetForConnection } from './teardown.ts';
import { armFinWait2, armKeepalive, delayAcknowledgment, disarmAll, earliestDeadline } from './timers/arm.ts';
import { FixedRto } from './timers/estimators.ts';
import { runTimeouts } from './timers/timeouts.ts';
import { transition } from './transition.ts';

/** How to make a socket; everything has the profile's default. */
export interface TcpSocketOptions {
  /** Receive window in octets: 1..65535, or up to 2^30 where the profile scales windows. */
  readonly windowSize?: number;
  /** How far the window may grow by itself when the application reads fast. Default: as the profile has it without `windowSize`, not at all with it. */
  readonly windowLimit?: number;
  /** 1..255; 0 or absent: the IP instance's default. */
  readonly timeToLive?: number;
  readonly typeOfService?: number;
  readonly dontFragment?: boolean;
  /** Largest segment to announce and to send (TCP_MAXSEG); 0 or absent: what the path takes. */
  readonly mssLimit?: number;
  /** Local address to use (RFC 9293 MUST-43); null: IP chooses. */
  readonly localAddress?: IpAddress | null;
  /** The socket unbinds itself when its connection is over (after TIMED_WAIT). What it holds unread can still be read. */
  readonly deleteWhenClosed?: boolean;
  /** Shown in audits and traces. */
  readonly name?: string;
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
  /** The listen request that bound this socket to its peer, until its callback has run. */
  listenedOn: ListenQueue | null;
  /** @internal {@link NOBODY} until somebody asks for them. */
  callbacks: TcpNotifications;
  readonly name: string;

  private readonly localAddress: IpAddress | null;

  /** @internal Made by {@link TcpService.createSocket}. */
  constructor(service: TcpService, profile: TcpProfile, time: TimeService, options: TcpSocketOptions) {
    super(service, profile, time);
    const windowSize = options.windowSize ?? profile.defaultWindow;
    if (!Number.isInteger(windowSize) || windowSize < 1 || windowSize > profile.maximumWindow) {
      throw new RangeError(
        `TCP window size ${windowSize}: the ${profile.name} profile takes 1..${profile.maximumWindow}`,
      );
    }
    const timeToLive = options.timeToLive ?? 0;
    if (!Number.isInteger(timeToLive) || timeToLive < 0 || timeToLive > 255) {
      throw new RangeError(`TCP time to live ${timeToLive}: must be 0..255`);
    }
    this.listener = null;
    this.listenedOn = null;
    this.callbacks = NOBODY;
    this.name = options.name ?? '';
    this.localAddress = options.localAddress ?? null;
    this.windowSize = windowSize;
    this.windowLimit =
      options.windowLimit ?? (options.windowSize === undefined ? automaticLimit(service, windowSize) : 0);
    this.timeToLive = timeToLive;
    this.typeOfService = options.typeOfService ?? 0;
    this.dontFragment = options.dontFragment ?? profile.dontFragment;
    this.mssLimit = options.mssLimit ?? 0;
    this.deleteWhenClosed = options.deleteWhenClosed ?? false;
  }

  /** Whom to tell of what happens, as NetX has it: each is null until it is set. */
  get notifications(): TcpNotifications {
    if (this.callbacks === NOBODY) this.callbacks = silentNotifications();
    return this.callbacks;
  }

  get sendsAtOnce(): boolean {
    return this.profile.sending.atOnce;
  }

  /** Takes a local port; 0 chooses one. NX_ALREADY_BOUND, NX_PORT_UNAVAILABLE, NX_NO_FREE_PORTS, NX_INVALID_PORT. */
  bind(port: number): Status {
    if (this.bound) return NX_ALREADY_BOUND;
    if (this.state !== TCP_CLOSED) return NX_NOT_CLOSED;
    return this.service.ports.bind(this, port);
  }

  /** Gives the port back. NX_NOT_BOUND; NX_NOT_CLOSED unless CLOSED or TIMED_WAIT. */
  unbind(): Status {
    if (this.state !== TCP_CLOSED && this.state !== TCP_TIMED_WAIT) return NX_NOT_CLOSED;
    if (!this.bound) return NX_NOT_BOUND;
    if (this.state === TCP_TIMED_WAIT) endConnection(this, CAUSE_ORDERLY);
    flushReceiveQueue(this);
    this.service.forget(this);
    return NX_SUCCESS;
  }

  /**
   * Starts to connect. NX_IN_PROGRESS; NX_NOT_BOUND, NX_NOT_CLOSED, NX_INVALID_PORT, NX_IP_ADDRESS_ERROR (no route, or not a
   * host's address), NX_INVALID_INTERFACE (MTU below 48), NX_PORT_UNAVAILABLE (this very connection exists).
   */
  connect(remote: IpAddress, port: number): Status {
    if (!this.bound) return NX_NOT_BOUND;
    if (this.state !== TCP_CLOSED && this.state !== TCP_TIMED_WAIT) return NX_NOT_CLOSED;
    if (!Number.isInteger(port) || port < 1 || port > 0xffff) return NX_INVALID_PORT;
    if (isGroupAddress(remote)) return NX_IP_ADDRESS_ERROR;
    const { service } = this;
    const flow = service.network.openFlow(remote, PROTOCOL_TCP, this.localAddress);
    if (flow === null || flow.cast !== LINK_UNICAST) return NX_IP_ADDRESS_ERROR;
    if (flow.mtu < SMALLEST_MTU) return NX_INVALID_INTERFACE;
    if (this.state === TCP_TIMED_WAIT) this.leaveTimedWait();
    if (service.connections.findPair((this.localPort << 16) | port, flow.local, flow.remote) !== null) {
      return NX_PORT_UNAVAILABLE;
    }
    resetForConnection(this);
    this.wake();
    this.origin = ORIGIN_ACTIVE;
    this.restState = TCP_CLOSED;
    this.flow = flow;
    applyFlowOptions(this);
    this.remotePort = port;
    this.iss = service.isn.next(this);
    this.sndUna = this.iss;
    this.sndNxt = (this.iss + 1) | 0;
    this.writeSequence = this.sndNxt;
    service.connections.insert(this);
    transition(this, TCP_SYN_SENT);
    sendSyn(this);
    return NX_IN_PROGRESS;
  }

  /**
   * Answers the SYN that this listening socket holds, or will get. NX_IN_PROGRESS; NX_SUCCESS once established;
   * NX_NOT_LISTEN_STATE.
   */
  accept(): Status {
    if (this.state === TCP_ESTABLISHED) return NX_SUCCESS;
    if (this.state === TCP_SYN_RECEIVED) return NX_IN_PROGRESS;
    if (this.state !== TCP_LISTEN || this.acceptPending)
      return this.acceptPending ? NX_IN_PROGRESS : NX_NOT_LISTEN_STATE;
    if (this.hashed) {
      this.answerSyn();
      return NX_IN_PROGRESS;
    }
    if (this.bound) return NX_NOT_LISTEN_STATE;
    this.acceptPending = true;
    if (!this.service.isn.dependsOnFlow) this.iss = this.service.isn.next(this);
    return NX_IN_PROGRESS;
  }

  /**
   * Takes back an accept whose wait has expired: LISTEN again, still bound to the peer if its SYN had come. What the peer
   * sends meanwhile is passed over; `accept` answers its SYN once more, `unaccept` lets it go.
   */
  cancelAccept(): void {
    this.acceptPending = false;
    if (this.state !== TCP_SYN_RECEIVED) return;
    if (this.restState !== TCP_LISTEN) {
      endConnection(this, CAUSE_ABORTED);
      return;
    }
    disarmAll(this);
    this.retries = 0;
    this.synTransmissions = 0;
    this.synLost = false;
    transition(this, TCP_LISTEN);
  }

  /**
   * Ends a server socket's association and flushes what it holds: CLOSED and unbound. Allowed in LISTEN, from CLOSE_WAIT on,
   * and CLOSED while bound; NX_NOT_LISTEN_STATE otherwise.
   */
  unaccept(): Status {
    const { state } = this;
    if (state < TCP_CLOSE_WAIT && state !== TCP_LISTEN && !(state === TCP_CLOSED && this.bound)) {
      return NX_NOT_LISTEN_STATE;
    }
    this.restState = TCP_CLOSED;
    this.acceptPending = false;
    if (state === TCP_LISTEN) {
      const queue = this.service.listenQueueOf(this);
      if (queue !== null) queue.socket = null;
      transition(this, TCP_CLOSED);
    } else if (state !== TCP_CLOSED) {
      this.ended = true;
      endConnection(this, CAUSE_ABORTED);
    }
    flushReceiveQueue(this);
    this.service.forget(this);
    return NX_SUCCESS;
  }

  /**
   * A packet with room for every header below, or null when the pool is nearly empty or this connection has its share of it:
   * some packets are kept back, so that acknowledgments can still come in and go out. After null, `sendable` follows.
   */
  allocate(): Packet | null {
    const { pool, dataHeadroom } = this.service;
    let packet = mayHoldToSend(this) ? pool.allocate(dataHeadroom) : null;
    if (packet === null && relievePool(this.service, this) && mayHoldToSend(this)) packet = pool.allocate(dataHeadroom);
    if (packet === null && this.state >= TCP_ESTABLISHED) waitForPackets(this);
    return packet;
  }

  /**
   * Sends all of the packet. NX_SUCCESS: taken. NX_WINDOW_OVERFLOW or NX_TX_QUEUE_DEPTH: the packet holds what was not taken
   * and `sendable` follows. NX_NOT_BOUND, NX_NOT_CONNECTED, NX_INVALID_PACKET (empty), NX_UNDERFLOW (head-room), NX_NO_PACKET.
   */
  send(packet: Packet): Status {
    const { state } = this;
    if ((state !== TCP_ESTABLISHED && state !== TCP_CLOSE_WAIT) || this.finQueued) {
      return this.bound ? NX_NOT_CONNECTED : NX_NOT_BOUND;
    }
    if (packet.length === 0) return NX_INVALID_PACKET;
    if (packet.prepend - packet.dataStart < this.headroom) return NX_UNDERFLOW;
    return this.profile.sending.send(this, packet);
  }

  /** What was sent so far is a record: what is sent later begins a segment of its own, however small the last one is. */
  endRecord(): void {
    const { transmit } = this;
    if (transmit.hasUnsent) transmit.at((transmit.tail - 1) | 0).marks |= MARK_RECORD;
  }

  /**
   * The application waits to send `packet`, which was refused for want of window: probes of the window then carry its first
   * octet, as NetX's do while a thread is suspended in a send. Call it with null when the packet was sent or is given up;
   * in the second case the peer may have taken that octet, and the packet then holds only the rest.
   */
  waitToSend(packet: Packet | null): void {
    const waiting = this.awaited;
    this.awaited = packet;
    if (packet !== null) {
      this.staleOctet = this.profile.probeWithAwaited ? (packet.bytes[packet.prepend] as number) : -1;
      return;
    }
    this.staleOctet = -1;
    if (waiting === null || ((this.sndUna - this.writeSequence) | 0) <= 0) return;
    this.writeSequence = this.sndUna;
    if (waiting.length > 0) trimFront(waiting, 1);
  }

  /** As {@link send}, with its last octet marked urgent (RFC 6093). */
  sendUrgent(packet: Packet): Status {
    const before = this.sndUp;
    const wasUrgent = this.sndUrgent;
    this.sndUp = (this.writeSequence + packet.length) | 0;
    this.sndUrgent = true;
    const status = this.send(packet);
    if (status !== NX_SUCCESS) {
      this.sndUp = before;
      this.sndUrgent = wasUrgent;
    }
    return status;
  }

  /** The next segment's data, now the caller's, or null. */
  receive(): Packet | null {
    const packet = this.receiveHead;
    if (packet === null) return null;
    const next = packet.queueNext;
    this.receiveHead = next;
    if (next === null) this.receiveTail = null;
    packet.queueNext = null;
    packet.holder = '';
    this.receivePackets--;
    this.unreadSince = this.time.now;
    this.rcvQueued = next === null ? 0 : this.rcvQueued - packet.sequenceLength;
    if (this.windowLimit > this.windowSize) noteRead(this, packet.sequenceLength);
    if (this.rcvUrgent && this.urgentBytes === 0) this.rcvUrgent = false;
    const { acks } = this.profile;
    const growth = this.windowGrowth();
    if (growth > 0) {
      if (acks.windowGrew(this, growth)) {
        if (acks.updatesAfterRead) raise(this, EVENT_WINDOW);
        else sendAcknowledgment(this);
      } else if (acks.tellsAnyGrowth === true) delayAcknowledgment(this);
    }
    return packet;
  }

  /**
   * By how much the window has opened beyond what the peer was told. Room beyond what the field can say is no growth (RFC 7323
   * 2.3), and after the peer's FIN none matters.
   */
  private windowGrowth(): number {
    if (this.state < TCP_ESTABLISHED || this.finSeen) return 0;
    const room = Math.min(roomToRead(this), 0xffff << this.rcvScale);
    return (this.rcvNxt + room - this.rcvAdv) | 0;
  }

  /** Why `receive` has nothing, as NetX says it: NX_NOT_BOUND, NX_NOT_CONNECTED, NX_NO_PACKET; NX_SUCCESS when it has. */
  receiveStatus(): Status {
    if (this.receiveHead !== null) return NX_SUCCESS;
    if (!this.bound) return NX_NOT_BOUND;
    const { state } = this;
    const open = state === TCP_ESTABLISHED || state === TCP_FIN_WAIT_1 || state === TCP_FIN_WAIT_2;
    return open ? NX_NO_PACKET : NX_NOT_CONNECTED;
  }

  /** Octets that wait to be received. */
  get receiveBytes(): number {
    return this.rcvQueued;
  }

  /** Octets of urgent data still to be received; 0 when there are none (RFC 9293 MUST-33). */
  get urgentBytes(): number {
    if (!this.rcvUrgent) return 0;
    const left = (this.rcvUp - this.rcvNxt + this.rcvQueued) | 0;
    return Math.max(left, 0);
  }

  /** Ends our direction (FIN behind everything sent) and keeps receiving. NX_NOT_CONNECTED. */
  shutdown(): Status {
    if (this.state !== TCP_ESTABLISHED && this.state !== TCP_CLOSE_WAIT && this.state !== TCP_SYN_RECEIVED) {
      return NX_NOT_CONNECTED;
    }
    if (this.state === TCP_SYN_RECEIVED && this.server !== null) this.server.settled(this);
    transition(this, this.state === TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1);
    queueFin(this);
    return NX_SUCCESS;
  }

  /**
   * Ends the connection: in order, or at once with a reset (NetX's NX_NO_WAIT). NX_IN_PROGRESS while an orderly end is under
   * way and after a reset; NX_SUCCESS when there was nothing to wait for; NX_NOT_CONNECTED.
   */
  disconnect(abort: boolean): Status {
    const { state } = this;
    if (state === TCP_SYN_SENT) {
      endConnection(this, CAUSE_ABORTED);
      return NX_SUCCESS;
    }
    if (state === TCP_SYN_RECEIVED) {
      if (this.profile.finWhileOpening && this.server === null) sendControl(this, this.sndNxt, TCP_FIN | TCP_ACK);
      else if (abort) sendReset(this);
      else if (this.restState === TCP_CLOSED && this.server === null) {
        this.receiverGone = true;
        this.shutdown();
        return NX_IN_PROGRESS;
      }
      endConnection(this, CAUSE_ABORTED);
      return NX_SUCCESS;
    }
    if (state < TCP_ESTABLISHED || state === TCP_TIMED_WAIT) return NX_NOT_CONNECTED;
    if (abort) {
      if (state < TCP_FIN_WAIT_1 || this.profile.resetWhileClosing) {
        this.abort();
        return NX_IN_PROGRESS;
      }
      this.abandon();
      return NX_NOT_CONNECTED;
    }
    if (this.profile.resetOnUnread && this.rcvQueued > 0) {
      sendReset(this);
      endConnection(this, CAUSE_UNREAD_DATA);
      return NX_IN_PROGRESS;
    }
    this.receiverGone = true;
    if (state === TCP_ESTABLISHED || state === TCP_CLOSE_WAIT) {
      this.shutdown();
      return NX_IN_PROGRESS;
    }
    if (state === TCP_FIN_WAIT_2) armFinWait2(this);
    return NX_NOT_CONNECTED;
  }

  /** Ends an open connection, or one that is being closed, at once with a reset, whatever the profile (RFC 9293 3.10.5). */
  abort(): void {
    const { state } = this;
    if (state < TCP_ESTABLISHED || state === TCP_TIMED_WAIT) return;
    // Where both ends have said that they are done, nobody needs to be told.
    if (state !== TCP_CLOSING && state !== TCP_LAST_ACK) sendReset(this);
    endConnection(this, CAUSE_ABORTED);
  }

  /** Gives up an orderly close that took too long (NetX: the wait of the disconnect expired). Nothing is sent. */
  abandon(): void {
    if (this.state >= TCP_FIN_WAIT_1 && this.state !== TCP_TIMED_WAIT) endConnection(this, CAUSE_ABORTED);
  }

  /** Ends the socket's life. NX_STILL_BOUND unless CLOSED and unbound. */
  delete(): Status {
    if (this.state !== TCP_CLOSED || this.bound) return NX_STILL_BOUND;
    this.destroy();
    return NX_SUCCESS;
  }

  /** Forces an end from any state without a word to the peer: releases every packet, the port and the alarm. */
  destroy(): void {
    if (this.state === TCP_DELETED) return;
    this.restState = TCP_CLOSED;
    if (this.state === TCP_LISTEN) this.unaccept();
    else if (this.state !== TCP_CLOSED) {
      this.ended = true;
      endConnection(this, CAUSE_ABORTED);
    }
    flushReceiveQueue(this);
    this.transmit.clear();
    this.service.forget(this);
    this.listener = null;
    this.pending = 0;
    if (this.alarm !== null) this.alarm.cancel();
    this.alarm = null;
    this.state = TCP_DELETED;
  }

  /**
   * nx_tcp_socket_transmit_configure: how many packets may wait for acknowledgment; a timeout in microseconds that no round
   * trip changes; how often a segment goes again, a SYN too, before the connection is given up; and how many doublings of the
   * timeout each time adds. In force from the next setting of the timer on. NX_OPTION_ERROR for a queue or a timeout of none.
   */
  configureTransmit(queueMaximum: number, timeout: number, retries: number, shift: number): Status {
    if (!(queueMaximum >= 1 && timeout > 0 && retries >= 0 && shift >= 0)) return NX_OPTION_ERROR;
    this.transmitQueueMaximum = queueMaximum;
    this.maximumRetries = retries;
    this.openingRetries = retries;
    this.rto = new FixedRto(timeout, shift);
    return NX_SUCCESS;
  }

  /** Turns Nagle's algorithm off, or on again (RFC 9293 MUST-17). What it held back goes out. */
  setNoDelay(noDelay: boolean): void {
    this.noDelay = noDelay;
    if (noDelay && this.state >= TCP_ESTABLISHED) output(this);
  }

  /** Changes the type-of-service octet of what is sent from now on (RFC 9293 SHLD-21). Throws RangeError unless 0..255. */
  setTypeOfService(octet: number): void {
    if (!Number.isInteger(octet) || octet < 0 || octet > 255)
      throw new RangeError(`type of service ${octet}: must be 0..255`);
    this.typeOfService = octet;
    if (this.flow !== null) this.flow.typeOfService = octet;
  }

  /** Turns keepalive on or off (RFC 9293 MUST-24). Times in microseconds; absent ones stay. */
  setKeepalive(on: boolean, idle?: number, interval?: number, probes?: number): void {
    this.keepalive = on;
    if (idle !== undefined) this.keepaliveIdle = idle;
    if (interval !== undefined) this.keepaliveInterval = interval;
    if (probes !== undefined) this.keepaliveLimit = probes;
    this.keepaliveProbes = 0;
    this.keepaliveDeadline = Number.POSITIVE_INFINITY;
    if (on && this.state >= TCP_ESTABLISHED && this.state !== TCP_TIMED_WAIT) {
      this.lastReceivedAt = this.time.now;
      armKeepalive(this, this.time.now, this.keepaliveIdle);
    }
  }

  /**
   * Chooses congestion control by name: `cubic`, `reno`, `netx` (TCP_CONGESTION). An open connection goes on from its present
   * window. False when there is none of that name.
   */
  setCongestion(name: string): boolean {
    const make = CONGESTION_CONTROLLERS[name];
    if (make === undefined || !Object.hasOwn(CONGESTION_CONTROLLERS, name)) return false;
    const { cwnd, ssthresh } = this;
    this.congestion = make();
    if (this.state < TCP_ESTABLISHED) return true;
    this.congestion.begin(this);
    this.cwnd = cwnd;
    this.ssthresh = ssthresh;
    return true;
  }

  /** Everything about the connection as plain data. */
  snapshot(): TcpSnapshot {
    return snapshotOf(this);
  }

  /** The same as {@link snapshot}, by the name that other objects have for it. */
  inspect(): TcpSnapshot {
    return snapshotOf(this);
  }

  /** Counters of this socket (nx_tcp_socket_info_get). */
  info(): TcpSocketInfo {
    return infoOf(this);
  }

  nextDeadline(): number {
    this.armedAt = earliestDeadline(this);
    return this.armedAt;
  }

  onTime(now: number): void {
    this.service.current = null;
    runTimeouts(this, now);
  }

  /** Tells the application what has happened; see `events.ts`. Runs as a deferred task. */
  run(): void {
    this.deferredQueued = false;
    const events = this.pending;
    this.pending = 0;
    if (events & EVENT_WINDOW) {
      const growth = this.windowGrowth();
      if (growth > 0 && this.profile.acks.windowGrew(this, growth)) sendAcknowledgment(this);
    }
    if (events === EVENT_RECEIVABLE) tellReceivable(this);
    else if ((events & ~EVENT_WINDOW) !== 0) tell(this, events);
  }

  /** @internal CLOSED becomes LISTEN for a NetX listen request. */
  beginListening(): void {
    resetForConnection(this);
    this.restState = TCP_LISTEN;
    this.flow = null;
    this.remotePort = 0;
    transition(this, TCP_LISTEN);
  }

  /** @internal The SYN-ACK goes out. */
  answerSyn(): void {
    this.wake();
    answerSyn(this);
  }

  /** @internal Gives the socket an alarm, once it has something to be woken for. */
  wake(): void {
    if (this.alarm === null) this.alarm = this.time.alarm(this);
  }

  private leaveTimedWait(): void {
    this.ended = true;
    const keep = this.deleteWhenClosed;
    this.deleteWhenClosed = false;
    endConnection(this, CAUSE_ORDERLY);
    this.deleteWhenClosed = keep;
    this.pending = 0;
  }
}

/** NetX refuses to connect over an interface with a smaller MTU. */
const SMALLEST_MTU = 48;

/** Broadcast, multicast and unspecified addresses (RFC 9293 MUST-46). */
function isGroupAddress(address: IpAddress): boolean {
  if (address.family === 4) return address.w3 >>> 28 >= 14 || address.w3 === 0;
  return address.w0 >>> 24 === 0xff || (address.w0 | address.w1 | address.w2 | address.w3) === 0;
}
