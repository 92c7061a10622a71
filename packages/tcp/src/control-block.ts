import {
  type Alarm,
  type Deferred,
  type Flow,
  NEVER,
  type Packet,
  type Timed,
  type TimeService,
} from '@strata/contracts';
import type { CongestionController } from './congestion/controller.ts';
import type { LossRecovery } from './congestion/recovery.ts';
import type { TcpProfile } from './profile.ts';
import type { SackBlocks } from './receive/sack-blocks.ts';
import { RecoveryState } from './recovery/state.ts';
import { TransmitQueue } from './send/transmit-queue.ts';
import type { TcpService } from './service.ts';
import { CAUSE_NONE, TCP_CLOSED } from './states.ts';
import type { RtoEstimator } from './timers/rto.ts';

/** Which side opened the connection. SYN_RECEIVED returns to LISTEN only when it was us who listened (RFC 9293 MUST-11). */
export const ORIGIN_NONE = 0;
export const ORIGIN_ACTIVE = 1;
export const ORIGIN_PASSIVE = 2;

/** Who made a passive connection and wants to hear what becomes of it. */
export interface PassiveOwner {
  /** The handshake is complete; called from a deferred task, before `established`. */
  connected(tcb: ControlBlock): void;
  /** It left SYN_RECEIVED, whichever way. */
  settled(tcb: ControlBlock): void;
}

/**
 * The record of one connection (RFC 9293 3.3.1): every number the state machine works on, and nothing that acts. The engine
 * files under `receive/`, `send/` and `timers/` read and write it; {@link TcpSocket} adds the application's view.
 *
 * Sequence numbers are int32, windows octets, times microseconds.
 */
export abstract class ControlBlock implements Timed, Deferred {
  readonly service: TcpService;
  readonly profile: TcpProfile;
  readonly time: TimeService;

  /** One of the TCP_ states. Only `transition` writes it. */
  state: number;
  origin: number;
  /** Where the connection falls back to when it ends: CLOSED, or LISTEN for a NetX server socket. */
  restState: number;
  /** One of the CAUSE_ constants, once the connection has ended. */
  cause: number;
  /** The application has been (or is about to be) told that the connection is over. */
  ended: boolean;
  /** NetX server socket in LISTEN: accept was called before a SYN came. */
  acceptPending: boolean;
  /** Accepted by a {@link TcpServer}; null for sockets of the application. */
  server: PassiveOwner | null;

  flow: Flow | null;
  localPort: number;
  remotePort: number;
  bound: boolean;
  /** Local port << 16 | remote port, and the last word of the remote address: the demultiplexer's key. */
  ports: number;
  remote3: number;
  /** Intrusive chain of the demultiplexer. */
  hashNext: ControlBlock | null;
  hashed: boolean;

  /** Send sequence space. */
  iss: number;
  sndUna: number;
  sndNxt: number;
  /** Sequence number that the next octet from the application gets. */
  writeSequence: number;
  /** The peer's window in octets (already scaled), and the largest it ever was. */
  sndWnd: number;
  sndMaxWnd: number;
  sndWl1: number;
  sndWl2: number;
  /** One past the last urgent octet sent; meaningful while `sndUrgent`. */
  sndUp: number;
  sndUrgent: boolean;
  /** One past the last segment sent that was not full. */
  sndSmall: number;
  /** Largest payload of one segment, data options already taken off. */
  mss: number;
  /** MTU of the path that {@link mss} was settled for. */
  pathMtu: number;
  /** Octets that a data segment's headers need in front of the payload. */
  headroom: number;
  /** What the peer's MSS option said, or its default. */
  peerMss: number;
  /** Shift for the windows that the peer advertises, and for those that we do. */
  sndScale: number;
  rcvScale: number;

