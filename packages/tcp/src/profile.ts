import type { NetworkError, Packet, Random, Status, TimeService } from '@strata/contracts';
import type { TcpHeader } from '@strata/wire';
import type { CongestionController } from './congestion/controller.ts';
import type { LossRecovery } from './congestion/recovery.ts';
import type { ControlBlock } from './control-block.ts';
import type { OptionSwitches } from './options.ts';
import type { PoolShares } from './pool-shares.ts';
import type { TcpQuirks } from './quirks.ts';
import type { LossPolicies } from './recovery/policies.ts';
import type { RtoEstimator } from './timers/rto.ts';

/**
 * A profile: every decision that TCP implementations make differently, as one record of policies given to one engine. Any
 * mix is legal; `{ ...netxTcpProfile, nagle: true }` is a profile. Times are microseconds, sizes octets.
 */
export interface TcpProfile {
  readonly name: string;

  /** Timeouts happen on a grid of this spacing that starts when the service is made; 0: exactly when due. */
  readonly fastTimer: number;
  /** The same for keepalive. */
  readonly slowTimer: number;

  readonly rto: () => RtoEstimator;
  readonly congestion: () => CongestionController;
  readonly recovery: () => LossRecovery;
  /** The parts of a recovery that uses SACK. */
  readonly lossPolicies: LossPolicies;
  /** Explicit congestion notification as in net.ipv4.tcp_ecn: 0 off, 1 asked for, 2 only when the peer asks (RFC 3168). */
  readonly ecn: number;
  /** Octets that may go out at first, and again after a pause (RFC 6928). */
  readonly initialWindow: (mss: number) => number;
  /** A pause of more than a retransmission timeout ends what the congestion window had grown to (RFC 5681 4.1). */
  readonly slowStartAfterIdle: boolean;
  readonly acks: AckPolicy;
  readonly options: OptionSet;
  readonly defence: SegmentDefence;
  /** Segments for ports that nobody has which get no reset; absent: all get one (RFC 9293 3.10.7.1). */
  readonly ignoresStrays?: (segment: TcpHeader) => boolean;
  readonly networkErrors: NetworkErrorPolicy;
  readonly sending: SendPolicy;
  readonly isn: (random: Random, time: TimeService) => IsnGenerator;
  readonly ports: (random: Random) => PortChooser;

  /** A zero-window probe comes when the transmit timer that was running would have expired, rather than from now on. */
  readonly probeOnTransmitTimer: boolean;
  /** A zero-window probe carries the next octet; otherwise none, from before the window, as Linux does. */
  readonly probeWithData: boolean;
  /** Unanswered transmissions of one segment, beyond the first, before the connection is given up (R2); and of a SYN. */
  readonly maximumRetries: number;
  /** Retransmissions of one segment after which IP and the application are told of the trouble (R1); 0: never. */
  readonly doubtAfter: number;
  readonly maximumSynRetries: number;
  /** The same of a SYN-ACK that answers a SYN; absent: as for a SYN. */
  readonly maximumSynAckRetries?: number;
  /** Packets that may wait for acknowledgment (nx_tcp_socket_transmit_configure). */
  readonly transmitQueueMaximum: number;
  /** Octets that may wait in the transmit queue where sending is buffered. */
  readonly sendBuffer: number;
  /** Window size of a socket that does not ask for one, and the largest it may ask for. */
  readonly defaultWindow: number;
  readonly maximumWindow: number;
  /** The window of a socket that did not ask for one grows up to this with what is read in a round trip; 0: never. */
  readonly automaticWindow: number;
  /** Out-of-order packets kept per connection; 0: bounded by the window only. */
  readonly maximumOutOfOrder: number;

  /** Data that comes a second time is reported to a peer that understands it (D-SACK, RFC 2883). */
  readonly reportDuplicates: boolean;

  /** Small in-order segments are put together in one packet; otherwise one receive is one segment. */
  readonly mergeReceived: boolean;

  /** RFC 9293 3.7.4; an application turns it off with `noDelay`. */
  readonly nagle: boolean;
  /** Nagle only waits for small segments that are outstanding, not for full ones (draft-minshall-nagle). */
  readonly nagleForgivesFull: boolean;
  /** PSH on every segment with data; otherwise where what was given to `send` ends, and where the queue does. */
  readonly pushAlways: boolean;
  /** FIN rides on the last data segment when that has not been sent yet. */
  readonly finOnData: boolean;
  /** The SYN-ACK of a simultaneous open is repeated by the timer; otherwise only when the peer's SYN comes again. */
  readonly timesSimultaneousOpen: boolean;
  /** A disconnect in SYN_RECEIVED sends a FIN and ends at once; otherwise as RFC 9293 3.10.4 has it. */
  readonly finWhileOpening: boolean;
  /** An abort sends RST with ACK; otherwise RST alone. */
  readonly resetWithAck: boolean;

  /** An abort resets a connection that is being closed too; otherwise that is given up without a word, as NetX gives it up. */
  readonly resetWhileClosing: boolean;
  /** A SYN or SYN-ACK whose options cannot be read is answered with a reset and ends the attempt; otherwise it is dropped. */
  readonly resetOnBadOptions: boolean;

  readonly timeWait: number;
  /** How long FIN_WAIT_2 lasts once the application has gone; NEVER: for ever. */
  readonly finWait2: number;
  /** How long data may wait for a closed window to open once the application has gone; NEVER: as long as probes are answered. */
  readonly orphanLife: number;
  /** A newer SYN, by timestamp or sequence number, may reopen a connection in TIMED_WAIT (RFC 9293 MAY-2, RFC 6191). */
  readonly reuseTimeWait: boolean;
  /** A reset ends TIMED_WAIT (what RFC 1337 warns of). */
  readonly resetEndsTimeWait: boolean;
  /** An acknowledgment without data right behind the receive window counts; RFC 9293 3.10.7.4 refuses it. */
  readonly acknowledgmentsAtEdge: boolean;
  /** Once timestamps are in force, segments without them are dropped (RFC 7323 3.2). */
  readonly requireTimestamps: boolean;
  /** Closing with unread data, or data that comes after the close, resets the connection (RFC 9293 SHLD-3). */
  readonly resetOnUnread: boolean;
  /** A connection that ends in error takes along what the application has not read yet (RFC 9293 3.10.7.4: "flushed"). */
  readonly errorsFlushUnread: boolean;

  readonly keepalive: boolean;
  readonly keepaliveIdle: number;
  readonly keepaliveInterval: number;
  readonly keepaliveProbes: number;
  /** A connection given up for want of answers to keepalive probes is reset. */
  readonly resetAfterKeepalive: boolean;
  /** Any segment of the peer's shows that it lives, its own keepalive probes too; otherwise only those inside the window. */
  readonly keepaliveByAnySegment: boolean;

  /** Challenge ACKs a service sends per second on average (RFC 5961 7); each second has its own number around it. */
  readonly challengeAcksPerSecond: number;
  /** How often stray segments without data are answered: two ends that do not agree would answer each other for ever. */
  readonly strayAnswers: StrayAnswers;

  /** A full backlog answers SYNs with cookies and keeps nothing of them; otherwise the oldest half-open connection goes. */
  readonly synCookies: boolean;
  /** IPv4 segments say "do not fragment", so that routers tell when they are too big (RFC 1191); sockets may differ. */
  readonly dontFragment: boolean;
  /** How many packets of the pool one connection may hold. */
  readonly poolShares: PoolShares;
  /** Connections of a service, and those of them in TIMED_WAIT; 0: as many as come. The oldest TIMED_WAIT makes room. */
  readonly maximumConnections: number;
  readonly maximumTimeWait: number;
  /**
   * When the pool is nearly used up, a connection whose data the application has left unread for so long is reset; when it is
   * quite used up, also one whose peer has kept its window closed for so long. NEVER: none is.
   */
  readonly unreadLife: number;
  /** Probes carry the first octet of a packet that the application waits to send, though it is in no queue (NetX). */
  readonly probeWithAwaited: boolean;
  /** Defects of the real stack, off unless asked for. */
  readonly quirks: TcpQuirks;

  /** Listen requests a service takes (NX_MAX_LISTEN_REQUESTS). */
  readonly maximumListeners: number;
}

/** A limit per connection to acknowledgments that unacceptable segments without data call for. */
export interface StrayAnswers {
  /** So many in an interval, of so many microseconds. */
  readonly most: number;
  readonly interval: number;
  /** Challenge ACKs count, too, and are held to the limit. */
  readonly challenges: boolean;
}