  /** Receive sequence space. */
  irs: number;
  rcvNxt: number;
  /** Right edge that the peer has been told. */
  rcvAdv: number;
  /** Size of the receive window, in octets. */
  windowSize: number;
  /** How far it may grow by itself (0: the application chose it); octets read in the present round trip, and since when that lasts. */
  windowLimit: number;
  readInRound: number;
  roundSince: number;
  /** Octets that the application has not taken yet. */
  rcvQueued: number;
  rcvUp: number;
  rcvUrgent: boolean;

  /** Options in force. */
  scaling: boolean;
  timestamps: boolean;
  sackPermitted: boolean;
  tsRecent: number;
  tsRecentAt: number;
  tsOffset: number;
  lastAckSent: number;

  /** ECN (RFC 3168): agreed; our acknowledgments echo a mark; the window was reduced and the peer is to hear of it. */
  ecn: boolean;
  ecnEcho: boolean;
  reductionToTell: boolean;
  /** What had been sent when the window was last reduced, and whether that was for a mark and is still going on. */
  reductionEnd: number;
  reducing: boolean;

  /** Congestion and recovery. */
  cwnd: number;
  ssthresh: number;
  duplicateAcks: number;
  /** Octets that the newest acknowledgment was beyond the one before it; kept by NetX's recovery. */
  lastAdvance: number;
  inRecovery: boolean;
  /** Where the present (or last) recovery ends. */
  recover: number;
  /** Octets marked lost and not sent again; octets the peer holds out of order. */
  lostOut: number;
  sackedOut: number;
  /** Octets acknowledged in congestion avoidance that have not yet grown the window. */
  ackedInAvoidance: number;
  /** Whether `cwnd` was what held the sender back, and the most octets in flight, in the round trip up to `usageEnd`. */
  cwndLimited: boolean;
  mostInFlight: number;
  usageEnd: number;
  /** When data was last sent. */
  lastSentAt: number;
  congestion: CongestionController;
  readonly recovery: LossRecovery;
  readonly loss: RecoveryState;
  rto: RtoEstimator;

  /** Data from the application: sent and unacknowledged packets first, then those not sent yet. */
  readonly transmit: TransmitQueue;
  /** The application has ended its direction; FIN follows all data. */
  finQueued: boolean;
  finSent: boolean;
  finLost: boolean;
  /** Sequence number of our FIN. */
  finSequence: number;
  /** A `send` was refused: tell when there is room. */
  sendRefused: boolean;

  /** In-order packets for the application, and those that wait behind a gap; chains through `queueNext`. */
  receiveHead: Packet | null;
  receiveTail: Packet | null;
  receivePackets: number;
  /** Since when what is there has not been read. */
  unreadSince: number;
  reassemblyHead: Packet | null;
  reassemblyTail: Packet | null;
  reassemblyPackets: number;
  reassemblyBytes: number;
  /** What acknowledgments report of it (RFC 2018); null until there was anything to report. */
  sackBlocks: SackBlocks | null;
  /** The peer's FIN has been seen at this sequence number, perhaps before the data in front of it. */
  finSeen: boolean;
  peerFinSequence: number;

  /** Acknowledgment policy. */
  ackNow: boolean;
  unackedSegments: number;
  unackedBytes: number;
  quickAcks: number;
  /** Largest payload seen from the peer: what "a full segment" means to the acknowledgment policy. */
  rcvMss: number;

  /** Deadlines; NEVER when off. */
  retransmitDeadline: number;
  persistDeadline: number;
  delayedAckDeadline: number;
  keepaliveDeadline: number;
  timeWaitDeadline: number;
  /** What the alarm was last told. */
  armedAt: number;
  alarm: Alarm | null;
  /** Consecutive expiries of the retransmission timer, of window probes, of keepalive probes. */
  retries: number;
  probes: number;
  /** First octet of a packet that was refused and waits, which probes carry; or -1. After a refusal alone by a quirk only. */
  staleOctet: number;
  /** The packet that the application waits to send, or null. */
  awaited: Packet | null;
  keepaliveProbes: number;
  /** When the present run of window probes began. */
  probingSince: number;
  /** A window probe carried the octet before this sequence number. */
  probeEnd: number;
  /** Position in the transmit queue before which no packet is marked lost. */
  retransmitCursor: number;
  lastReceivedAt: number;
  /** Unacceptable acknowledgments answered since that moment. */
  strayAnswers: number;
  strayAnswersSince: number;
  synSentAt: number;
  synTransmissions: number;
  /** The SYN or SYN-ACK had to go again: the path may be congested (RFC 5681 3.1, RFC 6298 5.7). */
  synLost: boolean;
  /** Start of the present run of retransmissions, for the user timeout; NEVER when there is none. */
  troubleSince: number;

  /** The socket unbinds itself when its connection is over. */
  deleteWhenClosed: boolean;
  /** Options of the application. */
  noDelay: boolean;
  keepalive: boolean;
  keepaliveIdle: number;
  keepaliveInterval: number;
  keepaliveLimit: number;
  userTimeout: number;
  maximumRetries: number;
  /** The same of a SYN or SYN-ACK; -1: as the profile has it. */
  openingRetries: number;
  /** How long FIN_WAIT_2 lasts once the application has gone, in microseconds. */
  finWait2: number;
  transmitQueueMaximum: number;
  timeToLive: number;
  typeOfService: number;
  dontFragment: boolean;
  mssLimit: number;
  /** The application wants no more data: what arrives is refused (RFC 9293 3.6.1). */
  receiverGone: boolean;

  /** Kind of the last soft network error (an ERROR_ constant); 0: none (RFC 9293 3.9.1.8). */
  softError: number;

  /** Events that the application has not been told of; see `events.ts`. */
  pending: number;
  deferredQueued: boolean;
  receiveArrivals: number;

  /** Counters (nx_tcp_socket_info_get). */
  packetsSent: number;
  bytesSent: number;
  packetsReceived: number;
  bytesReceived: number;
  retransmitPackets: number;
  checksumErrors: number;
  fastRetransmits: number;
  duplicateAcksReceived: number;
  zeroWindowProbes: number;
  challengeAcks: number;
  /** Segments dropped for an old timestamp (RFC 7323 5). */
  pawsRejected: number;