/** When arriving data is acknowledged. */
export interface AckPolicy {
  /** In-order data was queued; sets `ackNow` or arms the delayed-ACK deadline. `filledGap`: it was what others waited for. */
  dataArrived(tcb: ControlBlock, octets: number, filledGap: boolean): void;
  /**
   * The peer's FIN has been reached: sets `ackNow` or arms the delayed-ACK deadline. `waited`: it came before what it had to
   * wait for. Absent: it is acknowledged at once.
   */
  readonly finArrived?: (tcb: ControlBlock, waited: boolean) => void;
  /** A segment with new data has gone out, and an acknowledgment with it. Absent: the policy does not ask. */
  readonly dataSent?: (tcb: ControlBlock) => void;
  /** How long an acknowledgment may be delayed. */
  readonly delay: number;
  /** The application took data: true when the window has grown enough to tell the peer at once. */
  windowGrew(tcb: ControlBlock, growth: number): boolean;
  /** That is told once, when the application has done with reading for now; otherwise with the packet that makes it so. */
  readonly updatesAfterRead: boolean;
  /** Growth that is not worth that is told by the timer of delayed acknowledgments, however small it is (NetX). Absent: not. */
  readonly tellsAnyGrowth?: boolean;
  /** The window to advertise, in octets, given the room there is and what was promised: where silly windows are avoided (RFC 9293 3.8.6.2.2). */
  advertise(tcb: ControlBlock, room: number, promised: number): number;
}

/** The options of segments: how many octets they take and what is in them. All sizes are multiples of 4. */
export interface OptionSet {
  /** What is offered in a SYN; `tcpOptions` makes a set from such a record. */
  readonly offers: OptionSwitches;
  /** Head-room that data segments need for options beyond the plain header. */
  readonly dataHeadroom: number;
  /** Writes a SYN's or SYN-ACK's options; returns their length. `offered` is what the peer's SYN had, null for our own SYN. */
  emitSyn(tcb: ControlBlock, view: DataView, at: number, passive: boolean): number;
  /** The peer's SYN or SYN-ACK has been parsed: settles which options are in force. */
  negotiate(tcb: ControlBlock, segment: TcpHeader): void;
  /** Length of the options that every segment with data carries; the effective MSS is smaller by it. */
  dataLength(tcb: ControlBlock): number;
  /** Writes them; called only when {@link dataLength} is not 0. */
  emitData(tcb: ControlBlock, view: DataView, at: number): void;
  /** Length of the options of a segment without data and SYN now. */
  controlLength(tcb: ControlBlock): number;
  /** Writes them; called only when {@link controlLength} is not 0, at once after it. */
  emitControl(tcb: ControlBlock, view: DataView, at: number): void;
}

/** What resets, SYNs and wild acknowledgments do to a synchronized connection. */
export interface SegmentDefence {
  /** An acceptable RST: true when the connection is to be reset. */
  resetConnection(tcb: ControlBlock, segment: TcpHeader): boolean;
  /** A SYN on a synchronized connection, inside the window. */
  synOnOpenConnection(tcb: ControlBlock, segment: TcpHeader): void;
  /** A SYN outside the window: true when it has been dealt with; otherwise it is answered with an acknowledgment. */
  synOutsideWindow(tcb: ControlBlock, segment: TcpHeader): boolean;
  /** True when an acknowledgment below `sndUna` is too old to be believed. */
  acknowledgmentTooOld(tcb: ControlBlock, acknowledgment: number): boolean;
}

/** What an ICMP error does to a connection. */
export type NetworkErrorPolicy = (tcb: ControlBlock, error: NetworkError) => void;

/** How `send` takes packets from the application. */
export interface SendPolicy {
  readonly name: string;
  /** See `PacketStream.sendsAtOnce`. */
  readonly atOnce: boolean;
  /** Takes all of the packet, or answers why not; see `PacketStream.send`. State and head-room have been checked. */
  send(tcb: ControlBlock, packet: Packet): Status;
  /** True when a `send` that was refused is worth repeating. */
  hasRoom(tcb: ControlBlock): boolean;
}

/** Picks initial sequence numbers. */
export interface IsnGenerator {
  /** True when addresses and ports enter the number, so that it can only be picked once they are known. */
  readonly dependsOnFlow: boolean;
  /** For `tcb`, whose addresses and ports are set and whose `iss` is the last number of its last connection (0: none). */
  next(tcb: ControlBlock): number;
}

/** Picks ephemeral ports. */
export interface PortChooser {
  /** A free port, or 0 when there is none. */
  choose(isFree: (port: number) => boolean, remotePort: number): number;
}