  constructor(service: TcpService, profile: TcpProfile, time: TimeService) {
    this.service = service;
    this.profile = profile;
    this.time = time;
    this.state = TCP_CLOSED;
    this.origin = ORIGIN_NONE;
    this.restState = TCP_CLOSED;
    this.cause = CAUSE_NONE;
    this.ended = false;
    this.acceptPending = false;
    this.server = null;
    this.flow = null;
    this.localPort = 0;
    this.remotePort = 0;
    this.bound = false;
    this.ports = 0;
    this.remote3 = 0;
    this.hashNext = null;
    this.hashed = false;
    this.iss = 0;
    this.sndUna = 0;
    this.sndNxt = 0;
    this.writeSequence = 0;
    this.sndWnd = 0;
    this.sndMaxWnd = 0;
    this.sndWl1 = 0;
    this.sndWl2 = 0;
    this.sndUp = 0;
    this.sndUrgent = false;
    this.sndSmall = 0;
    this.mss = 0;
    this.pathMtu = 0;
    this.headroom = 0;
    this.peerMss = 0;
    this.sndScale = 0;
    this.rcvScale = 0;
    this.irs = 0;
    this.rcvNxt = 0;
    this.rcvAdv = 0;
    this.windowSize = 0;
    this.windowLimit = 0;
    this.readInRound = 0;
    // A double from the first store on, so that storing one never allocates.
    this.roundSince = 0.5;
    this.roundSince = 0;
    this.rcvQueued = 0;
    this.rcvUp = 0;
    this.rcvUrgent = false;
    this.scaling = false;
    this.timestamps = false;
    this.sackPermitted = false;
    this.tsRecent = 0;
    this.tsRecentAt = NEVER;
    this.tsOffset = 0;
    this.lastAckSent = 0;
    this.ecn = false;
    this.ecnEcho = false;
    this.reductionToTell = false;
    this.reductionEnd = 0;
    this.reducing = false;
    this.cwnd = 0;
    this.ssthresh = 0;
    this.duplicateAcks = 0;
    this.lastAdvance = 0;
    this.inRecovery = false;
    this.recover = 0;
    this.lostOut = 0;
    this.sackedOut = 0;
    this.ackedInAvoidance = 0;
    this.cwndLimited = false;
    this.mostInFlight = 0;
    this.usageEnd = 0;
    this.lastSentAt = NEVER;
    this.congestion = profile.congestion();
    this.recovery = profile.recovery();
    this.loss = new RecoveryState(profile.lossPolicies.duplicateThreshold);
    this.rto = profile.rto();
    this.transmit = new TransmitQueue();
    this.finQueued = false;
    this.finSent = false;
    this.finLost = false;
    this.finSequence = 0;
    this.sendRefused = false;
    this.receiveHead = null;
    this.receiveTail = null;
    this.receivePackets = 0;
    this.unreadSince = NEVER;
    this.reassemblyHead = null;
    this.reassemblyTail = null;
    this.reassemblyPackets = 0;
    this.reassemblyBytes = 0;
    this.sackBlocks = null;
    this.finSeen = false;
    this.peerFinSequence = 0;
    this.ackNow = false;
    this.unackedSegments = 0;
    this.unackedBytes = 0;
    this.quickAcks = 0;
    this.rcvMss = 0;
    this.retransmitDeadline = NEVER;
    this.persistDeadline = NEVER;
    this.delayedAckDeadline = NEVER;
    this.keepaliveDeadline = NEVER;
    this.timeWaitDeadline = NEVER;
    this.armedAt = NEVER;
    this.alarm = null;
    this.retries = 0;
    this.probes = 0;
    this.staleOctet = -1;
    this.awaited = null;
    this.keepaliveProbes = 0;
    this.probingSince = NEVER;
    this.probeEnd = 0;
    this.retransmitCursor = 0;
    this.lastReceivedAt = NEVER;
    this.strayAnswers = 0;
    this.strayAnswersSince = Number.NEGATIVE_INFINITY;
    this.synSentAt = NEVER;
    this.synTransmissions = 0;
    this.synLost = false;
    this.troubleSince = NEVER;
    this.deleteWhenClosed = false;
    this.noDelay = !profile.nagle;
    this.keepalive = profile.keepalive;
    this.keepaliveIdle = profile.keepaliveIdle;
    this.keepaliveInterval = profile.keepaliveInterval;
    this.keepaliveLimit = profile.keepaliveProbes;
    this.userTimeout = NEVER;
    this.maximumRetries = profile.maximumRetries;
    this.openingRetries = -1;
    this.finWait2 = profile.finWait2;
    this.transmitQueueMaximum = profile.transmitQueueMaximum;
    this.timeToLive = 0;
    this.typeOfService = 0;
    this.dontFragment = profile.dontFragment;
    this.mssLimit = 0;
    this.receiverGone = false;
    this.softError = 0;
    this.pending = 0;
    this.deferredQueued = false;
    this.receiveArrivals = 0;
    this.packetsSent = 0;
    // A double from the first store on: past 2^31 octets a field of small integers would allocate at every update.
    this.bytesSent = 0.5;
    this.bytesSent = 0;
    this.packetsReceived = 0;
    this.bytesReceived = 0.5;
    this.bytesReceived = 0;
    this.retransmitPackets = 0;
    this.checksumErrors = 0;
    this.fastRetransmits = 0;
    this.duplicateAcksReceived = 0;
    this.zeroWindowProbes = 0;
    this.challengeAcks = 0;
    this.pawsRejected = 0;
  }

  abstract nextDeadline(): number;
  abstract onTime(now: number): void;
  abstract run(): void;
}
